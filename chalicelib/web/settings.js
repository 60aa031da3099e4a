// The one place for what is rarely needed: consents, single keys, signing out, being forgotten.

import { call } from "./api.js";
import { el } from "./face.js";
import { SENTENCES } from "./words.js";

const KEYS_OFF = "oo.keys-off";

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

/** Wire the dialog. `left(receipt)` is called when the person signed out or was forgotten. */
export function wireSettings({ consent, leaving, left }) {
  const dialog = el("settings");
  const confirming = (yes) => {
    el("settings-main").hidden = yes;
    el("settings-forget").hidden = !yes;
    el("settings-note").textContent = el("forget-note").textContent = "";
    if (dialog.open) el(yes ? "forget-no" : "forget").focus();
  };
  const leave = async (button, line, work) => {
    button.disabled = true;
    try {
      const answer = await work();
      dialog.close();
      left(answer?.receipt_id);
    } catch (problem) {
      if (problem.status === 401) {
        dialog.close();
        left();
      } else el(line).textContent = problem.detail || SENTENCES.slow;
    } finally {
      button.disabled = false;
    }
  };

  el("menu").onclick = () => {
    confirming(false);
    dialog.showModal();
    el("settings-consent").focus();
  };
  el("settings-close").onclick = () => dialog.close();
  dialog.onclick = (event) => event.target === dialog && dialog.close();
  el("settings-consent").onclick = () => {
    dialog.close();
    consent();
  };
  el("settings-keys").onclick = () => {
    device.set(KEYS_OFF, keysOn() ? "1" : null);
    announceKeys();
  };
  el("sign-out").onclick = () =>
    leave(el("sign-out"), "settings-note", async () => {
      await leaving();
      await call("POST", "api/auth/logout");
    });
  el("forget").onclick = () => confirming(true);
  el("forget-no").onclick = () => confirming(false);
  el("forget-yes").onclick = () => leave(el("forget-yes"), "forget-note", () => call("DELETE", "api/me"));
}
