// What is seen: the one text block, the ring, the controls that fade, the light of the hour.
// Words are written with textContent only; nothing here knows the API.

import { direction } from "./words.js";

const root = document.documentElement;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const GROUPS = { tip: "react", reasons: "reasons", after: "after", quiet: "quiet", out: "doors" };
const AWAKE = 6000;

export const el = (id) => document.getElementById(id);
export const view = () => root.dataset.view;
export const covered = () => "over" in root.dataset || el("settings").open;

let turn = 0;

/**
 * Show a view: `loading`, `tip`, `reasons`, `after`, `quiet` or `out`. The controls change at once,
 * the words cross-fade in place. `words`: {tip: {text, why, lang}} or {says, note}; absent: they stay.
 */
export async function show(name, words) {
  const mine = ++turn;
  const held = el("acts").contains(document.activeElement);
  root.dataset.view = name;
  for (const [key, id] of Object.entries(GROUPS)) el(id).hidden = key !== name;
  if (held) (el(GROUPS[name])?.querySelector("button:not([hidden]), a") ?? el("face")).focus();
  if (!words || same(words)) return;
  const block = el("block");
  const fading = !still.matches && document.visibilityState === "visible" && block.textContent.trim();
  if (fading) {
    block.classList.add("out");
    await new Promise((resume) => setTimeout(resume, 220));
    if (mine !== turn) return;
  }
  write(words);
  block.classList.remove("out");
}

function same({ tip, says, note = "" }) {
  if (el("block").classList.contains("out")) return false;
  if (tip) return !el("heading").hidden && el("tip").textContent === tip.text;
  return el("heading").hidden && el("says").textContent === says && el("note").textContent === note;
}

function write({ tip, says = "", note = "" }) {
  openWhy(false);
  el("heading").hidden = !tip;
  el("tip").textContent = tip?.text ?? "";
  el("why").textContent = tip?.why ?? "";
  el("says").textContent = says;
  el("note").textContent = note;
  el("says").hidden = el("note").hidden = Boolean(tip);
  const lang = tip?.lang || "en";
  for (const id of ["tip", "why"]) {
    el(id).lang = lang;
    el(id).dir = direction(lang);
  }
  const length = (tip?.text ?? says).length;
  el("block").dataset.length = length <= 45 ? "short" : length <= 66 ? "medium" : length <= 110 ? "long" : "huge";
}

/** The second line below the words, changed in place. */
export function note(text) {
  el("note").textContent = text;
}

/** Open or close the why; without an argument, the other way round. */
export function openWhy(open = el("why").hidden) {
  el("why").hidden = !open;
  el("tip").setAttribute("aria-expanded", String(open));
  el("block").classList.toggle("open", open);
}

/** Cover the block with a form (`capture`, `consent`), or uncover it (null). */
export function cover(name) {
  for (const id of ["capture", "consent"]) el(id).hidden = id !== name;
  if (name) root.dataset.over = name;
  else delete root.dataset.over;
}

/** The ring shows a share from 0 to 1. On the face it is an hour: what is left of it. */
export function ring(share) {
  const length = Math.round(1000 * Math.min(1, Math.max(0, share))) / 10;
  el("arc").setAttribute("stroke-dasharray", length ? `${length} 100` : "0 100");
}

// --- controls that fade -----------------------------------------------------------------------

let sleep = 0;
let swallow = false;
let learned = true;

/** Controls stay until the person has used one on this device; after that they fade at rest. */
export function staysAwake(until) {
  learned = !until;
  wake();
}

/** Show the controls for a while. */
export function wake() {
  root.dataset.awake = "";
  clearTimeout(sleep);
  if (learned) sleep = setTimeout(() => delete root.dataset.awake, AWAKE);
}

/** Let moves, touches and keys wake the controls. A touch on a control that cannot be seen only wakes. */
export function listen() {
  addEventListener("pointermove", wake, { passive: true });
  addEventListener("keydown", wake);
  addEventListener(
    "pointerdown",
    (event) => {
      swallow = !("awake" in root.dataset) && event.pointerType !== "mouse" && Boolean(event.target.closest(".fades"));
      wake();
    },
    { capture: true, passive: true },
  );
  addEventListener(
    "click",
    (event) => {
      // detail 0: a keyboard or a screen reader, which do see the control.
      if (swallow && event.detail > 0) {
        event.preventDefault();
        event.stopPropagation();
      }
      swallow = false;
    },
    { capture: true },
  );
}

// --- light ------------------------------------------------------------------------------------

/** Softer by the local hour. */
export function light(hour = new Date().getHours()) {
  root.dataset.light = hour >= 23 || hour < 5 ? "night" : hour >= 20 ? "evening" : "day";
}
