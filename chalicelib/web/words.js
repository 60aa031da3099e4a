// Every sentence that the face itself says, in one place; those of the screens behind the settings are in
// words-screens.js. A tip's words come from the API.

export const SENTENCES = {
  looking: "Looking.",
  nothing: "Nothing now.",
  nextLook: (moment) => `Looking again at ${moment}.`,
  nextLookOpen: "Looking again when you come back.",
  offline: "Offline.",
  offlineNote: "oO looks again when you are back.",
  slow: "oO does not answer right now.",
  slowNote: "It tries again by itself.",
  busy: "One moment.",
  busyNote: (seconds) => `Looking again in ${seconds} s.`,
  refused: "That did not work.",
  signedOut: "oO",
  signedOutNote: "One tip, at the right time.",
  signIn: (title) => `Sign in with ${title}`,
  signInFailed: "Signing in did not work. Try once more.",
  noDoors: "Signing in is not set up yet.",
  nothingAllowed: "oO may look at nothing yet.",
  nothingAllowedNote: "Choose at least one source for a tip.",
  keptOffline: "Kept here, and sent when you are back.",
  keptSlow: "Kept here, and sent as soon as oO answers.",
  tooLate: "That tip is over; nothing was changed.",
  captured: "Kept.",
  erased: "Erased.",
  receipt: (id) => `Receipt ${id}`,
  noReceipt: "The receipt did not reach this page.",
  showReceipt: "receipt",
  againFrom: (moment) => `Again from ${moment}.`,
  tryAgain: "try again",
};

// What a reaction is answered with. No praise, no count, no promise that the next tip would not keep.
const ANSWERS = {
  done: () => ["Done.", ""],
  snooze: (moment) => ["Later.", `Not before ${moment}.`],
  too_big: () => ["Too big.", "A smaller step next time."],
  wrong_time: () => ["Wrong time.", "Another time, then."],
  not_mine: () => ["Not yours.", "It stays away."],
};

// What the answers are called, and answered with, where an angle asks for something else than a task.
const OF_ANGLE = {
  keep_or_let_go: {
    labels: { done: "keep it", "not-mine": "let it go" },
    answers: { done: () => ["Kept.", "It stays on your list."], not_mine: () => ["Let go.", "It stays away."] },
  },
  batch: { labels: { done: "first done" }, answers: {} },
  close_day: {
    labels: { done: "enough" },
    answers: { done: () => ["Enough for today.", "Quiet until the morning."], not_mine: () => ["Not yours.", ""] },
  },
};
const LABELS = { done: "done", "not-mine": "not mine" };

/** What the buttons of a tip's answers say, by their ids. */
export const labelsFor = (angle) => ({ ...LABELS, ...OF_ANGLE[angle]?.labels });

/** What an answer is answered with: what it says, and a note below. */
export const answerTo = (angle, given) => OF_ANGLE[angle]?.answers[given] ?? ANSWERS[given];

const RIGHT_TO_LEFT = new Set(["ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ku", "ps", "sd", "ug", "ur", "yi"]);

/** The writing direction of a BCP 47 language. */
export function direction(lang) {
  return RIGHT_TO_LEFT.has(lang.toLowerCase().split("-")[0]) ? "rtl" : "ltr";
}

/** A moment as a person says it: the time, and the day when it is not today. */
export function moment(at, today = new Date()) {
  const sameDay = at.toDateString() === today.toDateString();
  const options = { hour: "numeric", minute: "2-digit", ...(sameDay ? {} : { weekday: "long" }) };
  return new Intl.DateTimeFormat(undefined, options).format(at);
}
