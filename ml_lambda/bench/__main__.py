"""Every named model over the fixed contexts; a page, MLflow, a short table.

make bench-tips                                               # the models of the oO that runs here
LITELLM_URL=https://models.example make bench-tips            # those at an address, key in LITELLM_API_KEY
make bench-tips ARGS="--at small=http://127.0.0.1:4000@reword --at large=https://models.example@write"
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

if __name__ == "__main__":
    # A line per refused call would run through the progress bar.
    os.environ.setdefault("OO_LOG_LEVEL", "CRITICAL")
    os.environ.setdefault("OO_STAGE", "local")

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from chalicelib.runtime.parameters import secret_parameter
from ml_lambda.bench.attacking import attack, attacks
from ml_lambda.bench.contexts import Context, contexts, version
from ml_lambda.bench.judging import judge
from ml_lambda.bench.measures import summary
from ml_lambda.bench.page import Benched, figures, page
from ml_lambda.bench.run import run
from ml_lambda.llm.client import HttpModels
from ml_lambda.llm.contract import JUDGE, TIP_GENERATOR, EmbeddingModel, ModelUnavailable
from ml_lambda.llm.prompts import Mode, request

SECONDS: Final = 60.0  # for one call: a benchmark waits longer than a person's pool would
_AT: Final = re.compile(r"(?P<name>[\w.-]+)=(?P<url>https?://[^@\s]+)@(?P<mode>write|reword)")


class Place(NamedTuple):
    """A model to measure: the aliases at an address."""

    name: str
    url: str
    mode: Mode


def main(arguments: Sequence[str]) -> int:
    """Measure; 1 when no model answers, 2 when none is named."""
    options = _options(arguments)
    console = Console()
    if not options.at:
        console.print(
            "no model: start `make dev PROFILES=ai`, set LITELLM_URL, or say --at NAME=URL@write|reword"
        )
        return 2
    known = list(contexts())[: options.first]
    if troubles := [trouble for place in options.at if (trouble := _trouble(place, known))]:
        console.print("\n".join(troubles), soft_wrap=True)
        return 1
    benched = [_bench(place, known, options, console) for place in options.at]
    html = page(benched, version())
    home = options.home / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    home.mkdir(parents=True, exist_ok=True)
    (home / "tips.html").write_text(html)
    console.print(_table(benched))
    console.print(f"page: {home / 'tips.html'}", soft_wrap=True)
    if options.mlflow:
        console.print(_kept(options.mlflow, benched, html), soft_wrap=True)
    return 0 if any(one.summary.valid for one in benched) else 1


def _models(place: Place) -> HttpModels:
    return HttpModels(place.url, timeout_seconds=SECONDS, key=_key, count=lambda call: None)


def _key() -> str:
    """The proxy's key: the caller's own, or the one that the functions of the running oO are given."""
    parameter = os.environ.get("OO_LITELLM_KEY_PARAMETER", "")
    return os.environ.get("LITELLM_API_KEY") or (secret_parameter(parameter) if parameter else "")


def _trouble(place: Place, known: Sequence[Context]) -> str:
    """Why its model would answer nothing; empty when it answers. Asked once, so that no run is in vain."""
    requests = (request(one.draft, place.mode) for one in known if one.draft is not None)
    first = next((asked for asked in requests if asked is not None), None)
    models = _models(place)
    try:
        if first is not None:
            ask = models.chat(TIP_GENERATOR).ask
            ask(first.messages, schema=first.schema, max_tokens=first.max_tokens, seed=first.seed)
    except ModelUnavailable as error:
        if error.reason != "malformed":
            return (
                f"{place.name}: no answer from `{TIP_GENERATOR}` at {place.url} ({error}): is it up, and "
                "LITELLM_API_KEY its key?"
            )
    finally:
        models.close()
    return ""


def _bench(place: Place, known: Sequence[Context], options: argparse.Namespace, console: Console) -> Benched:
    models = _models(place)
    chat, embedder = models.chat(TIP_GENERATOR), _embedder(models, console)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:

        def bar(what: str, total: int) -> Callable[[str], None]:
            task = progress.add_task(f"{place.name}: {what}", total=total)
            return lambda name: progress.advance(task)

        rows = run(known, chat, place.mode, embedder, step=bar("contexts", len(known)))
        worded = sum(row.by_model for row in rows)
        said = judge(rows, models.chat(JUDGE), step=bar("judge", worded)) if options.judge else None
        held = None
        if options.attacks:
            held = attack(chat, place.mode, step=bar("attacks", len(attacks())))
    models.close()
    figured = summary(rows, contexts=len(known), prices=options.prices)
    return Benched(place.name, figured, rows, said, held)


def _embedder(models: HttpModels, console: Console) -> EmbeddingModel | None:
    embedder = models.embedder()
    try:
        embedder.embed(["a tip"])
    except ModelUnavailable as error:
        console.print(f"no embedder ({error.reason}): near-duplicates and topic are not measured")
        return None
    return embedder


def _table(benched: Sequence[Benched]) -> Table:
    table = Table("", *(one.name for one in benched))
    columns = [dict(figures(one)) for one in benched]
    for name in dict.fromkeys(name for column in columns for name in column):
        table.add_row(name, *(column.get(name, "") for column in columns))
    return table


def _kept(address: str, benched: Sequence[Benched], html: str) -> str:
    try:
        from ml_lambda.bench.tracking import log
    except ImportError:
        return "MLflow is not installed: the page is all there is"
    return f"MLflow: {len(log(address, benched, version(), html))} runs at {address}"


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    home = Path(os.environ.get("OO_HOME", ".oo"))
    parser = argparse.ArgumentParser(
        prog="make bench-tips",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--at", type=_place, action="append", default=[], metavar="NAME=URL@MODE")
    parser.add_argument(
        "--mode", choices=("write", "reword"), default=os.environ.get("OO_WORDING_MODE", "write")
    )
    parser.add_argument(
        "--judge", action="store_true", help="compare with the templates by the alias `judge`"
    )
    parser.add_argument("--attacks", action="store_true", help="send the corpus of attacks, too")
    parser.add_argument("--first", type=int, default=None, help="only so many contexts")
    parser.add_argument(
        "--prices", type=float, nargs=2, default=(0.0, 0.0), metavar=("READ", "WRITTEN"),
        help="of a million tokens",
    )  # fmt: skip
    parser.add_argument("--home", type=Path, default=home / "bench-tips")
    parser.add_argument(
        "--mlflow",
        default=os.environ.get("OO_MLFLOW_TRACKING_URI") or f"sqlite:///{home.resolve()}/mlflow/registry.db",
        help="where MLflow keeps it; empty: nowhere",
    )
    options = parser.parse_args(arguments)
    url = os.environ.get("LITELLM_URL") or os.environ.get("OO_LITELLM_URL")
    if not options.at and url:
        options.at = [Place("models", url, options.mode)]
    return options


def _place(text: str) -> Place:
    found = _AT.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError("say NAME=URL@write or NAME=URL@reword")
    return Place(found["name"], found["url"], "write" if found["mode"] == "write" else "reword")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
