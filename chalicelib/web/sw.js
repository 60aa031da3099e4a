// The app's shell offline: network first, the last good copy when there is none. Answers of the API,
// sign-in and every other address are never touched, so nothing personal ever rests here.

const CACHE = "oo-shell";
const SHELL = [
  "./",
  "manifest.webmanifest",
  "assets/tokens.css",
  "assets/tip.css",
  "assets/tip.js",
  "assets/api.js",
  "assets/face.js",
  "assets/outbox.js",
  "assets/gate.js",
  "assets/capture.js",
  "assets/settings.js",
  "assets/frame.js",
  "assets/screens.css",
  "assets/words-screens.js",
  "assets/consents.js",
  "assets/knows.js",
  "assets/leaving.js",
  "assets/access.js",
  "assets/opening.js",
  "assets/timers.js",
  "assets/words.js",
  "assets/icon.svg",
];
const PATIENCE = 4000;
const scope = new URL("./", location.href).href;
const paths = new Set(SHELL.map((name) => new URL(name, scope).pathname));

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil(tidy().then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || !paths.has(url.pathname)) return;
  event.respondWith(fresh(request, url));
});

async function fresh(request, url) {
  // A person who was erased had everything removed: a worker that lives on until the tab goes keeps nothing.
  const cache = (await caches.has(CACHE)) && (await caches.open(CACHE));
  // One copy per file: the page's query (a shortcut, something shared) is not kept.
  const key = request.mode === "navigate" ? scope : url.href;
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status < 500) {
      if (answer.ok && cache) await cache.put(key, answer.clone());
      return answer;
    }
  } catch { /* no network, or too slow */ }
  if (!cache) return Response.error();
  return (await cache.match(key)) ?? (await cache.match(key, { ignoreSearch: true })) ?? Response.error();
}

/** Drop copies of earlier versions (their addresses carry another hash). */
async function tidy() {
  const wanted = new Set(SHELL.map((name) => new URL(name, scope).href));
  for (const name of await caches.keys()) if (name.startsWith("oo-") && name !== CACHE) await caches.delete(name);
  const cache = await caches.open(CACHE);
  for (const request of await cache.keys()) if (!wanted.has(request.url)) await cache.delete(request);
}
