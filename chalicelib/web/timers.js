// Timers that survive sleep: each names a moment, and the moment is checked again when the page is seen.

const timers = {};

/** Do the work at that moment (of the device's clock); the same name replaces. */
export function at(name, when, work) {
  timers[name] = { when, work, id: timers[name]?.id };
  wait(name);
}

/** The timer of that name, if it still waits. */
export const waiting = (name) => timers[name];

/** Forget these; without names, all. */
export function off(...names) {
  for (const name of names.length ? names : Object.keys(timers)) {
    clearTimeout(timers[name]?.id);
    delete timers[name];
  }
}

/** Do now what should have been done meanwhile. */
export function allDue() {
  for (const name of Object.keys(timers)) due(name);
}

function wait(name) {
  const timer = timers[name];
  clearTimeout(timer.id);
  timer.id = setTimeout(() => due(name), Math.min(Math.max(timer.when - Date.now(), 0), 2 ** 31 - 1));
}

function due(name) {
  const timer = timers[name];
  if (!timer) return;
  if (Date.now() < timer.when) return wait(name);
  delete timers[name];
  timer.work();
}
