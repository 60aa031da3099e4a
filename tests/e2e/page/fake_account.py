"""The part of the stand-in behind the settings: consents' words and history, the card, copies, erasure,
sessions, ways to sign in and connections. Every answer is made from the contract's own models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from chalicelib.auth.http import (
    IdentityList,
    LinkedIdentity,
    LinkRequest,
    LinkStarted,
    SessionList,
    SessionSummary,
)
from chalicelib.contracts.consents import TEXT_VERSION
from chalicelib.contracts.errors import Conflict, NotFound
from chalicelib.contracts.http import ErasureAccepted
from chalicelib.contracts.privacy import (
    Behind,
    CardLine,
    ConsentDecision,
    ConsentHistory,
    ConsentText,
    ConsentTexts,
    ErasedStore,
    ErasureReceipt,
    ExportStatus,
    LineDeleted,
    ProfileCard,
)
from chalicelib.gateway.call import Reply
from chalicelib.integrations.contract import ConnectStarted, Integration, Integrations
from chalicelib.profile.texts import texts

RECEIPT = "r-42"
PROFILE_LINE = CardLine(
    id="profile",
    text="Your time zone is Europe/Berlin, your language de-DE.",
    consents=[],
    signals=Behind(count=0),
    removes="Name, time zone and language go back to what they were at first: none, UTC and en.",
)


def line(name: str, text: str, *consents: Any, count: int = 3, more: bool = False) -> CardLine:
    """A line of the card that rests on signals."""
    return CardLine(
        id=name,
        text=text,
        consents=list(consents),
        signals=Behind(count=count, newest=None if "learning" in consents else datetime.now(UTC), more=more),
        removes=f"{count} signals about {name}, and what was made of them.",
    )


def session(
    name: str, *, current: bool = False, client: Literal["browser", "app"] = "browser"
) -> SessionSummary:
    """A session of the person."""
    now = datetime.now(UTC)
    return SessionSummary(
        id=name,
        current=current,
        provider="local",
        client=client,
        created_at=now - timedelta(days=3),
        last_seen_at=now - timedelta(minutes=7),
        expires_at=now + timedelta(days=27),
    )


def integration(source: str, title: str, **values: Any) -> Integration:
    """A source that can be connected."""
    return Integration.model_validate(
        {"source": source, "title": title, "consent": "tasks", "status": "available", "scopes": [], **values}
    )


@dataclass
class Account:
    """What the API holds about the person, and what a test wants of it."""

    lines: list[CardLine] = field(default_factory=lambda: [PROFILE_LINE])
    decisions: list[ConsentDecision] = field(default_factory=list)
    old_words: dict[str, dict[Any, tuple[str, str]]] = field(default_factory=dict)
    """Versions that were in force before."""
    copies: list[ExportStatus] = field(default_factory=list)
    """How the copy stands, look by look; the last one stays."""
    stores: list[ErasedStore] = field(default_factory=list)
    sessions: list[SessionSummary] = field(default_factory=lambda: [session("s-here", current=True)])
    identities: list[LinkedIdentity] = field(
        default_factory=lambda: [LinkedIdentity(id="i-1", provider="local", created_at=datetime.now(UTC))]
    )
    integrations: list[Integration] = field(default_factory=list)
    link: str = "files/copy.zip"
    site: str = ""
    """Where the page is; providers are played by the same server."""

    def copy(self, state: Any, **values: Any) -> ExportStatus:
        """A copy in that state."""
        ready = {"link": self.link, "link_expires_at": datetime.now(UTC) + timedelta(hours=1)}
        more = ready if state == "ready" else {}
        return ExportStatus.model_validate(
            {"export_id": "e-1", "state": state, "requested_at": datetime.now(UTC), **more, **values}
        )

    def public(self, method: str, path: Sequence[str]) -> Reply | None:
        """What anybody may ask."""
        match (method, *path):
            case ("GET", "profile", "consents", "texts", version):
                return Reply(body=self._texts(version))
            case ("GET", "erasures", receipt):
                return Reply(body=self._receipt(receipt))
        return None

    def handle(self, method: str, path: Sequence[str], query: Mapping[str, str], body: Any) -> Reply | None:
        """One call of the person; None when it belongs elsewhere."""
        if (method, *path) == ("GET", "profile", "consents", "history"):
            return Reply(body=self._history(int(query["limit"]), int(query.get("cursor", 0))))
        parts = {"me": self._me, "auth": self._auth, "integrations": self._integrations}
        part = parts.get(path[0])
        return part(method, path[1:], body) if part else None

    def _me(self, method: str, path: Sequence[str], body: Any) -> Reply | None:
        match (method, *path):
            case ("GET", "profile-card"):
                return Reply(body=ProfileCard(lines=self.lines, as_of=datetime.now(UTC)))
            case ("DELETE", "profile-card", name):
                return Reply(status=202, body=self._forget(name))
            case ("POST", "export"):
                return Reply(status=202, body=self._copy())
            case ("GET", "export", _):
                return Reply(body=self._copy())
            case ("DELETE",):
                return Reply(status=202, body=ErasureAccepted(receipt_id=RECEIPT))
        return None

    def _auth(self, method: str, path: Sequence[str], body: Any) -> Reply | None:
        match (method, *path):
            case ("GET", "sessions"):
                return Reply(body=SessionList(sessions=self.sessions))
            case ("GET", "identities"):
                return Reply(body=IdentityList(identities=self.identities))
            case ("DELETE", "sessions", name):
                self.sessions = _without(self.sessions, name)
                return Reply(status=204)
            case ("DELETE", "identities", name):
                if len(self.identities) == 1:
                    raise Conflict("The last one stays.")
                self.identities = _without(self.identities, name)
                return Reply(status=204)
            case ("POST", "link", provider):
                back = LinkRequest.model_validate(body).return_to
                return Reply(body=LinkStarted(url=f"{self.site}api/auth/login/{provider}?return_to={back}"))
        return None

    def _integrations(self, method: str, path: Sequence[str], body: Any) -> Reply | None:
        match (method, *path):
            case ("GET",):
                return Reply(body=Integrations(integrations=self.integrations))
            case ("POST", name, "connect"):
                self._stand(name, "connected")
                back = f"{self.site}?connected={name}"
                return Reply(body=ConnectStarted(location=back, expires_at=datetime.now(UTC)))
            case ("DELETE", name):
                self._stand(name, "available")
                return Reply(status=204)
        return None

    def _texts(self, version: str) -> ConsentTexts:
        if version not in self.old_words:
            return texts(version)
        found = {name: ConsentText(title=t, what=w) for name, (t, w) in self.old_words[version].items()}
        return ConsentTexts(text_version=version, in_force=version == TEXT_VERSION, texts=found)

    def _receipt(self, receipt: str) -> ErasureReceipt:
        if receipt != RECEIPT:
            raise NotFound("There is no such receipt.")
        complete = all(store.gone_at for store in self.stores)
        return ErasureReceipt(
            receipt_id=receipt,
            requested_at=datetime.now(UTC),
            key_destroyed=True,
            complete=complete,
            stores=self.stores,
            backups_until=datetime.now(UTC) + timedelta(days=35) if complete else None,
            messages_until=datetime.now(UTC) + timedelta(days=14),
        )

    def _forget(self, name: str) -> LineDeleted:
        found = next((one for one in self.lines if one.id == name), None)
        if found is None:
            raise NotFound("That line is not on your card any more.")
        return LineDeleted(id=name, removes=found.removes)

    def _copy(self) -> ExportStatus:
        if not self.copies:
            raise NotFound("You have no export with that id; each is kept for a day.")
        return self.copies.pop(0) if len(self.copies) > 1 else self.copies[0]

    def _history(self, limit: int, start: int) -> ConsentHistory:
        end = start + limit
        return ConsentHistory(
            decisions=self.decisions[start:end], next=str(end) if end < len(self.decisions) else None
        )

    def _stand(self, source: str, status: Any) -> None:
        found = next((one for one in self.integrations if one.source == source), None)
        if found is None:
            raise NotFound("There is no such source here.")
        at = datetime.now(UTC) if status == "connected" else None
        changed = found.model_copy(update={"status": status, "connected_at": at})
        self.integrations = [changed if one is found else one for one in self.integrations]


def _without(things: list[Any], name: str) -> list[Any]:
    left = [one for one in things if one.id != name]
    if len(left) == len(things):
        raise NotFound("No such thing for you.")
    return left
