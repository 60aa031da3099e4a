// What oO knows, line by line, with what is behind each, and forgetting it.

import { Problem, ask, call } from "./api.js";
import { wordsOf } from "./consents.js";
import { askBack, attempt, draw, go, make, note } from "./frame.js";
import { UNSETTLED, consents } from "./gate.js";
import { device } from "./settings.js";
import { KNOWS, TITLES, day } from "./words-screens.js";

const forgotten = new Set(); // lines that go within moments: not shown again meanwhile

/** The screen. */
export async function knows({ current, hooks }) {
  const [card, { answer }] = await Promise.all([ask("GET", "api/me/profile-card"), consents()]);
  const words = await wordsOf(answer.text_version);
  const shown = card.lines.filter(({ id }) => !forgotten.has(id));
  const list = make("ul", { className: "lines long" }, ...shown.map((line) => row(line, words, current, hooks)));
  const told = shown.some((line) => line.consents.length);
  const intro = !shown.length ? KNOWS.nothing : !told ? KNOWS.little : card.as_of ? KNOWS.asOf(day(card.as_of)) : "";
  return [
    ...(intro ? [make("p", {}, intro)] : []),
    list,
    make("button", { onclick: () => go("history") }, TITLES.history),
  ];
}

function row(line, words, current, hooks) {
  const said = make("p", { id: `line-${line.id}`, dir: "auto" }, line.text);
  const forget = make("button", { className: "plain", describedBy: said.id }, KNOWS.forget);
  const item = make("li", {}, said, make("small", {}, behind(line, words)), forget);
  const act = async (button) => {
    const gone = await attempt(button, async () => {
      try {
        await call("DELETE", `api/me/profile-card/${encodeURIComponent(line.id)}`);
      } catch (problem) {
        // What is not there any more is forgotten.
        if (!(problem instanceof Problem) || problem.status !== 404) throw problem;
      }
    });
    if (!gone) return;
    if (line.consents.length) forgotten.add(line.id);
    else device.set(UNSETTLED, "1"); // what was set is as at first, and has a line again
    hooks.changed();
    if (!current()) return;
    const next = item.nextElementSibling ?? item.previousElementSibling;
    if (!line.consents.length || !next) await draw();
    else {
      item.remove();
      next.querySelector("button").focus();
    }
    note(KNOWS.forgotten);
  };
  forget.onclick = () => askBack(forget, { what: KNOWS.goes(line.removes), no: KNOWS.keep, yes: KNOWS.yes, act });
  return item;
}

function behind({ consents: rests, signals }, words) {
  if (!rests.length) return KNOWS.yours;
  const what = rests.length === 1 && rests[0] === "learning" ? "answer" : "signal";
  const from = KNOWS.from(signals.count, what, signals.more, signals.newest && day(signals.newest));
  return `${from} ${KNOWS.agreed(rests.map((name) => words[name]?.title ?? name))}`;
}
