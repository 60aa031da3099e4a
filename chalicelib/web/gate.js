// Before the first tip: the ways to sign in, the consents, and the time zone and language of the device.

import { address, ask, call } from "./api.js";
import { cover, el, show } from "./face.js";
import { ASKS, SENTENCES } from "./words.js";

const LOCALE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;

/** Nobody is signed in: one quiet link per provider. Throws a Problem when they cannot be had. */
export async function showDoors() {
  el("doors").replaceChildren();
  cover(null);
  // Where the sign-in returns to when it failed.
  const failed = new URLSearchParams(location.search).get("signin") === "failed";
  if (failed) history.replaceState(null, "", location.pathname);
  show("out", { says: SENTENCES.signedOut, note: failed ? SENTENCES.signInFailed : SENTENCES.signedOutNote });
  const { providers } = await ask("GET", "api/auth/providers");
  const links = providers
    .map(({ title, login }) => ({ title, url: new URL(address(login)) }))
    .filter(({ url }) => url.origin === location.origin)
    .map(({ title, url }) => {
      const link = document.createElement("a");
      link.className = "door";
      link.href = url.href;
      link.textContent = SENTENCES.signIn(title);
      return link;
    });
  el("doors").replaceChildren(...links);
  if (!links.length) show("out", { says: SENTENCES.signedOut, note: SENTENCES.noDoors });
}

/** Tell a profile that still has the defaults where and in which language its person lives. */
export async function settle() {
  const profile = await ask("GET", "api/profile");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const locale = (navigator.language || "").split("@")[0];
  const patch = {};
  if (profile.timezone === "UTC" && zone && zone !== "UTC" && zone.length <= 64) patch.timezone = zone;
  if (profile.locale === "en" && locale !== "en" && locale.length <= 35 && LOCALE.test(locale)) patch.locale = locale;
  if (Object.keys(patch).length) await ask("PATCH", "api/profile", patch);
}

/** The consents as they stand, and whether to ask: never answered, or another text was. */
export async function consents() {
  const answer = await ask("GET", "api/profile/consents");
  const states = ASKS.map(([name]) => answer.consents[name]).filter(Boolean);
  const due = !states.length || states.some((state) => state.text_version !== answer.text_version);
  return { answer, due };
}

/**
 * Ask, source by source; nothing is ticked beforehand that was not granted before.
 * Resolves with true when saved.
 */
export function askConsents({ consents: states, text_version: version }) {
  const form = el("consent");
  el("asks").replaceChildren(...ASKS.map(([name, title, what]) => row(name, title, what, states[name]?.granted)));
  el("consent-note").textContent = "";
  cover("consent");
  el("consent-title").focus();
  return new Promise((saved) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      el("consent-save").disabled = true;
      const chosen = Object.fromEntries(ASKS.map(([name]) => [name, form.elements[name].checked]));
      try {
        await call("PUT", "api/profile/consents", { consents: chosen, text_version: version });
        cover(null);
        saved(true);
      } catch (problem) {
        if (problem.status === 401) {
          cover(null);
          saved(false);
        }
        el("consent-note").textContent = problem.detail || SENTENCES.slow;
      } finally {
        el("consent-save").disabled = false;
      }
    };
  });
}

function row(name, title, what, granted) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  const words = document.createElement("span");
  const small = document.createElement("small");
  label.className = "ask";
  box.type = "checkbox";
  box.name = name;
  box.checked = granted === true;
  words.textContent = title;
  small.textContent = what;
  words.append(small);
  label.append(box, words);
  return label;
}
