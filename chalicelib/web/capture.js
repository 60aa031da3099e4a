// Quick capture: one line becomes a task. It goes through the outbox, so it survives a lost network.

import { now, uuid } from "./api.js";
import { cover, el } from "./face.js";
import { post } from "./outbox.js";
import { SENTENCES } from "./words.js";

let before = null;

/** Open the line; `text` comes from a share or a shortcut. */
export function openCapture(text = "") {
  before = document.activeElement;
  el("capture-note").textContent = "";
  cover("capture");
  if (text) el("line").value = text.slice(0, 500);
  el("line").focus();
}

/** Close it; what was typed stays for the next time. */
export function closeCapture() {
  cover(null);
  (before?.isConnected && before !== document.body ? before : el("face")).focus();
}

/** Wire the form. `kept(sent)` is called when the task is stored here or there. */
export function wireCapture(kept) {
  el("capture-close").onclick = closeCapture;
  el("capture").onsubmit = async (event) => {
    event.preventDefault();
    const title = el("line").value.trim();
    if (!title) return;
    el("keep").disabled = true;
    const id = uuid();
    const signal = {
      id,
      type: "task",
      item_ref: `oo:${id}`,
      title,
      status: "open",
      occurred_at: new Date(now()).toISOString(),
    };
    const outcome = await post("api/signals", { signals: [signal] });
    el("keep").disabled = false;
    const why = refusal(outcome);
    if (why) {
      el("capture-note").textContent = why;
      return;
    }
    el("line").value = "";
    el("capture-note").textContent = outcome.sent ? SENTENCES.captured : SENTENCES.keptOffline;
    kept(Boolean(outcome.sent));
    // Whoever types on keeps the line open.
    setTimeout(() => el("line").value || el("capture").hidden || closeCapture(), outcome.sent ? 800 : 2000);
  };
}

function refusal({ sent, refused }) {
  const rejected = sent?.results?.find(({ status }) => status === "rejected")?.problem;
  const problem = rejected ?? refused;
  return problem ? problem.detail || SENTENCES.refused : "";
}
