"""The recommendation engine's contract: what `rank` is asked, what it answers, what is stored.

`chalicelib` invokes `rank` with a RankRequest and stores its RankResponse in the Decision, the one
join key for learning and evaluation. Swap what is inside; keep these.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from chalicelib.contracts.consents import Consent
from chalicelib.contracts.pool import PooledWords
from chalicelib.contracts.records import ItemRecord
from chalicelib.contracts.tips import Angle, DismissReason, ReactionKind, RecommendContext, TipSource

_MOST_DONE = 1e6
"""Nobody gets more than this done in an hour; false for NaN, too."""

Probability = Annotated[float, Field(ge=0, le=1)]
Group = Literal["tasks", "calendar", "habits", "mood", "context"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


# --- the feature snapshot: what `features` keeps per person, what `rank` and the rules read --------


class HabitState(_Model):
    """A habit and how it stands. Days are the person's local days."""

    item_ref: str
    title_words: int = 0
    title_chars: int = 0
    effort_minutes: int | None = None
    category: str | None = None
    words_expire_at: datetime | None = None
    last_done_on: date | None = None
    streak: int = Field(default=0, description="Consecutive days done, ending on last_done_on.")
    done_in_14_days: int = 0
    usual_minute: int | None = Field(
        default=None,
        description="Minute of the local day around which it was mostly done, 0-1439; None: at no one time.",
    )
    steady_days: int = Field(
        default=0,
        description="Of the last 14 days, those on which it was done within 30 minutes of `usual_minute`.",
    )


class MoodState(_Model):
    """The latest mood the person entered."""

    valence: int | None = None
    energy: int | None = None
    at: datetime


class Snapshot(_Model):
    """Everything about a person that ranking needs, bounded: at most 100 tasks, 100 events, 40 habits.

    Derived from stored signals alone, so it can be rebuilt exactly. `as_of` tells per group the
    newest signal it reflects: the age is stored with the value.
    """

    person_id: str
    feature_version: int
    computed_at: datetime
    timezone: str
    as_of: dict[Group, datetime] = {}
    tasks: list[ItemRecord] = []
    events: list[ItemRecord] = Field(
        default=[], description="Ending after computed_at - 3 h, starting within 7 days."
    )
    habits: list[HabitState] = []
    mood: MoodState | None = None
    place: str | None = None
    done_hours: list[float] = Field(
        default=[0.0] * 24,
        description="Decayed count of things done by local hour; half-life 14 days.",
    )
    done_by_category: dict[str, float] = Field(default={}, description="Decayed count, half-life 14 days.")
    done_today: int = 0
    goals: list[str] = Field(default=[], description="The categories that the person chose as goals.")

    @field_validator("done_hours")
    @classmethod
    def _hours_of_a_day(cls, hours: list[float]) -> list[float]:
        """A stored row that is no day of counts says nothing: it must not stop what reads it."""
        counts = len(hours) == 24 and all(0.0 <= hour <= _MOST_DONE for hour in hours)
        return hours if counts else [0.0] * 24


# --- what the person saw and said lately; kept by the recommender, sent with each request ----------


class RecentTip(_Model):
    """A tip of the last 14 days."""

    decision_id: str
    decided_at: datetime
    angle: Angle
    wording: str
    minutes: int = 0
    item_ref: str | None = None
    category: str | None = None
    exposed_at: datetime | None = None
    reaction: ReactionKind | None = None
    reason: DismissReason | None = None


class ItemBlock(_Model):
    """What a "not now" says about an item until `until` (None: until it changes)."""

    item_ref: str
    kind: Literal["snoozed", "too_big", "wrong_time", "not_mine"]
    since: datetime
    until: datetime | None = None


# --- candidates ------------------------------------------------------------------------------------


class Reason(_Model):
    """The one true fact that makes this the moment; worded by `domain/wordings`."""

    code: str = Field(description="A reason of domain/wordings, e.g. `due_today`.")
    params: dict[str, int | str] = {}


class Candidate(_Model):
    """A tip that could be given: item × angle, without words."""

    angle: Angle
    kind: Literal["advice", "todo"]
    wording: str = Field(description="Template id, e.g. `do_now.3`; never the same within 14 days.")
    reason: Reason
    minutes: int = Field(ge=0, description="What it takes; 0 when it takes none.")
    expires_at: datetime
    item_ref: str | None = None
    anchor_ref: str | None = Field(
        default=None, description="The event or the habit that its words name beside the item."
    )
    category: str | None = None
    score: float = Field(
        default=0.0,
        description="The rules' own value in [0,1]; orders candidates without a scorer.",
    )


class ScoredCandidate(_Model):
    """A candidate with the vector its policies saw (order and version in domain/features.py)."""

    candidate: Candidate
    features: list[float]


class RankRequest(_Model):
    """What `rank` is asked."""

    person_id: str
    now: datetime
    timezone: str
    locale: str = "en"
    granted: list[Consent]
    context: RecommendContext = RecommendContext()
    recent: list[RecentTip] = []
    blocks: list[ItemBlock] = []
    seed: int = Field(ge=0, lt=2**63, description="Seeds the draw; logged, so that it can be replayed.")
    trace_id: str = ""


class PolicyRef(_Model):
    """Which policy, in which version."""

    name: str
    version: str


class Choice(_Model):
    """How a candidate was chosen: all that learning and evaluation need, no words."""

    candidates: list[ScoredCandidate]
    chosen: int | None = Field(description="Index into candidates; None when there is no ground for a tip.")
    context: list[float]
    feature_version: int
    probabilities: list[Probability] = Field(description="The mixed vector that was sampled; sums to 1.")
    policy: PolicyRef = Field(
        description="What served, by its id; of a mixture, what the challenger is mixed into."
    )
    arm: str = Field(default="champion", description="The experiment arm this person is in.")
    rho: float = Field(default=0.0, description="Share of the challenger in the mix.")
    experiment: str = Field(default="", description="The experiment under way; empty: none.")
    phase: str = Field(default="", description="Its phase: shadow, canary or ab.")
    champion: list[Probability] = Field(default=[], description="The champion's full vector.")
    challenger: list[Probability] = Field(
        default=[], description="The challenger's full vector, in each phase."
    )
    shadow: dict[str, list[Probability]] = Field(
        default={}, description="Every other policy's full vector, by its id."
    )
    champion_id: str = Field(default="", description="Whose vector `champion` is; empty: `policy`'s.")
    challenger_id: str = ""
    manifest_version: int = Field(default=0, description="What served; 0: nothing was published.")
    manifest_digest: str = Field(
        default="", description="Of what served, with the versions of its policies; `learn` notes the same."
    )
    prior_version: str = Field(default="", description="The prior of `policy`.")
    posterior_sequence: int = 0
    seed: int = 0
    snapshot_at: datetime | None = None
    degraded: list[str] = Field(
        default=[], description="Feature groups that served their defaults: what they read was too old."
    )
    contributions: list[float] = Field(
        default=[],
        description="Per candidate feature, what it added to the chosen one's expected reward beside the "
        "mean of the others, by the weights of the policy that served. Empty: no policy of weights chose.",
    )


class RankResponse(_Model):
    """What `rank` answers. `words`: sealed words (base64) of the chosen item and its anchor, by ref."""

    choice: Choice
    words: dict[str, str] = {}
    pooled: PooledWords | None = Field(
        default=None, description="A model's words for what was chosen; none: the template's are shown."
    )
    words_expire_at: datetime | None = Field(
        default=None, description="When the first of `words` must be gone; unknown: 24 hours after now."
    )
    next_look_at: datetime
    outdated: bool = Field(
        default=False,
        description="The snapshot is missing, of another version or old: it should be made anew.",
    )


# --- the decision ----------------------------------------------------------------------------------


class ReactionRecord(_Model):
    """One accepted reaction; the latest of done/snooze/dismiss wins (domain/rewards.py)."""

    kind: ReactionKind
    at: datetime
    reason: DismissReason | None = None
    until: datetime | None = None


class Decision(_Model):
    """A stored decision, words apart. `revision` counts changes to exposure, reactions and later-done."""

    decision_id: str
    person_id: str
    decided_at: datetime
    expires_at: datetime
    settle_at: datetime = Field(description="When silence counts as the person's answer.")
    choice: Choice
    source: TipSource
    exposed_at: datetime | None = None
    reactions: list[ReactionRecord] = []
    later_done_at: datetime | None = None
    revision: int = 0
    reward: float | None = None
    reward_revision: int = 0

    @property
    def candidate(self) -> Candidate:
        """The chosen candidate (a stored decision always has one)."""
        assert self.choice.chosen is not None
        return self.choice.candidates[self.choice.chosen].candidate
