// Every sentence of the screens behind the settings, loaded with the first of them. What a person agrees to and
// what oO knows of them come from the API.

import { moment } from "./words.js";

export const TITLES = { history: "What you agreed to", receipt: "Erased" };

export const CONSENT = {
  first: ["What may oO look at?", "Only what you tick. You can change it at any time."],
  again: ["The words have changed.", "Look once more at what you agree to."],
  change: ["What may oO look at?", "Only what is ticked."],
  sources: "To look at",
  uses: "What for",
  reworded: "new words",
  begin: "begin",
  save: "save",
  skip: "skip",
  close: "close",
  withdrawing: (titles, button) => `What rests on ${quoted(titles)} is removed. Press ${button} once more to go on.`,
  saved: "Saved.",
  agreed: "agreed",
  withdrawn: "did not agree",
  by: (version) => `Text ${version}`,
  nothing: "You have not decided anything yet.",
  older: "older",
};

export const KNOWS = {
  nothing: "oO knows nothing about you yet.",
  little: "Nothing yet from what you do. This is all there is:",
  asOf: (moment) => `As of ${moment}.`,
  yours: "You set this yourself.",
  from: (count, what, more, newest) =>
    `From ${more ? "at least " : ""}${count} ${what}${count === 1 ? "" : "s"}${newest ? `, the newest ${newest}` : ""}.`,
  agreed: (titles) => `You agreed to ${quoted(titles)}.`,
  forget: "forget this",
  goes: (what) => `This goes: ${what}`,
  keep: "keep it",
  yes: "forget",
  forgotten: "Forgotten; it goes within moments.",
};

export const COPY = {
  what: "Everything that oO holds about you, as a zip: a page to read, and the same as JSON.",
  ask: "prepare a copy",
  preparing: (moment) => `Being prepared since ${moment}. It goes on when you leave this screen.`,
  ready: (moment) => `Ready. The link lives until ${moment}; whoever has it can read everything.`,
  download: "download",
  failed: "This copy did not come about. Nothing is lost; ask for another.",
  expired: "The link of the last copy is over. It lives an hour.",
};

export const ERASE = {
  what: "Your tasks, tips, answers, what was learned from them, and your account. This cannot be undone.",
  now: "At once, every session ends and the key to your words is destroyed: nobody can read them any more, not even in a backup.",
  then: "The rest goes within moments, and backups end within 35 days. You get a receipt that says what is gone, and when.",
  copy: "take a copy first",
  word: "erase",
  type: (word) => `Type “${word}” to go on`,
  mistyped: (word) => `Type “${word}” first; nothing was erased.`,
  no: "keep everything",
  yes: "erase everything",
  unanswered: "No answer came; it may have begun. Press once more to be sure.",
};

export const RECEIPT = {
  keep: "Keep the address of this page: it leads here for 90 days. It says nothing of who you were.",
  asked: (moment) => `Asked for ${moment}.`,
  key: "The key to your words is destroyed: what was sealed cannot be read by anybody any more.",
  complete: "Everything is gone.",
  going: (gone, all) => `${gone} of ${all} places are empty; the rest follows by itself.`,
  backups: (moment) => `The last backup ends on ${moment}.`,
  messages: (moment) => `What was under way when it began is dropped, and gone by ${moment}.`,
  gone: (moment) => `Gone ${moment}.`,
  notYet: "Not yet.",
  until: (moment, unreadable) => `In backups until ${moment}${unreadable ? ", unreadable" : ""}.`,
  unknown: "There is no such receipt. Each is kept for 90 days.",
  // What a store held, as a person would say it; for one without words here, the API says it.
  held: {
    identities: "How you signed in",
    sessions: "Where you were signed in",
    roles: "What you were allowed to do",
    rates: "How often you asked in that minute",
    profiles: "Your profile, and what you agreed to",
    "person-keys": "The key to your words",
    exports: "Copies that you asked for",
    "provider-tokens": "What connects oO to your other accounts",
    signals: "What happened: your tasks, calendar, habits, mood and places",
    items: "How each task, appointment and habit stands",
    "item-words": "The names of these",
    decisions: "Your tips, and how you answered",
    "tip-states": "The tip of the moment, and what is put off",
    "decision-log": "Your tips without their words, in the log that oO learns from",
    snapshots: "What oO worked out from what happened",
    statistics: "What was learned from your answers",
    "reward-markers": "Which answers were learned from",
    pools: "Wordings of tips that lay ready",
  },
};

export const ACCESS = {
  sessions: "Signed in",
  here: "This browser",
  client: { browser: "A browser", app: "An app" },
  seen: (provider, moment) => `${provider}, last seen ${moment}`,
  end: "end",
  ended: "Ended.",
  everywhere: "sign out everywhere",
  left: "Some could not be ended. Try once more.",
  ways: "Ways to sign in",
  since: (moment) => `Since ${moment}`,
  remove: "remove",
  removes: "The other sessions that it began end.",
  add: (title) => `add ${title}`,
  failed: (reason) =>
    reason === "conflict" ? "That account already signs in to another oO." : "Adding it did not work. Try once more.",
};

export const CONNECTIONS = {
  none: "Nothing can be connected here yet.",
  needs: (title) => `Not connected. It needs your consent to “${title}”`,
  consent: "allow",
  since: (moment) => `Connected since ${moment}`,
  available: "Not connected",
  again: "It no longer lets oO in",
  connect: "connect",
  reconnect: "connect again",
  disconnect: "disconnect",
  ends: "oO gives back what it was given.",
  ended: "Disconnected.",
  connected: (title) => `${title} is connected.`,
  failed: (title, reason) =>
    reason === "denied" ? `${title} was not connected.` : `Connecting ${title} did not work. Try once more.`,
};

/** A moment of any day, with its time; a day alone. */
export function day(text, options = { dateStyle: "medium", timeStyle: "short" }) {
  const at = new Date(text);
  if (options.timeStyle && at.toDateString() === new Date().toDateString()) return `today, ${moment(at)}`;
  return new Intl.DateTimeFormat(undefined, options).format(at);
}
export const date = (text) => day(text, { dateStyle: "medium" });

// Several titles as a person lists them.
const quoted = (titles) => new Intl.ListFormat("en").format(titles.map((title) => `“${title}”`));
