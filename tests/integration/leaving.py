"""Functions in this process on a fake cloud, a whole life to erase, and a look at everything that is left."""

from __future__ import annotations

import importlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import NAMESPACE_OID, uuid5

import botocore.client
import pytest

from chalicelib import wiring, wiring_privacy
from chalicelib.contracts.consents import CONSENTS, TEXT_VERSION
from chalicelib.contracts.events import Envelope, from_json, to_json, type_of
from chalicelib.contracts.http import ConsentsPut, ProfilePatch
from chalicelib.contracts.ml import Decision
from chalicelib.contracts.pool import Pool, Worded
from chalicelib.contracts.records import SignalRecord, storable
from chalicelib.contracts.stores import STORES, physical_name
from chalicelib.domain.identity import derived_id
from chalicelib.events.ports import Words
from chalicelib.events.projection import record_of, state_of
from infra.functions import FUNCTIONS, ml_functions
from infra.queues import QUEUES
from tests import ml_examples as examples
from tests.conftest import Cloud, forget_clients

NOW: Final = datetime.now(UTC)
Death = Literal["before", "after"]


class Killed(BaseException):
    """The process of a function ends here, as if the power went."""


@dataclass
class Waiting:
    """A message in a queue, and how often it was taken."""

    body: str
    taken: int = 0


@dataclass
class Machine:
    """Runs functions by name, carries events from the topic to the queues, kills where it is told to.

    A message stays in its queue until the function has said that it is done, as with SQS: a function that
    is killed gets it again, in a process that remembers nothing.
    """

    monkeypatch: pytest.MonkeyPatch
    calls: int = 0
    deaths: dict[int, Death] = field(default_factory=dict)
    """By number of AWS call: die before it is made, or after it was made and before its answer is heard."""
    died: int = 0
    dead: bool = False
    """What still unwinds in a process that was killed reaches nothing any more."""
    queues: dict[str, list[Waiting]] = field(default_factory=dict)
    handed_over: list[Envelope] = field(default_factory=list)
    """Grants on their way to their providers, who are not asked here."""

    def __post_init__(self) -> None:
        self.forget()
        real: Callable[..., Any] = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

        def call(client: Any, operation: str, params: dict[str, Any]) -> Any:
            if self.dead:
                raise Killed
            self.calls += 1
            death = self.deaths.pop(self.calls, None)
            self.dead = death is not None
            if death == "before":
                raise Killed
            answer = real(client, operation, params)
            if operation == "PublishBatch":
                for entry in params["PublishBatchRequestEntries"]:
                    self.publish(entry["Message"])
            if death == "after":
                raise Killed
            return answer

        self.monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)

    def publish(self, body: str) -> None:
        """From the topic into each queue that takes it."""
        kind = type_of(from_json(body))
        for queue in QUEUES:
            if queue.types and kind in queue.types:
                self.queues.setdefault(queue.function, []).append(Waiting(body))

    def again(self, work: Callable[[], Any]) -> Any:
        """Do it; after a death once more, in a new process."""
        while True:
            try:
                return work()
            except Killed:
                self.restart()

    def restart(self) -> None:
        """A new process: no client, no service, no key is remembered."""
        self.died, self.dead = self.died + 1, False
        self.forget()

    def forget(self) -> None:
        """Drop what this process holds of a cloud."""
        forget_clients()
        for fn in ml_functions():
            for value in vars(importlib.import_module(fn.handler.rpartition(".")[0])).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()

    def drain(self) -> None:
        """Hand everything that waits to its function until nothing does."""
        while any(self.queues.values()):
            for name, waiting in list(self.queues.items()):
                if waiting:
                    self._take(name, waiting)

    def _take(self, name: str, waiting: list[Waiting]) -> None:
        batch = waiting[:10]
        for message in batch:
            message.taken += 1
            allowed = next(q.receives for q in QUEUES if q.function == name)
            assert message.taken <= allowed, f"{name}: {message.body} is a dead letter"
        if name == "integrations-revoke":
            self.handed_over += [from_json(message.body) for message in batch]
            del waiting[: len(batch)]
            return
        records = [{"messageId": str(n), "body": message.body} for n, message in enumerate(batch)]
        try:
            answer = handler(name)({"Records": records}, None)
        except Killed:
            self.restart()
            return
        failed = {int(one["itemIdentifier"]) for one in answer["batchItemFailures"]}
        done = [message for n, message in enumerate(batch) if n not in failed]
        waiting[:] = [message for message in waiting if not any(message is one for one in done)]


def handler(name: str) -> Callable[[dict[str, Any], Any], Any]:
    """What Lambda would call."""
    if name in {fn.name for fn in ml_functions()}:
        module, _, attribute = next(f for f in FUNCTIONS if f.name == name).handler.rpartition(".")
        found: Callable[[dict[str, Any], Any], Any] = getattr(importlib.import_module(module), attribute)
        return found
    from app import app

    return app.handler_map[name]  # type: ignore[no-any-return]


# --- a life -------------------------------------------------------------------------------------


@dataclass
class Life:
    """What was written about someone."""

    id: str
    needles: list[str]
    """What must be found nowhere afterwards: ids, refs, hashes, words."""


def live(cloud: Cloud, who: str, signals: int) -> Life:
    """Something in every personal store; so many signals, a fifth as many items with sealed titles, and a
    twentieth as many decisions, each with its lines in the log and its markers."""
    person_id = derived_id("test", who)
    wiring.profile().change(
        person_id, ProfilePatch(timezone="Europe/Berlin", display_name=f"Name-{who}"), "trace"
    )
    agreed = ConsentsPut(consents=dict.fromkeys(CONSENTS, True), text_version=TEXT_VERSION)
    wiring.profile().decide(person_id, agreed, "trace")
    started = [
        wiring.sessions().start(person_id=person_id, role="person", provider="oidc", previous={})
        for _ in range(2)
    ]
    needles = [person_id, f"Name-{who}", *(one.session.key for one in started)]
    needles += _signed_in(who, person_id)
    needles += _signals(who, person_id, signals)
    needles += _tips(cloud, who, person_id, max(2, signals // 20))
    _connected(person_id)
    _called(person_id)
    _spent(person_id)
    _copied(person_id)
    assert {name for name, rows in held(cloud, needles).items() if rows} >= {
        *(store.name for store in STORES if store.personal and store.name != "rates")
    }
    return Life(person_id, needles)


def _signed_in(who: str, person_id: str) -> list[str]:
    from chalicelib.auth.admins.store import RoleRow
    from chalicelib.auth.store import IdentityTable

    identity = f"identity-of-{who}"
    IdentityTable().resolve(identity, new_person_id=person_id, provider="oidc", now=1)
    RoleRow("admin", person_id, granted_at=1).save()
    return [identity]


def _signals(who: str, person_id: str, count: int) -> list[str]:
    from chalicelib.events.rows import ItemRow, SignalRow, WordsRow
    from chalicelib.events.store import _item_row, _words_row

    title = f"Title of {who}"
    sealed = wiring.sealer().seal(person_id, f"item:{who}-0", title)
    refs = [f"{who}-{n}" for n in range(max(2, count // 5))]
    records = [
        SignalRecord(
            signal_id=str(uuid5(NAMESPACE_OID, f"{who}/{n}")),
            type="task",
            source="manual",
            origin="typed",
            occurred_at=NOW - timedelta(minutes=n),
            item_ref=refs[n % len(refs)],
            title_hash="0" * 64,
            status="open",
            category=f"category-{who}",
        )
        for n in range(count)
    ]
    with SignalRow.batch_write() as batch:
        for one in records:
            batch.save(
                SignalRow(
                    person_id, one.signal_id, type=one.type, item_ref=one.item_ref,
                    occurred_at=storable(one.occurred_at), body=one.model_dump_json(exclude_none=True),
                )
            )  # fmt: skip
    with ItemRow.batch_write() as items, WordsRow.batch_write() as words:
        for one in records[: len(refs)]:
            state = state_of(one, NOW)
            assert record_of(state).type == "task"
            items.save(_item_row(person_id, state))
            words.save(_words_row(person_id, one, Words(sealed, "0" * 64, NOW + timedelta(days=9), True)))
    return [title, f"category-{who}", *refs[:2], *(one.signal_id for one in records[:: max(1, count // 20)])]


def _tips(cloud: Cloud, who: str, person_id: str, count: int) -> list[str]:
    from chalicelib.recommender import words
    from chalicelib.recommender.contract import StoredDecision, TipState
    from chalicelib.recommender.log import DecisionLog
    from chalicelib.recommender.reacting import remembered
    from chalicelib.recommender.store import RecommenderTables
    from ml_lambda.features.snapshot import build
    from ml_lambda.features.store import FeatureTables
    from ml_lambda.policies.store import Applied, StatisticsTable
    from ml_lambda.serving.pools import PoolTable

    tables, statistics, log = RecommenderTables(), StatisticsTable(), DecisionLog()
    state, ids = TipState(person_id=person_id), list[str]()
    for n in range(count):
        decision_id = str(uuid5(NAMESPACE_OID, f"{who}/tip/{n}"))
        decision = Decision.model_validate(
            {**examples.decision(n).model_dump(), "decision_id": decision_id, "person_id": person_id}
        ).model_copy(update={"decided_at": NOW - timedelta(hours=n)})
        sealed = words.seal(wiring.sealer(), person_id, decision_id, f"Tip for {who}", "because")
        stored = StoredDecision(
            decision, lang="en", granted=["tasks"], words=sealed, words_expire_at=NOW + timedelta(days=1),
            due_at=decision.settle_at, changed_at=NOW,
        )  # fmt: skip
        state = state.next(NOW, open=words.open_tip(stored, NOW), recent=[remembered(decision)])
        tables.decide(stored, state)
        for kind in ("decisions", "rewards"):
            event = derived_id(kind, decision_id)
            log.write(kind, NOW.date().isoformat(), person_id, event, {"person_id": person_id})  # type: ignore[arg-type]
        before = statistics.statistics(person_id)
        applied = Applied(1, 0.4, frozenset({"a"}))
        statistics.apply(person_id, decision_id, applied, decision.decided_at, before, {"a": b"x"})
        ids.append(decision_id)
    snapshot = build([], [], "UTC", NOW, person_id=person_id, granted=CONSENTS, goals=())
    assert FeatureTables().save(snapshot)
    ready = examples.entry(sealed=b64encode(sealed).decode(), item_ref=f"{who}-0")
    pool = Pool(person_id=person_id, version=1, entries=[ready])
    PoolTable().save(pool, Worded(meanings={ready.wording: [1, -1]}), CONSENTS, NOW)
    return [f"Tip for {who}", *ids[:: max(1, count // 20)]]


def _connected(person_id: str) -> None:
    from chalicelib.integrations.contract import Connection, Tokens
    from chalicelib.integrations.store import ConnectionTable
    from chalicelib.wiring_integrations import vault

    sealed = vault().seal(person_id, "todoist", Tokens("access", "refresh"))
    assert ConnectionTable().put(Connection(person_id, "todoist", 1, "connected", sealed, (), None, 1))


def _called(person_id: str) -> None:
    from chalicelib.gateway.limits import person_bucket
    from chalicelib.gateway.store import RateTable

    RateTable().count(person_bucket(person_id), counters={"n": True}, expires=int(NOW.timestamp()) + 120)


def _spent(person_id: str) -> None:
    from ml_lambda.llm.budget import TokenBudget

    TokenBudget().reserve(person_id, 100, NOW)


def _copied(person_id: str) -> None:
    from chalicelib.runtime.exports import ExportBucket

    export = wiring.ids().person()
    ExportBucket().begin(person_id, export)
    ExportBucket().write_parts(person_id, export, [ExportBucket()], lambda _: None)


# --- what is left -------------------------------------------------------------------------------


def dump(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """Every row of every table and every object of every bucket of the cloud, as text, by its store."""
    dynamodb, s3 = cloud.client("dynamodb"), cloud.client("s3")
    listed = {physical_name("local", store.name): store.name for store in STORES}
    for page in dynamodb.get_paginator("list_tables").paginate():
        for table in page["TableNames"]:
            for rows in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
                for row in rows["Items"]:
                    yield listed[table], _text(row)
    for bucket in s3.list_buckets()["Buckets"]:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for entry in page.get("Contents", []):
                body = s3.get_object(Bucket=bucket["Name"], Key=entry["Key"])["Body"].read()
                yield listed[bucket["Name"]], entry["Key"] + " " + body.decode(errors="replace")


def _text(row: Any) -> str:
    def plain(value: Any) -> Any:
        return b64encode(value).decode() if isinstance(value, bytes) else sorted(value)

    return json.dumps(row, default=plain, sort_keys=True, ensure_ascii=False)


def held(cloud: Cloud, needles: Iterable[str]) -> dict[str, list[str]]:
    """By store, what names any of the needles."""
    found: dict[str, list[str]] = {}
    looked_for = list(needles)
    for name, text in dump(cloud):
        if any(needle in text for needle in looked_for):
            found.setdefault(name, []).append(text)
    return found


def late(person_id: str, cause: str) -> list[str]:
    """Every kind of event that could still be on its way about the person."""
    from tests.e2e.test_erasure import late as events

    return [to_json(event) for event in events(person_id, derived_id("test", cause), "another-receipt")]


def ask(person_id: str) -> str:
    """`DELETE /api/me`, as its view does it."""
    return wiring_privacy.erasure().request(person_id, "trace")
