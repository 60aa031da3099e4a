"""The ways in which a person signs in: listed, and taken away while another one is left."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.auth.contract import IdentityStore
from chalicelib.auth.http import IdentityList, LinkedIdentity
from chalicelib.auth.sessions import SessionService
from chalicelib.contracts.errors import Conflict, NotFound
from chalicelib.contracts.http import Principal


class IdentityService:
    """A person's identities. They come by `SignInService.link`."""

    def __init__(self, identities: IdentityStore, sessions: SessionService) -> None:
        self._identities = identities
        self._sessions = sessions

    def list(self, person_id: str) -> IdentityList:
        """All of them, the oldest first."""
        found = sorted(self._identities.of_person(person_id), key=lambda i: (i.created_at, i.key))
        return IdentityList(
            identities=[
                LinkedIdentity(
                    id=i.key, provider=i.provider, created_at=datetime.fromtimestamp(i.created_at, UTC)
                )
                for i in found
            ]
        )

    def unlink(self, principal: Principal, person_id: str, identity: str) -> None:
        """Take one away, and end the sessions that its provider vouched for, but for this one.

        Raises NotFound, also for another person's; Conflict for the last one.
        """
        mine = {i.key: i for i in self._identities.of_person(person_id)}
        if identity not in mine:
            raise NotFound("You have no such way to sign in; see GET /api/auth/identities.")
        for other in mine:
            if other != identity and self._identities.unlink(identity, person_id=person_id, other=other):
                self._sessions.end_others(person_id, mine[identity].provider, principal.session_id or "")
                return
        raise Conflict("This is your only way to sign in. Add another one first.")
