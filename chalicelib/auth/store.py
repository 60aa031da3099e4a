"""DynamoDB behind the Protocols of `contract.py`: sessions, identities, sign-ins under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pynamodb.exceptions import DeleteError, PutError, TransactWriteError, UpdateError
from pynamodb.expressions.operand import Path

from chalicelib.auth.contract import Linked, PendingCode, Session, SignIn
from chalicelib.auth.rows import NOBODY, IdentityRow, SessionRow, SignInRow
from chalicelib.profile.contract import ERASED
from chalicelib.runtime.dynamodb import Row
from chalicelib.runtime.spanning import read_rows

_REFUSED: Final = "ConditionalCheckFailedException"


class SessionTable:
    """A `SessionStore`, and a `PersonalStore`."""

    name = "sessions"

    def put(self, session: Session, code: PendingCode | None = None) -> None:
        """Keep a new session, with `code` a pending one."""
        SessionRow(
            session.key,
            person_id=session.person_id or NOBODY,
            role=session.role,
            provider=session.provider,
            created_at=session.created_at,
            last_seen=session.last_seen,
            expires=session.expires,
            client=session.client or None,
            code=code.code if code else None,
            challenge=code.challenge if code else None,
            redirect_uri=code.redirect_uri if code else None,
        ).save()

    def get(self, key: str) -> Session | None:
        """A consistent read."""
        try:
            return SessionRow.get(key, consistent_read=True).model()  # type: ignore[no-any-return]
        except SessionRow.DoesNotExist:
            return None

    def touch(
        self, key: str, *, now: int, idle_since: int, counters: Mapping[str, bool]
    ) -> tuple[Session, int] | None:
        """Exactly one UpdateItem, which returns the row as it is after it."""
        counted = [name for name, add in counters.items() if add]
        updated = _update(
            SessionRow(key),
            [
                SessionRow.last_seen.set(now),
                *(Path(name).add(1) for name in counted),
                *(Path(name).remove() for name, add in counters.items() if not add),
            ],
            # A missing row has no `expires`: the comparison fails and nothing is made.
            (SessionRow.expires > now) & (SessionRow.last_seen > idle_since),
        )
        if updated is None:
            return None
        session, attributes = updated
        return session, min(int(attributes[name]["N"]) for name in counted)

    def redeem(self, key: str, code: PendingCode, *, refresh: str, now: int, expires: int) -> Session | None:
        """One conditional UpdateItem, after which no code fits any more."""
        updated = _update(
            SessionRow(key),
            [
                SessionRow.refresh.set(refresh),
                SessionRow.last_seen.set(now),
                SessionRow.expires.set(expires),
                SessionRow.code.remove(),
                SessionRow.challenge.remove(),
                SessionRow.redirect_uri.remove(),
            ],
            (SessionRow.code == code.code)
            & (SessionRow.challenge == code.challenge)
            & (SessionRow.redirect_uri == code.redirect_uri)
            & (SessionRow.expires > now),
        )
        return updated[0] if updated else None

    def rotate(self, key: str, refresh: str, fresh: str, *, now: int, idle_since: int) -> Session | None:
        """One conditional UpdateItem."""
        updated = _update(
            SessionRow(key),
            [SessionRow.refresh.set(fresh), SessionRow.last_seen.set(now)],
            (SessionRow.refresh == refresh)
            & (SessionRow.expires > now)
            & (SessionRow.last_seen > idle_since),
        )
        return updated[0] if updated else None

    def of_person(self, person_id: str | None) -> Sequence[Session]:
        """By index, which may lag a moment behind the table; the rows are the table's."""
        keys = [row.session for row in SessionRow.by_person.query(person_id or NOBODY)]
        return [row.model() for row in SessionRow.batch_get(keys, consistent_read=True)]

    def end(self, key: str, *, person_id: str | None = None, role: str | None = None) -> bool:
        """A conditional delete."""
        condition = SessionRow.session.exists()
        if person_id is not None:
            condition &= SessionRow.person_id == person_id
        if role is not None:
            condition &= SessionRow.role == role
        return _delete(SessionRow(key), condition)

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """When and how the person signed in; no key, not even hashed."""
        for session in self.of_person(person_id):
            yield {
                "role": session.role,
                "provider": session.provider,
                "client": session.client,
                "created_at": session.created_at,
                "last_seen": session.last_seen,
                "expires": session.expires,
            }

    def erase(self, person_id: str) -> int:
        """End every session of the person, an app's with its refresh tokens."""
        return sum(self.end(session.key, person_id=person_id) for session in self.of_person(person_id))


class IdentityTable:
    """An `IdentityStore`, and a `PersonalStore`: once erased, the same sign-in makes a new person."""

    name = "identities"

    def person_of(self, identity: str) -> str | None:
        """By a consistent read."""
        try:
            person_id: str = IdentityRow.get(identity, consistent_read=True).person_id
        except IdentityRow.DoesNotExist:
            return None
        return person_id

    def resolve(self, identity: str, *, new_person_id: str, provider: str, now: int) -> str:
        """Read, else make by a conditional put; who loses that race reads the winner's."""
        while (known := self.person_of(identity)) is None:
            row = IdentityRow(identity, person_id=new_person_id, provider=provider, created_at=now)
            try:
                row.save(condition=IdentityRow.identity.does_not_exist())
            except PutError as error:
                if error.cause_response_code != _REFUSED:
                    raise
            else:
                return new_person_id
        return known

    def of_person(self, person_id: str) -> Sequence[Linked]:
        """By index."""
        return [
            Linked(row.identity, row.provider, int(row.created_at))
            for row in IdentityRow.by_person.query(person_id)
        ]

    def unlink(self, identity: str, *, person_id: str, other: str) -> bool:
        """One transaction: of two concurrent calls that name each other's identity one goes through."""
        write = IdentityRow.transaction()
        write.condition_check(IdentityRow, other, condition=IdentityRow.person_id == person_id)
        write.delete(IdentityRow(identity), condition=IdentityRow.person_id == person_id)
        try:
            with write:
                pass
        except TransactWriteError as error:
            codes = {reason.code if reason else "" for reason in error.cancellation_reasons}
            if codes & {"ConditionalCheckFailed", "TransactionConflict"}:
                return False
            raise
        return True

    def forget(self, identity: str, *, person_id: str) -> None:
        """A conditional delete."""
        _delete(IdentityRow(identity), IdentityRow.person_id == person_id)

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """Through which providers the person signs in, and since when."""
        for row in self.of_person(person_id):
            yield {"provider": row.provider, "created_at": row.created_at}

    def erase(self, person_id: str) -> int:
        """Forget who the person was."""
        rows: Iterable[IdentityRow] = IdentityRow.by_person.query(person_id)
        return sum(_delete(row, IdentityRow.person_id == person_id) for row in rows)


class SignInTable:
    """A `SignInStore`."""

    def put(self, sign_in: SignIn) -> None:
        """Keep it until it is used or expires."""
        app = sign_in.app
        SignInRow(
            sign_in.state,
            provider=sign_in.provider,
            browser=sign_in.browser,
            verifier=sign_in.verifier,
            nonce=sign_in.nonce,
            return_to=sign_in.return_to,
            expires=sign_in.expires,
            session=sign_in.session or None,
            link=sign_in.link,
            app_redirect_uri=app.redirect_uri if app else None,
            app_challenge=app.challenge if app else None,
            app_state=app.state if app else None,
        ).save()

    def get(self, state: str) -> SignIn | None:
        """Read it, expired or not."""
        try:
            return SignInRow.get(state, consistent_read=True).model()  # type: ignore[no-any-return]
        except SignInRow.DoesNotExist:
            return None

    def consume(self, state: str) -> bool:
        """A conditional delete: True for exactly one of all who try."""
        return _delete(SignInRow(state), SignInRow.state.exists())


def erased(person_id: str) -> bool:
    """Whether the person asked to be forgotten: the tombstone, which is written before all else."""
    return bool(read_rows({"profiles": [{"person_id": person_id, "part": ERASED}]})["profiles"])


def _update(row: SessionRow, actions: list[Any], condition: Any) -> tuple[Session, Any] | None:
    """The session after the update and its raw attributes; None when the condition does not hold."""
    try:
        answer = row.update(actions=actions, condition=condition)
    except UpdateError as error:
        if error.cause_response_code == _REFUSED:
            return None
        raise
    return row.model(), answer["Attributes"]


def _delete(row: Row, condition: Any) -> bool:
    try:
        row.delete(condition=condition)
    except DeleteError as error:
        if error.cause_response_code == _REFUSED:
            return False
        raise
    return True
