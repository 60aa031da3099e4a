// Where a person is signed in, by which ways, and what is connected.

import { ask, call } from "./api.js";
import { wordsOf } from "./consents.js";
import { askBack, attempt, draw, go, leave, make, note } from "./frame.js";
import { consents } from "./gate.js";
import { ACCESS, CONNECTIONS, KNOWS, date, day } from "./words-screens.js";

/** The screen of sessions and ways to sign in; `failed`: why adding one did not work. */
export async function access({ hooks }, { failed } = {}) {
  const [{ sessions }, { identities }, { providers }] = await Promise.all([
    ask("GET", "api/auth/sessions"),
    ask("GET", "api/auth/identities"),
    ask("GET", "api/auth/providers"),
  ]);
  const title = (name) => providers.find((one) => one.name === name)?.title ?? name;
  const here = sessions.filter((one) => one.current);
  const others = sessions.filter((one) => !one.current);
  const everywhere = make("button", { className: "plain" }, ACCESS.everywhere);
  everywhere.onclick = () => attempt(everywhere, () => signOutEverywhere(others, hooks));
  const missing = providers.filter(({ name }) => !identities.some(({ provider }) => provider === name));
  return [
    ...(failed ? [make("p", { role: "alert" }, ACCESS.failed(failed))] : []),
    make("h3", {}, ACCESS.sessions),
    make("ul", { className: "lines" }, ...[...here, ...others].map((one) => session(one, title))),
    everywhere,
    make("h3", {}, ACCESS.ways),
    make("ul", { className: "lines" }, ...identities.map((one) => identity(one, title, identities.length > 1))),
    ...missing.map(({ name, title: called }) => {
      const add = make("button", { className: "plain" }, ACCESS.add(called));
      add.onclick = () =>
        attempt(add, async () => {
          const path = `api/auth/link/${encodeURIComponent(name)}`;
          send((await call("POST", path, { return_to: "/?screen=access" })).url);
        });
      return add;
    }),
  ];
}

function session({ id, current, client, provider, last_seen_at: seen }, title) {
  const said = make("p", { id: `session-${id}` }, current ? ACCESS.here : ACCESS.client[client]);
  const small = make("small", {}, ACCESS.seen(title(provider), day(seen)));
  if (current) return make("li", {}, said, small);
  const end = make("button", { className: "plain", describedBy: said.id }, ACCESS.end);
  end.onclick = () => attempt(end, () => over(id)).then((done) => done && redraw(ACCESS.ended));
  return make("li", {}, said, small, end);
}

function identity({ id, provider, created_at: since }, title, removable) {
  const said = make("p", { id: `way-${id}` }, title(provider));
  const small = make("small", {}, ACCESS.since(date(since)));
  if (!removable) return make("li", {}, said, small);
  const remove = make("button", { className: "plain", describedBy: said.id }, ACCESS.remove);
  const act = (button) =>
    attempt(button, () => call("DELETE", `api/auth/identities/${encodeURIComponent(id)}`)).then((done) => done && redraw());
  remove.onclick = () => askBack(remove, { what: ACCESS.removes, no: KNOWS.keep, yes: ACCESS.remove, act });
  return make("li", {}, said, small, remove);
}

/** One that is over already is as good. */
async function over(id) {
  try {
    await call("DELETE", `api/auth/sessions/${encodeURIComponent(id)}`);
  } catch (problem) {
    if (problem.status !== 404) throw problem;
  }
}

async function signOutEverywhere(others, hooks) {
  const ended = await Promise.allSettled(others.map(({ id }) => over(id)));
  if (ended.some(({ reason }) => reason?.status === 401)) return leave();
  if (ended.some(({ status }) => status === "rejected")) return redraw(ACCESS.left);
  await hooks.leaving();
  await call("POST", "api/auth/logout");
  leave();
}

async function redraw(words = "") {
  await draw();
  if (words) note(words);
}

// --- connections ------------------------------------------------------------------------------

/** The screen of connections; `came`: {connected: source} or {source, reason}, from a way back. */
export async function connections({ hooks }, came = {}) {
  const { integrations } = await ask("GET", "api/integrations").catch((problem) => {
    if (problem.status === 404) return { integrations: [] };
    throw problem;
  });
  const { answer } = await consents();
  const words = await wordsOf(answer.text_version);
  const lacks = ({ consent }) => (answer.consents[consent]?.granted ? "" : (words[consent]?.title ?? consent));
  if (!integrations.length) return [make("p", {}, CONNECTIONS.none)];
  const named = (source) => integrations.find((one) => one.source === source)?.title ?? source;
  const said = came.connected ? CONNECTIONS.connected(named(came.connected)) : came.reason && CONNECTIONS.failed(named(came.source), came.reason);
  return [
    ...(said ? [make("p", { role: "alert" }, said)] : []),
    make("ul", { className: "lines" }, ...integrations.map((one) => integration(one, lacks(one), hooks))),
  ];
}

function integration({ source, title, status, connected_at: since }, lacking, hooks) {
  const path = `api/integrations/${encodeURIComponent(source)}`;
  const said = make("p", { id: `source-${source}` }, title);
  const stands = {
    available: lacking ? CONNECTIONS.needs(lacking) : CONNECTIONS.available,
    needs_reconnect: CONNECTIONS.again,
    connected: CONNECTIONS.since(since ? date(since) : ""),
  };
  const item = make("li", {}, said, make("small", {}, stands[status]));
  const button = (words, onclick) => make("button", { className: "plain", describedBy: said.id, onclick }, words);
  const acts = [];
  if (status === "available" && lacking) acts.push(button(CONNECTIONS.consent, () => go("consents")));
  else if (status !== "connected") {
    const connect = button(status === "available" ? CONNECTIONS.connect : CONNECTIONS.reconnect, () =>
      attempt(connect, async () => send((await call("POST", `${path}/connect`)).location)),
    );
    acts.push(connect);
  }
  if (status !== "available") {
    const end = button(CONNECTIONS.disconnect);
    const act = async (button) => {
      if (!(await attempt(button, () => call("DELETE", path)))) return;
      hooks.changed();
      redraw(CONNECTIONS.ended);
    };
    end.onclick = () => askBack(end, { what: CONNECTIONS.ends, no: KNOWS.keep, yes: CONNECTIONS.disconnect, act });
    acts.push(end);
  }
  item.append(...(acts.length > 1 ? [make("div", {}, ...acts)] : acts));
  return item;
}

/** Send the browser to another site, if that is what the address is. */
function send(url) {
  if (!/^https?:/i.test(url)) throw new TypeError("not an address of a site");
  location.assign(url);
}
