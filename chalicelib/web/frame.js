// The frame of the screens behind the settings: one at a time in the dialog, a way back, one line that says
// how it went. Loaded when the first of them is opened. Words are set with textContent only.

import { Problem, address, now } from "./api.js";
import { el } from "./face.js";
import { SENTENCES, moment } from "./words.js";
import { TITLES } from "./words-screens.js";

const SCREENS = {
  consents: () => import("./consents.js"),
  history: () => import("./consents.js"),
  knows: () => import("./knows.js"),
  connections: () => import("./access.js"),
  access: () => import("./access.js"),
  copy: () => import("./leaving.js"),
  erase: () => import("./leaving.js"),
  receipt: () => import("./leaving.js"),
};
const PAUSES = [2_000, 3_000, 5_000, 8_000, 13_000, 20_000, 30_000]; // between looks at what takes its time
const PATIENCE = 400; // an answer that is there sooner needs no word before it

const dialog = el("settings");
const trail = []; // [name, detail] of the screens that lead here
let turn = 0;
let hooks = {};

/** Make an element; `props` are its properties, `children` are elements or words. */
export function make(tag, props = {}, ...children) {
  const { label, role, describedBy, ...rest } = props;
  const element = Object.assign(document.createElement(tag), tag === "button" ? { type: "button" } : {}, rest);
  for (const [name, value] of Object.entries({ "aria-label": label, role, "aria-describedby": describedBy }))
    if (value) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The one line below the screen, which a screen reader says. */
export function note(words) {
  el("screen-note").textContent = words;
}

/** Open a screen over the one that is open. `given`: {left, changed}, see wireSettings. */
export async function go(name, detail, given = hooks) {
  hooks = given;
  if (!dialog.open) dialog.showModal();
  trail.push([name, detail]);
  await draw();
}

/** Draw the open screen anew. */
export async function draw() {
  const [name, detail] = trail.at(-1);
  const mine = ++turn;
  const current = () => mine === turn && dialog.open;
  el("settings-main").hidden = true;
  el("screen").hidden = false;
  dialog.setAttribute("aria-labelledby", "screen-title");
  el("screen-title").textContent = TITLES[name] ?? document.querySelector(`[data-screen="${name}"]`).textContent;
  el("screen-title").focus();
  el("screen-body").replaceChildren();
  note("");
  setTimeout(() => current() && !el("screen-body").childElementCount && note(SENTENCES.looking), PATIENCE);
  try {
    await styled();
    const screens = await SCREENS[name]().catch(() => {
      throw new Problem(0);
    });
    const parts = await screens[name]({ current, hooks }, detail);
    if (!current()) return;
    if (el("screen-note").textContent === SENTENCES.looking) note("");
    fill(parts);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (!current()) return;
    if (problem.status === 401) return leave();
    fill([make("button", { className: "plain", onclick: draw }, SENTENCES.tryAgain)]);
    note(sentence(problem));
  }
}

/** The sheet is loaded with the first screen; without it a screen is plain, and works. */
function styled() {
  if (document.querySelector("link[data-screens]")) return;
  const sheet = make("link", { rel: "stylesheet", href: address("assets/screens.css") });
  sheet.dataset.screens = "";
  return new Promise((resume) => {
    sheet.onload = resume;
    sheet.onerror = () => {
      sheet.remove();
      resume();
    };
    document.head.append(sheet);
  });
}

function fill(parts) {
  const body = el("screen-body");
  body.replaceChildren(...parts);
  body.scrollTop = 0;
  // What scrolls is reached by keyboard, also when nothing in it can be.
  if (body.querySelector("button, a, input")) body.removeAttribute("tabindex");
  else body.tabIndex = 0;
}

/** One screen back; from the first one to the settings, or out when it was opened from elsewhere. */
export function back() {
  const [name] = trail.pop() ?? [];
  if (trail.length) return void draw();
  turn++;
  if (!dialog.dataset.menu) return void dialog.close();
  el("screen").hidden = true;
  el("settings-main").hidden = false;
  dialog.setAttribute("aria-labelledby", "settings-title");
  (document.querySelector(`[data-screen="${name}"]`) ?? el("settings-close")).focus();
}

/** Nobody is signed in any more. */
export function leave(how) {
  dialog.close();
  hooks.left(how);
}

/** Do what a button asks for, once however often it is pressed. False when it did not work, which is said. */
export async function attempt(button, work) {
  if (button.disabled) return false;
  const mine = turn;
  button.disabled = true;
  note("");
  try {
    await work();
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status === 401) leave();
    else if (mine === turn && dialog.open) note(sentence(problem));
    return false;
  } finally {
    button.disabled = false;
    if (button.isConnected) keepFocus(button);
  }
}

/** The focus is lost when what had it was disabled or hidden: give it back, or to the title. */
export function keepFocus(last) {
  if (!dialog.querySelector(":focus")) (last.checkVisibility() ? last : el("screen-title")).focus();
}

/** Ask back in place of the button: what goes, a way out first, then the way on. */
export function askBack(button, { what, no, yes, act }) {
  const said = make("p", { id: "asks-back" }, what);
  const stay = make("button", { className: "plain", onclick: () => close() }, no);
  const go = make("button", { className: "plain", describedBy: said.id, onclick: () => act(go) }, yes);
  const group = make("div", { role: "group", describedBy: said.id, className: "back" }, said, stay, go);
  const close = () => {
    group.replaceWith(button);
    button.focus();
  };
  for (const other of document.querySelectorAll("#screen-body .back")) other.querySelector("button").click();
  button.replaceWith(group);
  note("");
  stay.focus();
}

/** Why it did not work, in one sentence. */
export function sentence(problem) {
  if (problem.status === 0) return navigator.onLine ? SENTENCES.slow : SENTENCES.offline;
  if (problem.status !== 429) return problem.detail || (problem.status >= 500 ? SENTENCES.slow : SENTENCES.refused);
  const again = new Date(now() + problem.retryAfter * 1000);
  return [problem.detail || SENTENCES.busy, problem.retryAfter && SENTENCES.againFrom(moment(again))].filter(Boolean).join(" ");
}

/** Look again and again, ever more seldom, while the screen is open and the tab is seen, until `step` is true. */
export async function follow(current, step) {
  let wait = 0;
  for (let n = 0; ; n++) {
    await seen(Math.max(wait, PAUSES[Math.min(n, PAUSES.length - 1)] * (0.85 + Math.random() * 0.3)));
    if (!current()) return;
    wait = 0;
    try {
      if (await step()) return;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (!current()) return;
      if (problem.status === 401) return leave();
      note(sentence(problem));
      if (!problem.passing) return;
      wait = problem.retryAfter * 1000;
    }
  }
}

/** The pause is over and the tab is seen; a tab that comes back need not wait for the rest of it. */
function seen(pause) {
  return new Promise((resume) => {
    const timer = setTimeout(due, pause);
    document.addEventListener("visibilitychange", due);
    function due() {
      if (document.visibilityState !== "visible") return;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", due);
      resume();
    }
  });
}

el("screen-back").onclick = back;
dialog.addEventListener("cancel", (event) => {
  if (el("screen").hidden) return;
  event.preventDefault();
  back();
});
dialog.addEventListener("close", () => {
  turn++;
  trail.length = 0;
});
