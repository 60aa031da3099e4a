// The life of the page: look, show one tip, hear the answer, be quiet. See docs/page.md.

import { Problem, ask, call, now } from "./api.js";
import { closeCapture, openCapture, wireCapture } from "./capture.js";
import * as face from "./face.js";
import { consents, door, settle, showDoors } from "./gate.js";
import { asked, installWorker } from "./opening.js";
import * as outbox from "./outbox.js";
import { device, wireKeys, wireSettings } from "./settings.js";
import { allDue, at, off, waiting } from "./timers.js";
import { SENTENCES, answerTo, labelsFor, moment } from "./words.js";

const { el } = face;
const HOUR = 3_600_000;
const UNDO = 5_000;
const SEEN = 1_000; // visible for this long counts as seen
const REST = 15 * 60_000; // after an answer nothing new comes by itself for so long
const LATER = 3 * HOUR;
const FRESH = 60_000; // a tip seen again after longer is asked for again: it may be done elsewhere
const DAY = 24 * HOUR;
const RETRY = [15_000, 30_000, 60_000, 5 * 60_000];

const state = { tip: null, mood: "", until: 0, looked: 0, failures: 0, looking: null };

// --- looking ----------------------------------------------------------------------------------

/** Ask for the tip of now. One look at a time. */
function look() {
  state.looking ??= (async () => {
    off("look", "retry");
    try {
      await outbox.flush();
      await firstVisit();
      receive(await ask("POST", "api/recommend", {}));
      state.failures = 0;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      await explain(problem);
    } finally {
      state.looking = null;
    }
  })();
  return state.looking;
}

/** Once a day: whose browser this is, their time zone and language, and consents not asked for yet. */
async function firstVisit() {
  if (Number(device.get("oo.settled")) > Date.now() - DAY) return;
  const { person_id: person } = await ask("GET", "api/auth/session");
  if (device.get("oo.person") !== person) {
    outbox.clear();
    device.clear();
  }
  device.set("oo.person", person ?? "");
  const [, asked] = await Promise.all([settle().catch(unless401), consents().catch(unless401)]);
  if (asked?.due && (await askConsents(asked)) === "out") throw new Problem(401);
  device.set("oo.settled", String(Date.now()));
}

/** The form is rarely needed, and loaded when it is. */
async function askConsents(standing) {
  const form = await import("./consents.js").catch(() => {
    throw new Problem(0);
  });
  return form.askConsents(standing);
}

function unless401(problem) {
  if (problem.status === 401) throw problem;
  return null;
}

function receive({ tip, reason, next_look_at: nextLook }) {
  state.looked = Date.now();
  // Answered meanwhile, or choosing why not: what was asked before that changes nothing now.
  if (face.view() === "after" || (face.view() === "reasons" && tip?.id === state.tip?.id)) return;
  // The answer to it waits for a server that fails: it is not asked about twice.
  if (tip && state.mood === "rest" && tip.id === state.tip?.id && outbox.pending()) {
    el("block").classList.remove("out");
    return at("retry", Date.now() + RETRY[1], look);
  }
  if (tip) return showTip(tip);
  state.tip = null;
  off("expiry", "seen");
  if (reason === "consent_required") return nothingAllowed();
  const when = nextLook ? Date.parse(nextLook) : 0;
  quiet("nothing", SENTENCES.nothing, when ? SENTENCES.nextLook(moment(new Date(when))) : SENTENCES.nextLookOpen);
  state.until = when;
  // At least half a minute: a moment that has just passed must not become a loop.
  if (when) at("look", Date.now() + Math.max(when - now(), 30_000), look);
  tick();
}

function showTip(tip) {
  const fresh = tip.id !== state.tip?.id;
  Object.assign(state, { tip, mood: "tip", until: Date.parse(tip.expires_at) });
  for (const [id, label] of Object.entries(labelsFor(tip.angle))) el(id).textContent = label;
  face.show("tip", { tip });
  if (fresh) face.wake();
  at("expiry", Date.now() + Math.max(state.until - now(), 30_000), look);
  watch();
  tick();
}

/** The tip was really seen: a second in a visible tab, with nothing over it. Said once per tip. */
function watch() {
  const { tip } = state;
  if (!tip || device.get("oo.seen") === tip.id) return off("seen");
  if (document.visibilityState !== "visible" || face.covered() || face.view() !== "tip") return off("seen");
  if (waiting("seen")?.tip === tip.id) return;
  at("seen", Date.now() + SEEN, () => {
    device.set("oo.seen", tip.id);
    outbox.post(`api/tips/${encodeURIComponent(tip.id)}/exposure`, { exposed_at: new Date(now()).toISOString() });
  });
  waiting("seen").tip = tip.id;
}

// --- answering --------------------------------------------------------------------------------

async function react(kind, reason) {
  const { tip } = state;
  if (!tip || !["tip", "reasons"].includes(face.view())) return;
  const until = now() + LATER;
  const body = { kind, ...(reason && { reason }), ...(kind === "snooze" && { until: new Date(until).toISOString() }) };
  off("expiry", "seen", "look");
  device.set("oo.learned", "1");
  const sending = send(tip, body);
  const [says, note] = answerTo(tip.angle, reason ?? kind)(moment(new Date(until)));
  Object.assign(state, { mood: "after", until: Date.now() + UNDO });
  const shown = face.show("after", { says, note });
  at("calm", state.until, calm);
  tick();
  const [{ refused, kept }] = await Promise.all([sending, shown]);
  if (state.tip !== tip || !["after", "rest"].includes(state.mood)) return;
  if (kept?.status === 401) return signedOut();
  if (refused) face.note(refused.status === 410 ? SENTENCES.tooLate : refused.detail || SENTENCES.refused);
  else if (kept) face.note(navigator.onLine && kept.status ? SENTENCES.keptSlow : SENTENCES.keptOffline);
}

const send = (tip, body) => outbox.post(`api/tips/${encodeURIComponent(tip.id)}/reaction`, body);

async function undo() {
  const { tip } = state;
  if (face.view() !== "after" || !tip) return;
  off("calm");
  const sending = send(tip, { kind: "undo" });
  showTip(tip);
  const { refused } = await sending;
  if (refused && state.tip === tip) look();
}

/** After the time for undo: the words stay, nothing new comes by itself for a while. */
function calm() {
  face.staysAwake(false);
  el("again").textContent = "next";
  el("choose").hidden = true;
  Object.assign(state, { mood: "rest", until: 0 });
  face.show("quiet");
  at("look", Date.now() + REST, look);
  tick();
}

// --- quiet states -----------------------------------------------------------------------------

function quiet(mood, says, note, again = "look again") {
  Object.assign(state, { mood, until: 0 });
  el("again").textContent = again;
  el("choose").hidden = mood !== "choose";
  face.show("quiet", { says, note });
}

async function nothingAllowed() {
  const asked = await consents();
  const how = asked.due && (await askConsents(asked));
  if (how === "saved") return void setTimeout(look);
  if (how === "out") throw new Problem(401);
  quiet("choose", SENTENCES.nothingAllowed, SENTENCES.nothingAllowedNote);
  tick();
}

async function changeConsents() {
  try {
    const how = await askConsents(await consents());
    if (how !== "skipped") look();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    explain(problem);
  }
}

/** An error is one calm sentence; what can pass is tried again, a tip that is shown stays. */
async function explain(problem) {
  if (problem.status === 401) return signedOut();
  const wait = problem.retryAfter * 1000 || RETRY[Math.min(state.failures++, RETRY.length - 1)];
  at("retry", Date.now() + wait, look);
  if (state.tip && state.mood === "tip" && now() < state.until) return;
  state.tip = null;
  if (problem.status === 429) quiet("error", SENTENCES.busy, SENTENCES.busyNote(Math.ceil(wait / 1000)), "try again");
  else if (!problem.passing) quiet("error", SENTENCES.refused, problem.detail, "try again");
  else if (problem.status === 0 && !navigator.onLine) quiet("error", SENTENCES.offline, SENTENCES.offlineNote, "try again");
  else quiet("error", SENTENCES.slow, SENTENCES.slowNote, "try again");
  tick();
}

async function signedOut() {
  off();
  device.set("oo.settled", null);
  Object.assign(state, { tip: null, mood: "out", until: 0 });
  tick();
  try {
    await showDoors();
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status === 401) throw problem;
    await explain(problem);
  }
}

// --- time -------------------------------------------------------------------------------------

/** The ring: what is left of the hour before the tip ends or oO looks again; of 5 s after an answer. */
function tick() {
  const after = state.mood === "after";
  const left = state.until ? state.until - (after ? Date.now() : now()) : 0;
  face.ring(left / (after ? UNDO : HOUR));
  face.light();
  at("tick", Date.now() + (after ? 1000 : 15_000), tick);
}

function seen() {
  watch();
  if (document.visibilityState !== "visible") return;
  allDue();
  const stale = Date.now() - state.looked;
  if (["nothing", "error", "out"].includes(state.mood) ? stale > 5_000 : state.mood === "tip" && stale > FRESH) look();
  else outbox.flush();
}

// --- start and end ----------------------------------------------------------------------------

let openScreen;

function wire() {
  face.listen();
  const { wake } = face;
  el("tip").onclick = () => face.openWhy();
  el("done").onclick = () => react("done");
  el("later").onclick = () => react("snooze");
  el("not-now").onclick = () => face.show("reasons");
  el("back").onclick = () => state.tip && face.show("tip");
  el("too-big").onclick = () => react("dismiss", "too_big");
  el("wrong-time").onclick = () => react("dismiss", "wrong_time");
  el("not-mine").onclick = () => react("dismiss", "not_mine");
  el("undo").onclick = undo;
  el("again").onclick = () => {
    el("block").classList.add("out"); // the words come back when the answer is there
    look();
  };
  el("choose").onclick = changeConsents;
  el("add").onclick = () => openCapture();
  wireCapture((sent) => {
    // A moment for the task to become something to choose from.
    if (sent && state.mood === "nothing") at("look", Date.now() + 4_000, look);
  });
  openScreen = wireSettings({ leaving: () => outbox.flush(), left, changed: () => state.mood !== "after" && look() });
  wireKeys(() => {
    if (document.documentElement.dataset.over === "capture") closeCapture();
    else if (face.view() === "reasons") el("back").click();
    else if (face.view() === "tip") face.openWhy(false);
  });
  document.addEventListener("visibilitychange", seen);
  el("settings").addEventListener("close", watch);
  new MutationObserver(watch).observe(document.documentElement, { attributeFilter: ["data-over", "data-view"] });
  addEventListener("online", seen);
  addEventListener("pageshow", (event) => event.persisted && seen());
  face.staysAwake(device.get("oo.learned") === null);
  wake();
}

/** Nobody is signed in any more; after an erasure nothing is left here, and its receipt is shown. */
async function left({ erased = false, receipt = "" } = {}) {
  outbox.clear();
  await device.clear(erased);
  if (!erased) return signedOut();
  call("POST", "api/auth/logout").catch(() => {}); // the cookie of a session that is gone
  await signedOut();
  face.show("out", { says: SENTENCES.erased, note: receipt ? SENTENCES.receipt(receipt) : SENTENCES.noReceipt });
  if (!receipt) return;
  const address = `?receipt=${encodeURIComponent(receipt)}`;
  el("doors").append(door(address, SENTENCES.showReceipt));
  history.replaceState(null, "", address);
  openScreen("receipt", receipt);
}

wire();
tick();
const opening = asked(openScreen);
const first = look();
setTimeout(() => face.view() === "loading" && face.show("loading", { says: SENTENCES.looking }), 2_500);
first.then(() => ["tip", "quiet"].includes(face.view()) && location.search && opening?.());
addEventListener("load", installWorker);
