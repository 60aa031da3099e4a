"""Admins: lets them in, writes down what they do, shows their sessions and the audit."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from chalicelib.auth.admins.contract import AuditStore, Entry, RoleStore
from chalicelib.auth.contract import Session, SessionStore
from chalicelib.auth.http import (
    AdminSession,
    AdminSessionList,
    AuditEntry,
    AuditPage,
    AuditQuery,
)
from chalicelib.auth.sessions import digest
from chalicelib.contracts.errors import Forbidden, NotFound
from chalicelib.contracts.http import Principal
from chalicelib.contracts.ports import Clock, Ids

if TYPE_CHECKING:
    from chalicelib.runtime.settings import Settings

_KEY: Final = re.compile(r"[0-9a-f]{64}")


class AdminService:
    """Who is an admin, and what admins did."""

    def __init__(
        self,
        roles: RoleStore,
        audit: AuditStore,
        sessions: SessionStore,
        clock: Clock,
        ids: Ids,
        settings: Settings,
    ) -> None:
        self._roles = roles
        self._audit = audit
        self._sessions = sessions
        self._clock = clock
        self._ids = ids
        self._settings = settings

    def role_of(self, person_id: str) -> Literal["person", "admin"]:
        """What a session of this person may be."""
        return "admin" if self._roles.is_admin(person_id) else "person"

    def admit(self, principal: Principal, action: str, trace_id: str) -> None:
        """Let an admin do this and write it down first. Raises Forbidden for who is none (any more)."""
        if principal.role != "admin":
            raise Forbidden("This needs an admin's session.")
        person_id = principal.person_id
        still = self._roles.is_admin(person_id) if person_id else bool(self._settings.admin_token_sha256)
        if not still:
            raise Forbidden("You are no admin any more.")
        self._append(_name(person_id, principal.session_id or ""), action, trace_id)

    def signed_in(self, session: Session, trace_id: str) -> None:
        """Write down that an admin signed in."""
        self._append(_name(session.person_id, session.key), f"sign-in {session.provider}", trace_id)

    def sessions(self, principal: Principal) -> AdminSessionList:
        """The sessions of admins that have not expired, the latest used first."""
        now = int(self._clock.now().timestamp())
        found = [*self._sessions.of_person(None)]
        for person_id in self._roles.admins():
            found += self._sessions.of_person(person_id)
        alive = [s for s in found if s.role == "admin" and s.expires > now]
        return AdminSessionList(
            sessions=[
                AdminSession(
                    id=s.key,
                    current=s.key == principal.session_id,
                    admin=_name(s.person_id, s.key),
                    created_at=_moment(s.created_at),
                    last_seen_at=_moment(s.last_seen),
                    expires_at=_moment(s.expires),
                )
                for s in sorted(alive, key=lambda s: (-s.last_seen, s.key))
            ]
        )

    def end_session(self, session_id: str) -> None:
        """End an admin's session. Raises NotFound, also for a person's."""
        if not _KEY.fullmatch(session_id) or not self._sessions.end(session_id, role="admin"):
            raise NotFound("There is no such admin session; see GET /api/admin/sessions.")

    def audit(self, query: AuditQuery) -> AuditPage:
        """A page of a day's entries."""
        day = query.day or self._clock.now().astimezone(UTC).date().isoformat()
        entries = list(self._audit.day(day, query.cursor, query.limit))
        return AuditPage(
            entries=[
                AuditEntry(id=e.id, at=_moment(e.at), admin=e.admin, action=e.action, trace_id=e.trace_id)
                for e in entries
            ],
            next=entries[-1].id if len(entries) == query.limit else None,
        )

    def _append(self, admin: str, action: str, trace_id: str) -> None:
        self._audit.append(
            Entry(self._ids.new(), int(self._clock.now().timestamp()), admin, action, trace_id)
        )


def person_tag(person_id: str) -> str:
    """How the audit names a person: who has the id can tell, and once the id is gone nobody can."""
    return "person:" + digest(f"audit\n{person_id}")[:16]


def _name(person_id: str | None, session_key: str) -> str:
    return person_tag(person_id) if person_id else f"token:{session_key[:16]}"


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
