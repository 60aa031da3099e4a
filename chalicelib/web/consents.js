// What a person agrees to: asked over the face at the first visit and when the words have changed, changed in
// the settings, and read again later. The words come from the API, by version; that version is sent back.

import { Problem, ask, call } from "./api.js";
import { cover, el } from "./face.js";
import { attempt, draw, go, make, note, sentence } from "./frame.js";
import { ASKED, consents as standing, skipped } from "./gate.js";
import { CONSENT, TITLES, day } from "./words-screens.js";

const USES = ["learning", "notifications", "research"]; // what may be looked at, for what; the others are sources

const known = new Map(); // version -> words

/** The words of a version: {tasks: {title, what}, ...}. A version never changes. */
export async function wordsOf(version) {
  if (!known.has(version)) {
    const { texts } = await ask("GET", `api/profile/consents/texts/${encodeURIComponent(version)}`);
    known.set(version, texts);
  }
  return known.get(version);
}

/**
 * Ask over the face. Nothing is ticked that was not granted before by the same words.
 * Resolves with `saved`, `skipped`, or `out` when nobody is signed in any more.
 */
export async function askConsents({ answer, due, first }) {
  const { consents: states, text_version: version } = answer;
  // What was decided by older words is asked again, whatever it is.
  const names = [...ASKED, ...USES.filter((name) => !ASKED.includes(name) && older(states[name], version))];
  const rows = await rowsOf(names, answer);
  const [title, intro] = CONSENT[first ? "first" : due ? "again" : "change"];
  const form = el("consent");
  el("consent-title").textContent = title;
  el("consent-intro").textContent = intro;
  el("consent-save").textContent = first ? CONSENT.begin : CONSENT.save;
  el("consent-skip").textContent = due ? CONSENT.skip : CONSENT.close;
  el("consent-note").textContent = "";
  el("asks").replaceChildren(...rows);
  cover("consent");
  el("consent-title").focus();
  return new Promise((resolve) => {
    const done = (how) => {
      cover(null);
      el("face").focus();
      resolve(how);
    };
    const save = saving(form, el("consent-save"), names, answer);
    form.onsubmit = async (event) => {
      event.preventDefault();
      if (el("consent-save").disabled) return;
      el("consent-save").disabled = true;
      try {
        const question = await save();
        if (question) el("consent-note").textContent = question;
        else done("saved");
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        if (problem.status === 401) done("out");
        else el("consent-note").textContent = sentence(problem);
      } finally {
        el("consent-save").disabled = false;
      }
    };
    el("consent-skip").onclick = () => {
      skipped(version);
      done("skipped");
    };
  });
}

const older = (state, version) => Boolean(state) && state.text_version !== version;

async function rowsOf(names, { consents: states, text_version: version }) {
  const words = await wordsOf(version);
  return Promise.all(
    names.filter((name) => words[name]).map(async (name) => {
      const { title, what } = words[name];
      const state = states[name];
      const reworded = older(state, version) && !(await sameWords(state.text_version, name, words[name]));
      const checked = state?.granted === true && !reworded;
      const small = make("small", {}, what, reworded ? ` (${CONSENT.reworded})` : "");
      const box = make("input", { type: "checkbox", name, checked });
      return make("label", { className: "ask" }, box, make("span", {}, title, small));
    }),
  );
}

async function sameWords(version, name, { title, what }) {
  try {
    const before = (await wordsOf(version))[name];
    return before?.title === title && before?.what === what;
  } catch (problem) {
    if (problem.status === 404) return false;
    throw problem;
  }
}

/**
 * Saves what is ticked. Resolves with a question instead when something that was granted would be withdrawn:
 * what rests on it is removed, so it is pressed twice.
 */
function saving(form, button, names, { consents: states, text_version: version }) {
  let warned = "";
  return async () => {
    const boxes = names.map((name) => form.elements[name]).filter(Boolean);
    const lost = boxes.filter((box) => states[box.name]?.granted && !box.checked);
    const titles = lost.map((box) => box.parentElement.querySelector("span").firstChild.data);
    if (String(titles) !== warned) {
      warned = String(titles);
      if (titles.length) return CONSENT.withdrawing(titles, button.textContent);
    }
    const chosen = Object.fromEntries(boxes.map((box) => [box.name, box.checked]));
    await call("PUT", "api/profile/consents", { consents: chosen, text_version: version });
    return "";
  };
}

// --- in the settings --------------------------------------------------------------------------

/** Every consent, to change. */
export async function consents({ hooks }) {
  const { answer } = await standing();
  const names = Object.keys(await wordsOf(answer.text_version));
  const sources = names.filter((name) => !USES.includes(name));
  const uses = USES.filter((name) => names.includes(name));
  const group = async (title, some) =>
    make("fieldset", {}, make("legend", {}, title), ...(await rowsOf(some, answer)));
  const button = make("button", { type: "submit", className: "plain" }, CONSENT.save);
  const form = make("form", { autocomplete: "off" }, await group(CONSENT.sources, sources), await group(CONSENT.uses, uses), button);
  const save = saving(form, button, names, answer);
  form.onsubmit = async (event) => {
    event.preventDefault();
    let question = "";
    if (!(await attempt(button, async () => (question = await save())))) return;
    if (question) return note(question);
    hooks.changed();
    await draw();
    note(CONSENT.saved);
  };
  return [form, make("button", { onclick: () => go("history") }, TITLES.history)];
}

/** What was agreed to and withdrawn, when, and by which words; newest first, page by page. */
export async function history() {
  const list = make("ul", { className: "lines" });
  const more = make("button", { className: "plain", onclick: () => attempt(more, next) }, CONSENT.older);
  let cursor = "";
  const next = async () => {
    const page = await ask("GET", `api/profile/consents/history?limit=20${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    for (const decision of page.decisions) list.append(await decided(decision));
    cursor = page.next ?? "";
    more.hidden = !cursor;
  };
  await next();
  return list.childElementCount ? [list, more] : [make("p", {}, CONSENT.nothing)];
}

async function decided({ consent, granted, at, text_version: version }) {
  let words = null;
  try {
    words = (await wordsOf(version))[consent];
  } catch (problem) {
    if (problem.status !== 404) throw problem;
  }
  return make(
    "li",
    {},
    make("p", {}, `${words?.title ?? consent}: ${granted ? CONSENT.agreed : CONSENT.withdrawn}`),
    make("small", {}, [day(at), CONSENT.by(version), words && `“${words.what}”`].filter(Boolean).join(" · ")),
  );
}
