// What a person said must never get lost: it is written down before it is sent, sent at once with
// `keepalive` (the request outlives the tab), and crossed out only when the server has taken it or has
// refused it for good. What is left is sent at the next start, on `online`, and when the page is seen.
// Sending twice is harmless: the same reaction counts once, a signal carries its own id.

import { Problem, address, call } from "./api.js";

const PREFIX = "oo.out.";
const memory = new Map(); // where storage is refused (private windows)
const waiting = new Map(); // key -> who wants to know
const inFlight = new Set();
let count = 0;
let running = null;

const storage = {
  set(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      memory.set(key, value);
    }
  },
  get(key) {
    try {
      return localStorage.getItem(key) ?? memory.get(key);
    } catch {
      return memory.get(key);
    }
  },
  remove(key) {
    memory.delete(key);
    try {
      localStorage.removeItem(key);
    } catch { /* nothing rests there */ }
  },
  keys() {
    let stored = [];
    try {
      stored = Object.keys(localStorage);
    } catch { /* nothing rests there */ }
    return [...stored, ...memory.keys()].filter((key) => key.startsWith(PREFIX)).sort();
  },
};

/**
 * Write down and send. Resolves with `{sent: answer}`, `{refused: Problem}` (for good) or
 * `{kept: Problem}` (sent later). One key per entry, so that two tabs never overwrite each other.
 */
export function post(path, body) {
  const key = `${PREFIX}${String(Date.now()).padStart(14, "0")}.${String(count++).padStart(4, "0")}.${Math.random().toString(36).slice(2, 8)}`;
  storage.set(key, JSON.stringify({ path, body }));
  const outcome = new Promise((settle) => waiting.set(key, settle));
  flush();
  return outcome;
}

/** Send what is waiting, oldest first, one at a time over all tabs. */
export function flush() {
  running ??= (async () => {
    try {
      do await exclusively(drain);
      while (waiting.size);
    } finally {
      running = null;
    }
  })();
  return running;
}

/** Whether anything waits. */
export const pending = () => storage.keys().length > 0;

/** Forget everything (another person, or none, uses this browser now). */
export function clear() {
  storage.keys().forEach(storage.remove);
  for (const key of [...waiting.keys()]) settle(key, { refused: new Problem(401) });
}

function exclusively(work) {
  return navigator.locks ? navigator.locks.request("oo.outbox", work) : work();
}

function settle(key, outcome) {
  waiting.get(key)?.(outcome);
  waiting.delete(key);
}

async function drain() {
  const stuck = new Set(); // paths whose turn failed: what follows on the same tip keeps its order
  for (const key of storage.keys()) {
    const entry = parse(storage.get(key));
    if (!entry) {
      storage.remove(key);
      continue;
    }
    if (stuck.has(entry.path)) {
      settle(key, { kept: new Problem(503) });
      continue;
    }
    inFlight.add(key);
    try {
      const answer = await call("POST", entry.path, entry.body, { keepalive: true });
      storage.remove(key);
      settle(key, { sent: answer ?? {} });
    } catch (problem) {
      if (!problem.passing) {
        storage.remove(key);
        settle(key, { refused: problem });
      } else if (problem.status >= 500) {
        stuck.add(entry.path);
        settle(key, { kept: problem });
      } else {
        for (const other of [...waiting.keys()]) settle(other, { kept: problem });
        return;
      }
    } finally {
      inFlight.delete(key);
    }
  }
  // What is crossed out and still asked about was sent by another tab.
  for (const key of [...waiting.keys()]) if (!storage.get(key)) settle(key, { sent: {} });
}

function parse(text) {
  try {
    const entry = JSON.parse(text);
    return typeof entry?.path === "string" ? entry : null;
  } catch {
    return null;
  }
}

// The last chance before the page goes: what is not on its way yet is sent without waiting for its turn.
addEventListener("pagehide", () => {
  for (const key of storage.keys()) {
    const entry = parse(storage.get(key));
    if (!entry || inFlight.has(key)) continue;
    fetch(address(entry.path), {
      method: "POST",
      keepalive: true,
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(entry.body),
      signal: AbortSignal.timeout(10_000),
    }).catch(() => {});
  }
});
