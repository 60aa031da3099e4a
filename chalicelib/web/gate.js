// Before the first tip: the ways to sign in, the consents, and the time zone and language of the device.

import { address, ask } from "./api.js";
import { cover, el, show } from "./face.js";
import { device } from "./settings.js";
import { SENTENCES } from "./words.js";

/**
 * What is asked for at the first sign-in, in this order: every source, and learning. Notifications and research
 * are asked for by whatever uses them, when it does; the settings show all. The words of each come from the API.
 */
export const ASKED = ["tasks", "calendar", "habits", "mood", "context", "learning"];

const SKIPPED = "oo.skipped";
/** Set when the person had the profile forgotten: this device does not fill it in again. */
export const UNSETTLED = "oo.unsettled";
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
    .map(({ title, url }) => door(url.href, SENTENCES.signIn(title)));
  el("doors").replaceChildren(...links);
  if (!links.length) show("out", { says: SENTENCES.signedOut, note: SENTENCES.noDoors });
}

/** A quiet link. */
export function door(href, words) {
  return Object.assign(document.createElement("a"), { className: "door", href, textContent: words });
}

/** Tell a profile that still has the defaults where and in which language its person lives. */
export async function settle() {
  if (device.get(UNSETTLED)) return;
  const profile = await ask("GET", "api/profile");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const locale = (navigator.language || "").split("@")[0];
  const patch = {};
  if (profile.timezone === "UTC" && zone && zone !== "UTC" && zone.length <= 64) patch.timezone = zone;
  if (profile.locale === "en" && locale !== "en" && locale.length <= 35 && LOCALE.test(locale)) patch.locale = locale;
  if (Object.keys(patch).length) await ask("PATCH", "api/profile", patch);
}

/**
 * The consents as they stand, whether to ask (never answered, or by other words, and these were not skipped
 * here), and whether it is for the first time.
 */
export async function consents() {
  const answer = await ask("GET", "api/profile/consents");
  const states = Object.values(answer.consents).filter(Boolean);
  const first = !ASKED.some((name) => answer.consents[name]);
  const asks = first || states.some((state) => state.text_version !== answer.text_version);
  return { answer, first, due: asks && device.get(SKIPPED) !== answer.text_version };
}

/** These words were passed over: no decision, and not asked again on this device. */
export const skipped = (version) => device.set(SKIPPED, version);
