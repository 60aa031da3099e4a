// A copy of everything, erasing everything, and the receipt of it.

import { ask, call, now } from "./api.js";
import { attempt, back, follow, go, keepFocus, leave, make, note } from "./frame.js";
import { device } from "./settings.js";
import { SENTENCES, moment } from "./words.js";
import { COPY, ERASE, RECEIPT, date, day } from "./words-screens.js";

const COPY_ID = "oo.copy"; // the last copy that was asked for on this device

// --- a copy -----------------------------------------------------------------------------------

/** The screen of the copy: asked for, being prepared, a link for an hour, over. */
export async function copy({ current }) {
  const says = make("p", { role: "status" });
  const link = make("a", { className: "door", rel: "noreferrer", hidden: true }, COPY.download);
  const request = make("button", { className: "plain", onclick: () => attempt(request, begin) }, COPY.ask);
  let status = null;
  let ending = 0;

  const begin = async () => {
    status = await call("POST", "api/me/export");
    device.set(COPY_ID, status.export_id);
    tell();
  };
  const refresh = async () => {
    status = await standing();
    tell();
    return status?.state !== "preparing";
  };
  const tell = () => {
    clearTimeout(ending);
    const { state, requested_at: since, link: url, link_expires_at: until } = status ?? {};
    const good = state === "ready" && fetchable(url);
    const ends = good ? Date.parse(until) : 0;
    const over = state === "expired" || (good && ends <= now());
    const failed = state === "failed" || (state === "ready" && !good);
    if (over) says.textContent = COPY.expired;
    else if (good) says.textContent = COPY.ready(moment(new Date(until)));
    else if (failed) says.textContent = COPY.failed;
    else says.textContent = state ? COPY.preparing(moment(new Date(since))) : "";
    const held = [link, request].find((one) => one === document.activeElement);
    link.hidden = !good || over;
    if (link.hidden) link.removeAttribute("href");
    else {
      link.href = url;
      // The link ends while it is looked at, or while the device sleeps.
      ending = setTimeout(tell, Math.min(ends - now(), 60_000));
    }
    const idle = !state || over || failed;
    request.hidden = !idle;
    if (held) keepFocus(held);
    if (state === "preparing" && !watching) watch();
  };
  let watching = false;
  const watch = () => {
    watching = true;
    follow(current, async () => {
      const settled = await refresh();
      note("");
      return settled;
    }).finally(() => (watching = false));
  };
  link.onclick = (event) => {
    if (Date.parse(status.link_expires_at) > now()) return;
    event.preventDefault();
    tell();
  };

  status = await standing();
  tell();
  return [make("p", {}, COPY.what), says, link, request];
}

async function standing() {
  const id = device.get(COPY_ID);
  if (!id) return null;
  try {
    return await ask("GET", `api/me/export/${encodeURIComponent(id)}`);
  } catch (problem) {
    // Each is kept for a day.
    if (problem.status !== 404) throw problem;
    device.set(COPY_ID, null);
    return null;
  }
}

function fetchable(url) {
  return URL.canParse(url ?? "", document.baseURI) && ["https:", "http:"].includes(new URL(url, document.baseURI).protocol);
}

// --- erasing ----------------------------------------------------------------------------------

/** The screen before everything goes: what, when, a copy first, a word to type. */
export function erase() {
  const word = make("input", {
    type: "text",
    id: "erase-word",
    className: "line",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: false,
  });
  const yes = make("button", { type: "submit", className: "plain", id: "erase-yes" }, ERASE.yes);
  const no = make("button", { className: "plain", onclick: back }, ERASE.no);
  const label = make("label", { htmlFor: word.id }, ERASE.type(ERASE.word));
  const form = make("form", { autocomplete: "off" }, label, word, make("div", { className: "row" }, no, yes));
  let unanswered = false;
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (word.value.trim().toLowerCase() !== ERASE.word) {
      note(ERASE.mistyped(ERASE.word));
      word.focus();
      return;
    }
    await attempt(yes, async () => {
      try {
        const { receipt_id: receipt } = await call("DELETE", "api/me");
        leave({ erased: true, receipt });
      } catch (problem) {
        if (problem.status === 0) unanswered = true;
        // The answer of an earlier try was lost: what it began goes on.
        else if (problem.status === 401 && unanswered) return leave({ erased: true });
        throw problem;
      }
    });
    if (unanswered && form.isConnected) note(ERASE.unanswered);
  };
  return [
    make("p", {}, ERASE.what),
    make("p", {}, ERASE.now),
    make("p", {}, ERASE.then),
    make("button", { onclick: () => go("copy") }, ERASE.copy),
    form,
  ];
}

/** The receipt of an erasure: whoever has its id may read it. */
export async function receipt({ current }, id) {
  const path = `api/erasures/${encodeURIComponent(id)}`;
  const says = make("p", { role: "status" });
  const last = make("p");
  const stores = make("ul", { className: "lines" });
  const tell = (found) => {
    const gone = found.stores.filter((store) => store.gone_at).length;
    says.textContent = found.complete ? RECEIPT.complete : RECEIPT.going(gone, found.stores.length);
    const ends = [found.backups_until && RECEIPT.backups(date(found.backups_until))];
    if (Date.parse(found.messages_until) > now()) ends.push(RECEIPT.messages(date(found.messages_until)));
    last.textContent = ends.filter(Boolean).join(" ");
    stores.replaceChildren(...found.stores.map(store));
    return found.complete;
  };
  let found;
  try {
    found = await ask("GET", path);
  } catch (problem) {
    if (problem.status === 404) return [make("p", {}, RECEIPT.unknown)];
    throw problem;
  }
  if (!tell(found)) {
    follow(current, async () => {
      const done = tell(await ask("GET", path));
      note("");
      return done;
    });
  }
  return [
    says,
    make("p", {}, [RECEIPT.asked(day(found.requested_at)), found.key_destroyed && RECEIPT.key].filter(Boolean).join(" ")),
    last,
    make("p", {}, RECEIPT.keep),
    make("a", { className: "door", href: `?receipt=${encodeURIComponent(id)}` }, SENTENCES.receipt(id)),
    stores,
  ];
}

function store({ store: name, holds, gone_at: gone, backups_until: until, unreadable }) {
  const when = [gone ? RECEIPT.gone(day(gone)) : RECEIPT.notYet, until && RECEIPT.until(date(until), unreadable)];
  return make("li", {}, make("p", {}, RECEIPT.held[name] ?? holds), make("small", {}, when.filter(Boolean).join(" ")));
}
