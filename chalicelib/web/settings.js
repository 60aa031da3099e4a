// The one quiet way to what is rarely needed: the settings, and from there the screens (frame.js), which are
// loaded when one is opened.

import { call } from "./api.js";
import { el } from "./face.js";
import { SENTENCES } from "./words.js";

const KEYS_OFF = "oo.keys-off";
const ABOUT_NOBODY = ["oo.learned", KEYS_OFF];

/** Small facts about this device; a browser that refuses storage just forgets them. */
export const device = {
  get(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      if (value === null) localStorage.removeItem(name);
      else localStorage.setItem(name, value);
    } catch { /* forgotten */ }
  },
  /** Nothing of the person stays; with `all`, nothing at all: no flag, no copy of a file, no worker. */
  async clear(all = false) {
    try {
      for (const name of Object.keys(localStorage))
        if (name.startsWith("oo.") && (all || !ABOUT_NOBODY.includes(name))) localStorage.removeItem(name);
      if (!all) return;
      for (const name of await caches.keys()) if (name.startsWith("oo-")) await caches.delete(name);
      for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister();
    } catch { /* there is none */ }
  },
};

const keysOn = () => device.get(KEYS_OFF) === null;

/** Single keys press the button that names them in `data-key`, when it can be seen and they are on. */
export function wireKeys(escape) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
    if (event.key === "Escape") return void escape();
    if (!keysOn() || el("settings").open || event.target.closest("input, textarea, select")) return;
    const button = [...document.querySelectorAll("[data-key]")].find(
      (one) => one.dataset.key === event.key.toLowerCase() && one.checkVisibility({ visibilityProperty: true }),
    );
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  announceKeys();
}

function announceKeys() {
  const on = keysOn();
  el("settings-keys").setAttribute("aria-checked", String(on));
  el("keys-state").textContent = on ? "on" : "off";
  el("keys").hidden = !on;
  for (const one of document.querySelectorAll("[data-key]")) {
    if (on) one.setAttribute("aria-keyshortcuts", one.dataset.key);
    else one.removeAttribute("aria-keyshortcuts");
  }
}

/**
 * Wire the dialog. `leaving()` is waited for before a sign-out; `left({erased, receipt})` is called when nobody
 * is signed in any more; `changed()` when the dialog closes after something changed that a tip may rest on.
 */
export function wireSettings({ leaving, left, changed }) {
  const dialog = el("settings");
  let different = false;
  const gone = (how) => {
    different = false;
    left(how);
  };
  const hooks = { leaving, left: gone, changed: () => (different = true) };
  const open = async (name, detail) => {
    try {
      await (await import("./frame.js")).go(name, detail, hooks);
    } catch (problem) {
      // The screens could not be fetched; whatever else is wrong is not hidden.
      if (!(problem instanceof TypeError)) throw problem;
      if (!dialog.open) dialog.showModal();
      el("settings-note").textContent = navigator.onLine ? SENTENCES.slow : SENTENCES.offline;
    }
  };
  el("menu").onclick = () => {
    el("settings-main").hidden = false;
    el("screen").hidden = true;
    el("settings-note").textContent = "";
    dialog.setAttribute("aria-labelledby", "settings-title");
    dialog.dataset.menu = "1";
    dialog.showModal();
    el("settings-title").focus();
  };
  for (const row of dialog.querySelectorAll("[data-screen]")) row.onclick = () => open(row.dataset.screen);
  el("settings-close").onclick = () => dialog.close();
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    delete dialog.dataset.menu;
    // A receipt is read at its own address; the page is elsewhere again.
    if (new URLSearchParams(location.search).has("receipt")) history.replaceState(null, "", location.pathname);
    if (different) changed();
    different = false;
  });
  el("settings-keys").onclick = () => {
    device.set(KEYS_OFF, keysOn() ? "1" : null);
    announceKeys();
  };
  el("sign-out").onclick = async () => {
    el("sign-out").disabled = true;
    try {
      await leaving();
      await call("POST", "api/auth/logout");
      dialog.close();
      gone();
    } catch (problem) {
      if (problem.status === 401) {
        dialog.close();
        gone();
      } else el("settings-note").textContent = problem.detail || SENTENCES.slow;
    } finally {
      el("sign-out").disabled = false;
    }
  };
  return open;
}
