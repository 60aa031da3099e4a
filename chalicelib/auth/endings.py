"""What a sign-in was for, once the provider has said who it is: a session, an app's code, or a link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from chalicelib.auth.contract import App, Identity, IdentityStore, SignIn, SignInRefused
from chalicelib.auth.sessions import SessionService, Started, digest, presented
from chalicelib.contracts.errors import Conflict, OoError, Unavailable
from chalicelib.contracts.ports import Clock, Ids, Limiter

if TYPE_CHECKING:
    from chalicelib.auth.admins.service import AdminService
    from chalicelib.auth.tokens.service import TokenService
    from chalicelib.runtime.settings import Settings

_ERASED: Final = "The account was erased meanwhile. Sign in again to begin a new one."


@dataclass(frozen=True)
class Ended:
    """Where the browser goes on, with a new session unless it was an app's; `failed` is told to the app."""

    location: str
    started: Started | None = None
    failed: OoError | None = None


class Endings:
    """The ends of a sign-in. An identity is a SHA-256 (`identity_key`)."""

    def __init__(
        self,
        identities: IdentityStore,
        sessions: SessionService,
        tokens: Callable[[], TokenService],
        admins: AdminService,
        erased: Callable[[str], bool],
        limiter: Limiter,
        clock: Clock,
        ids: Ids,
        settings: Settings,
    ) -> None:
        self._identities = identities
        self._sessions = sessions
        self._tokens = tokens
        self._admins = admins
        self._erased = erased
        self._limiter = limiter
        self._clock = clock
        self._ids = ids
        self._settings = settings

    def browser(self, key: str, sign_in: SignIn, headers: Mapping[str, str], trace_id: str) -> Ended:
        """A session for a browser. Raises Conflict for a person who was erased meanwhile."""
        person_id = self._person(key, sign_in.provider)
        started = self._sessions.start(
            person_id=person_id,
            role=self._admins.role_of(person_id),
            provider=sign_in.provider,
            previous=headers,
            ended=sign_in.session,
        )
        # Erasure forgets the identity first and then ends the sessions that it finds. Whoever is still
        # known now is erased later, this session with them; else it would outlive them.
        if self._identities.person_of(key) != person_id:
            self._sessions.discard(started.session)
            raise Conflict(_ERASED)
        if started.session.role == "admin":
            self.written_down(started, trace_id)
        return Ended(self._page(sign_in), started)

    def app(self, key: str, app: App, provider: str) -> Ended:
        """A code for an app. Raises Conflict for a person who was erased meanwhile."""
        person_id = self._person(key, provider)
        code, session = self._tokens().code(person_id, provider, app)
        if self._identities.person_of(key) != person_id:
            self._sessions.discard(session)
            raise Conflict(_ERASED)
        return Ended(back_to_app(app, self._settings.public_url, code=code))

    def link(self, key: str, sign_in: SignIn, headers: Mapping[str, str], trace_id: str) -> Ended:
        """One more way to sign in, for the person of the session that asked for it, and a fresh session.

        Raises SignInRefused when that session is over or another one came back; Conflict when the
        identity is someone else's. Nothing is ever merged, and no e-mail address says who someone is.
        """
        asked = self._sessions.current(sign_in.session)
        here = presented(headers)
        if asked is None or asked.person_id is None or (here and here != asked.key):
            raise SignInRefused("session", "Your session ended meanwhile. Sign in, then add it again.")
        person_id = asked.person_id
        holder = self._identities.resolve(
            key, new_person_id=person_id, provider=sign_in.provider, now=self._now()
        )
        if holder != person_id:
            raise Conflict("This account already signs in to another oO. Erase that one first.")
        # The tombstone is written before an erasure looks for identities: it is seen here, or it finds this.
        if self._erased(person_id):
            self._identities.forget(key, person_id=person_id)
            raise Conflict(_ERASED)
        started = self._sessions.start(
            person_id=person_id, role=asked.role, provider=asked.provider, previous=headers, ended=asked.key
        )
        if asked.role == "admin":
            self.written_down(started, trace_id)
        return Ended(self._page(sign_in), started)

    def written_down(self, started: Started, trace_id: str) -> Started:
        """An admin's session, in the audit; without an entry there is no session. Raises Unavailable."""
        try:
            self._admins.signed_in(started.session, trace_id)
        except Exception as error:
            self._sessions.discard(started.session)
            raise Unavailable("The audit cannot be written right now; try again.") from error
        return started

    def _person(self, key: str, provider: str) -> str:
        """Who that is. Raises RateLimited: to sign in is a call of the person like any other."""
        person_id = self._identities.resolve(
            key, new_person_id=self._ids.person(), provider=provider, now=self._now()
        )
        self._limiter.person(person_id)
        return person_id

    def _page(self, sign_in: SignIn) -> str:
        return self._settings.public_url.rstrip("/") + sign_in.return_to

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def back_to_app(app: App, issuer: str, *, code: str = "", error: OoError | None = None) -> str:
    """The app's registered address with the code, or with why there is none (RFC 6749, 4.1.2; RFC 9207)."""
    answer = {"code": code} if error is None else {"error": _error_code(error)}
    query = urlencode({**answer, "state": app.state, "iss": issuer.rstrip("/")})
    return f"{app.redirect_uri}{'&' if '?' in app.redirect_uri else '?'}{query}"


def identity_key(identity: Identity) -> str:
    """What identifies the identity at rest. No issuer contains a line break, so no two collide."""
    return digest(f"{identity.issuer}\n{identity.subject}")


def _error_code(error: OoError) -> str:
    if isinstance(error, Unavailable):
        return "temporarily_unavailable"
    refused = isinstance(error, SignInRefused) and error.reason == "denied"
    return "access_denied" if refused else "server_error"
