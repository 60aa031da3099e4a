// Reads the OpenAPI document that this deployment serves and lays it out to be read.

/** An element with text or children; never markup, so nothing in the contract can become code. */
function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** Text in which the contract marks code by backticks. */
const prose = (text) => text.split("`").map((part, n) => (n % 2 ? element("code", {}, part) : part));

const nameOf = (schema) => schema?.$ref?.split("/").pop();

/** The schema with its references one level deep spelled out, as indented JSON. */
function spell(schema, schemas) {
  const name = nameOf(schema);
  const body = name ? schemas[name] : schema;
  return element("pre", {}, (name ? `${name} ` : "") + JSON.stringify(body, null, 1).replaceAll("#/components/schemas/", ""));
}

function operation(method, path, spec, schemas) {
  const who = spec.security ? "session" : "anyone";
  const rows = Object.entries(spec.responses).map(([status, answer]) => {
    const content = Object.entries(answer.content ?? {})[0];
    const what = content ? nameOf(content[1].schema) ?? content[0] : "";
    return element("tr", {}, element("td", {}, status), element("td", {}, ...prose(answer.description)), element("td", {}, what));
  });
  const parts = [
    element("summary", {}, element("code", { class: "method" }, method.toUpperCase()), element("code", {}, path),
      element("span", { class: "who" }, ...prose(`${spec.summary} · ${who}`))),
  ];
  if (spec.description) parts.push(element("p", {}, ...prose(spec.description)));
  const body = spec.requestBody?.content["application/json"]?.schema;
  if (body) parts.push(element("p", {}, "Body"), spell(body, schemas));
  parts.push(element("table", {}, element("tbody", {}, ...rows)));
  const [status, answer] = Object.entries(spec.responses)[0];
  const schema = answer.content?.["application/json"]?.schema;
  if (schema) parts.push(element("p", {}, `Answer ${status}`), spell(schema, schemas));
  return element("details", {}, ...parts);
}

async function show() {
  const main = document.getElementById("contract");
  try {
    const answer = await fetch(new URL("openapi.json", document.baseURI), { signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(String(answer.status));
    const contract = await answer.json();
    const tags = new Map();
    for (const [path, methods] of Object.entries(contract.paths))
      for (const [method, spec] of Object.entries(methods)) {
        const tag = spec.tags[0];
        if (!tags.has(tag)) tags.set(tag, []);
        tags.get(tag).push(operation(method, path, spec, contract.components.schemas));
      }
    main.replaceChildren(
      element("h1", {}, `${contract.info.title} · API`),
      element("p", {}, ...prose(contract.info.description)),
      element("p", {}, element("a", { href: "openapi.json" }, "openapi.json")),
      ...[...tags].flatMap(([tag, operations]) => [element("h2", {}, tag), ...operations]),
    );
  } catch {
    main.replaceChildren(element("p", {}, "The contract could not be read. Reload to try again."));
  }
  main.setAttribute("aria-busy", "false");
}

show();
