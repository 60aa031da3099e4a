// panva's certified OpenID provider with one client, for `make test-oidc`.
//
//     node provider.mjs MODULES PORT CLIENT_ID CLIENT_SECRET REDIRECT_URI
//
// MODULES is the folder that `npm ci` filled. Codes and sessions are in its memory. `POST /rotate` on the port puts
// a new signing key in the place of the old one, as a provider does on its own; it stands for nothing else.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { generateKeyPairSync } from "node:crypto";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [modules, port, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const found = createRequire(join(modules, "package.json")).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(found));
const issuer = `http://127.0.0.1:${port}`;

let serial = 0;
function signingKey() {
  serial += 1;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: `key-${serial}`, alg: "RS256", use: "sig" };
}

function makeProvider() {
  return new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code"],
        response_types: ["code"],
        token_endpoint_auth_method: "client_secret_basic",
      },
    ],
    cookies: { keys: ["only for tests"] },
    jwks: { keys: [signingKey()] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: false } },
  }).callback();
}

let answer = makeProvider();
createServer((request, response) => {
  if (request.method === "POST" && request.url === "/rotate") {
    answer = makeProvider();
    response.writeHead(204).end();
    return;
  }
  answer(request, response);
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
