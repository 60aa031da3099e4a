"""A stand-in for oO's API behind the same contract, for tests of the page alone.

Every request body is checked with the contract's own models and every answer is made from them, so
the page cannot pass here with what the real API would refuse. What breaks the contract is kept in
`broken`; the fixture fails the test for it. Static files and security headers are the gateway's own.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import uuid4

from pydantic import TypeAdapter

from chalicelib.contracts.consents import CONSENTS, TEXT_VERSION, Consent, ConsentState
from chalicelib.contracts.errors import Invalid, OoError, Unauthenticated
from chalicelib.contracts.http import (
    ConsentsAnswer,
    ConsentsPut,
    ExposureRequest,
    Profile,
    ProfilePatch,
    ProviderInfo,
    Providers,
    ReactionAccepted,
    ReactionRequest,
    Recommendation,
    RecommendRequest,
    SessionInfo,
    Tip,
)
from chalicelib.contracts.signals import SignalBatch, SignalEntry, SignalResult, SignalResults
from chalicelib.gateway.call import Reply
from tests.e2e.page.fake_account import Account

SESSION: Final = "a-session-of-the-test"
_ENTRY: Final[TypeAdapter[Any]] = TypeAdapter(SignalEntry)


def make_tip(text: str = "Send the invoice to Mira. 5 minutes.", **values: Any) -> Tip:
    """A tip as the API would word it."""
    return Tip.model_validate(
        {
            "id": str(uuid4()),
            "kind": "todo",
            "text": text,
            "why": "You have 25 minutes before the call at 15:00.",
            "source": "template",
            "angle": "do_now",
            "expires_at": datetime.now(UTC) + timedelta(minutes=25),
            **values,
        }
    )


@dataclass
class World:
    """What the API knows, and what a test wants it to do."""

    signed_in: bool = True
    tips: deque[Tip] = field(default_factory=deque)
    open_tip: Tip | None = None
    next_look_at: datetime | None = None
    profile: Profile = field(default_factory=lambda: Profile(timezone="Europe/Berlin", locale="de-DE"))
    consents: dict[Consent, ConsentState | None] = field(default_factory=dict)
    providers: list[ProviderInfo] = field(
        default_factory=lambda: [
            ProviderInfo(name="local", title="your account", login="api/auth/login/local")
        ]
    )
    capture_problem: OoError | None = None
    failing: dict[str, OoError] = field(default_factory=dict)
    """Path -> what it answers instead."""
    held: dict[str, threading.Event] = field(default_factory=dict)
    """Path -> answered only when this is set."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    reactions: list[tuple[str, ReactionRequest]] = field(default_factory=list)
    exposures: list[str] = field(default_factory=list)
    signals: list[Any] = field(default_factory=list)
    account: Account = field(default_factory=Account)
    erased: bool = False
    broken: list[str] = field(default_factory=list)

    def consent(self, granted: bool = True, version: str = TEXT_VERSION) -> None:
        """Every consent is answered."""
        state = ConsentState(granted=granted, at=datetime.now(UTC), text_version=version)
        self.consents = dict.fromkeys(CONSENTS, state)

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(1 for _, given in self.requests if given == path)

    def handle(self, method: str, path: str, query: str, raw: bytes, cookie: str) -> Reply:
        """One API call."""
        if path in self.failing:
            raise self.failing[path]
        parts = path.split("/")[1:]
        if reply := self.account.public(method, parts):
            return reply
        if path == "api/auth/providers":
            return Reply(body=Providers(providers=self.providers))
        if path.startswith("api/auth/login/"):
            self.signed_in = True
            return Reply(status=303, headers={"Location": "../../../"}, cookies=[f"sid={SESSION}; Path=/"])
        if path == "api/auth/logout":
            self.signed_in = False
            return Reply(status=204)
        if not self.signed_in or (cookie and cookie != SESSION):
            raise Unauthenticated("Sign in first.")
        body = json.loads(raw) if raw else None
        if reply := self.account.handle(method, parts, dict(parse_qsl(query)), body):
            if (method, path) == ("DELETE", "api/me"):
                self.erased, self.signed_in = True, False
            return reply
        route: Callable[[str, Any], Reply] = getattr(self, f"_{method.lower()}_{path.split('/')[1]}")
        return route(path, body)

    def _get_auth(self, path: str, body: Any) -> Reply:
        expires = datetime.now(UTC) + timedelta(days=30)
        return Reply(body=SessionInfo(person_id="1b6f", role="person", expires_at=expires))

    def _post_recommend(self, path: str, body: Any) -> Reply:
        RecommendRequest.model_validate(body)
        if not any(state and state.granted for state in self.consents.values()):
            return Reply(body=Recommendation(tip=None, reason="consent_required"))
        if self.open_tip is None and self.tips:
            self.open_tip = self.tips.popleft()
        if self.open_tip is None:
            return Reply(body=Recommendation(tip=None, reason="nothing_now", next_look_at=self.next_look_at))
        return Reply(body=Recommendation(tip=self.open_tip))

    def _post_tips(self, path: str, body: Any) -> Reply:
        _, _, tip_id, what = path.split("/")
        if what == "exposure":
            ExposureRequest.model_validate(body)
            self.exposures.append(tip_id)
            return Reply(status=202)
        reaction = ReactionRequest.model_validate(body)
        self.reactions.append((tip_id, reaction))
        if reaction.kind == "undo":
            self.open_tip = self._closed
        elif self.open_tip and self.open_tip.id == tip_id:
            self._closed, self.open_tip = self.open_tip, None
        return Reply(status=202, body=ReactionAccepted(revision=len(self.reactions), kind=reaction.kind))

    def _post_signals(self, path: str, body: Any) -> Reply:
        results = []
        for index, given in enumerate(SignalBatch.model_validate(body).signals):
            entry = _ENTRY.validate_python(given)
            if self.capture_problem:
                wrong = self.capture_problem.document()
                return Reply(
                    status=202,
                    body=SignalResults(results=[SignalResult(index=index, status="rejected", problem=wrong)]),
                )
            self.signals.append(entry)
            results.append(SignalResult(index=index, status="accepted", id=str(entry.id)))
        return Reply(status=202, body=SignalResults(results=results))

    def _get_profile(self, path: str, body: Any) -> Reply:
        if path.endswith("/consents"):
            every = {name: self.consents.get(name) for name in CONSENTS}
            return Reply(body=ConsentsAnswer(consents=every, text_version=TEXT_VERSION))
        return Reply(body=self.profile)

    def _patch_profile(self, path: str, body: Any) -> Reply:
        patch = ProfilePatch.model_validate(body)
        self.profile = self.profile.model_copy(update=patch.model_dump(exclude_unset=True))
        return Reply(body=self.profile)

    def _put_profile(self, path: str, body: Any) -> Reply:
        given = ConsentsPut.model_validate(body)
        if given.text_version != TEXT_VERSION:
            raise Invalid("That text is not the current one.")
        for name, granted in given.consents.items():
            self.consents[name] = ConsentState(
                granted=granted, at=datetime.now(UTC), text_version=given.text_version
            )
        return self._get_profile("api/profile/consents", None)

    _closed: Tip | None = None
