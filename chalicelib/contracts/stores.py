"""Every store that holds anything about a person, and every other store.

Checked against `infra/` by a test: a store that is not listed here fails the build. Erasure and
export walk this list. Physical names are `oo-<stage>-<name>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Sealed:
    """An attribute that holds sealed bytes, and what they are bound to beside the person."""

    attribute: str
    kind: str
    """The purpose is `<kind>:<sort key>`."""

    def purpose(self, sort: str) -> str:
        """What the bytes of the row with that sort key are bound to."""
        return f"{self.kind}:{sort}"


@dataclass(frozen=True)
class Store:
    """One store. `key`/`sort` and `indexes` are what infra creates; attributes are strings unless said."""

    name: str
    owner: str
    holds: str
    kind: Literal["table", "bucket"] = "table"
    personal: bool = True
    key: str = "person_id"
    sort: str | None = None
    local_indexes: tuple[tuple[str, str], ...] = ()
    """(index name, sort attribute): strongly consistent, same partition."""
    global_indexes: tuple[tuple[str, str, str | None], ...] = ()
    """(index name, partition attribute, sort attribute)."""
    index_keys_only: bool = False
    """Its global indexes hold keys alone, so that writing another attribute writes no index."""
    expires: str | None = None
    """The attribute (epoch seconds) after which DynamoDB may delete the row; readers enforce it."""
    stream: bool = False
    backup_days: int = 35
    """How far back the table can be restored (point-in-time recovery); 0: not at all."""
    only_sealed: bool = False
    """All that its rows say is sealed: without the person's key a backup of it is noise."""
    retention: str = "until erased"
    sealed: tuple[Sealed, ...] = ()
    """What `infra keys reseal` seals again after a person's key got a new version."""


STORES: Final[tuple[Store, ...]] = (
    # auth
    Store(
        "identities",
        "auth",
        "issuer and subject (hashed) -> person",
        key="identity",
        global_indexes=(("by_person", "person_id", None),),
    ),
    Store(
        "sessions",
        "auth",
        "sessions by hash of the sid, and of apps by hash of their refresh token's family",
        key="session",
        global_indexes=(("by_person", "person_id", None),),
        index_keys_only=True,
        expires="expires",
        backup_days=0,
        retention="browser: 30 days; app: 90 days",
    ),
    Store(
        "sign-ins",
        "auth",
        "sign-ins under way: state, nonce, verifier",
        personal=False,
        key="state",
        expires="expires",
        backup_days=0,
        retention="10 minutes",
    ),
    Store("roles", "auth", "who is an admin", key="role", sort="person_id"),
    Store(
        "audit",
        "auth",
        "what admins did: route, time, trace id; a tag for the admin, no person",
        personal=False,
        key="day",
        sort="entry",
        expires="expires",
        retention="400 days",
    ),
    Store(
        "signing-keys",
        "auth",
        "keys that sign access tokens, wrapped by KMS",
        personal=False,
        key="use",
        sort="serial",
        expires="expires",
        backup_days=0,
        retention="31 days",
    ),
    # gateway
    Store(
        "rates",
        "gateway",
        "calls in the current minute, by hash of a person or of an address",
        key="bucket",
        expires="expires",
        backup_days=0,
        retention="2 minutes",
    ),
    # profile
    Store("profiles", "profile", "profile, consents and the erasure tombstone", sort="part"),
    Store("person-keys", "profile", "the wrapped data key of each person", backup_days=0),
    Store(
        "erasures",
        "profile",
        "what an erasure did and when, by receipt; no person",
        personal=False,
        key="receipt_id",
        expires="expires",
        backup_days=0,
        retention="90 days",
    ),
    Store(
        "exports",
        "profile",
        "copies of everything that a person asked for",
        kind="bucket",
        backup_days=0,
        retention="1 day",
    ),
    # events
    Store(
        "signals",
        "events",
        "the durable signals: derivatives only",
        sort="signal_id",
        local_indexes=(("by_time", "occurred_at"),),
    ),
    Store(
        "items",
        "events",
        "latest state of each task, event and habit",
        sort="item_ref",
        local_indexes=(("by_open", "open_key"),),
    ),
    Store(
        "item-words",
        "events",
        "sealed titles",
        sort="item_ref",
        expires="expires",
        backup_days=1,
        only_sealed=True,
        retention="typed: until done or deleted; file: 30 days; connector: 24 hours",
        sealed=(Sealed("sealed", "item"),),
    ),
    Store(
        "tail",
        "events",
        "what passed the bus, without person or text",
        personal=False,
        key="hour",
        sort="entry",
        expires="expires",
        backup_days=0,
        retention="24 hours",
    ),
    # recommender
    Store(
        "decisions",
        "recommender",
        "decisions, exposures, reactions, rewards; words sealed",
        sort="decision_id",
        global_indexes=(("by_due", "due_hour", "settle_at"),),
        index_keys_only=True,
        stream=True,
        backup_days=7,
        sealed=(Sealed("words", "tip"),),
    ),
    Store("tip-states", "recommender", "open tip, recent tips and item blocks of each person"),
    Store(
        "decision-log",
        "recommender",
        "decisions and rewards by day, without words",
        kind="bucket",
        backup_days=0,
    ),
    # integrations
    Store(
        "provider-tokens",
        "integrations",
        "connections to third parties, their tokens sealed; people who are on the way to one",
        sort="source",
        expires="expires",
        backup_days=7,
        retention="until disconnected; on the way: 10 minutes",
        sealed=(Sealed("sealed", "tokens"),),
    ),
    # ml_lambda
    Store("snapshots", "ml_lambda", "features of each person"),
    Store("statistics", "ml_lambda", "policy statistics of each person"),
    Store("reward-markers", "ml_lambda", "which reward revisions were applied", sort="revision_key"),
    Store(
        "pools",
        "ml_lambda",
        "wordings that a model wrote ahead, sealed; what they mean and which theme a task is of, as numbers",
        sort="part",
        expires="expires",
        backup_days=0,
        retention="words and themes: 3 days; their meaning in numbers: 14 days; "
        "that they are being written: minutes",
    ),
    Store(
        "model-usage",
        "ml_lambda",
        "tokens that language models read and wrote, per day: of each person, and of all together",
        sort="day",
        expires="expires",
        backup_days=0,
        retention="7 days",
    ),
    Store(
        "models",
        "ml_lambda",
        "what serves: the manifest, priors, the gate's evidence with marks of the decisions that it counts "
        "(six bytes of a hash); sums over people, nobody's alone",
        personal=False,
        key="name",
        retention="a version is kept while it serves or may be rolled back to",
    ),
    Store(
        "registry",
        "ml_lambda",
        "the model registry and the nightly reports: sums over people, nobody's alone",
        kind="bucket",
        personal=False,
        retention="reports: 400 days; versions and their artifacts: kept",
    ),
)


def store(name: str) -> Store:
    """The store of that name; KeyError when it is not listed."""
    return next(s for s in STORES if s.name == name)


def physical_name(stage: str, name: str) -> str:
    """What the store is called in the cloud, e.g. `oo-local-signals`."""
    return f"oo-{stage}-{store(name).name}"
