"""DynamoDB behind the Protocols of `contract.py`: sessions, identities, sign-ins under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, cast

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DeleteError, PutError, UpdateError
from pynamodb.expressions.operand import Path
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.auth.contract import Session, SignIn
from chalicelib.runtime.dynamodb import Row, TableMeta, table_name

_REFUSED: Final = "ConditionalCheckFailedException"


class _SessionsOfPerson(GlobalSecondaryIndex):  # type: ignore[misc]
    """Keys alone: every call slides its session, and must not write an index too."""

    class Meta:
        index_name = "by_person"
        projection = KeysOnlyProjection()

    person_id = UnicodeAttribute(hash_key=True)


class SessionRow(Row):
    """A session, by the SHA-256 of its `sid`. An admin's has no person and so stays out of the index."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("sessions")

    session = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute(null=True)
    role = UnicodeAttribute()
    provider = UnicodeAttribute()
    created_at = NumberAttribute()
    last_seen = NumberAttribute()
    expires = NumberAttribute()
    by_person = _SessionsOfPerson()

    def model(self) -> Session:
        """The row as the service knows it."""
        return Session(
            key=self.session,
            person_id=self.person_id,
            role=cast(Literal["person", "admin"], self.role),
            provider=self.provider,
            created_at=int(self.created_at),
            last_seen=int(self.last_seen),
            expires=int(self.expires),
        )


class _IdentitiesOfPerson(GlobalSecondaryIndex):  # type: ignore[misc]
    class Meta:
        index_name = "by_person"
        projection = AllProjection()

    person_id = UnicodeAttribute(hash_key=True)


class IdentityRow(Row):
    """The person of an identity, by the SHA-256 of issuer and subject."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("identities")

    identity = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute()
    provider = UnicodeAttribute()
    created_at = NumberAttribute()
    by_person = _IdentitiesOfPerson()


class SignInRow(Row):
    """A sign-in under way, by the SHA-256 of its state."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("sign-ins")

    state = UnicodeAttribute(hash_key=True)
    provider = UnicodeAttribute()
    browser = UnicodeAttribute()
    verifier = UnicodeAttribute()
    nonce = UnicodeAttribute()
    return_to = UnicodeAttribute()
    expires = NumberAttribute()


class SessionTable:
    """A `SessionStore`, and a `PersonalStore`."""

    name = "sessions"

    def put(self, session: Session) -> None:
        """Keep a new session."""
        SessionRow(
            session.key,
            person_id=session.person_id,
            role=session.role,
            provider=session.provider,
            created_at=session.created_at,
            last_seen=session.last_seen,
            expires=session.expires,
        ).save()

    def touch(
        self, key: str, *, now: int, idle_since: int, counters: Mapping[str, bool]
    ) -> tuple[Session, int] | None:
        """Exactly one UpdateItem, which returns the row as it is after it."""
        row = SessionRow(key)
        counted = [name for name, add in counters.items() if add]
        try:
            answer = row.update(
                actions=[
                    SessionRow.last_seen.set(now),
                    *(Path(name).add(1) for name in counted),
                    *(Path(name).remove() for name, add in counters.items() if not add),
                ],
                # A missing row has no `expires`: the comparison fails and nothing is made.
                condition=(SessionRow.expires > now) & (SessionRow.last_seen > idle_since),
            )
        except UpdateError as error:
            if error.cause_response_code == _REFUSED:
                return None
            raise
        attributes = answer["Attributes"]
        return row.model(), min(int(attributes[name]["N"]) for name in counted)

    def of_person(self, person_id: str) -> Sequence[Session]:
        """By index, which may lag a moment behind the table; the rows are the table's."""
        keys = [row.session for row in SessionRow.by_person.query(person_id)]
        return [row.model() for row in SessionRow.batch_get(keys, consistent_read=True)]

    def end(self, key: str, *, person_id: str | None = None) -> bool:
        """Remove the session, with `person_id` only if it is theirs."""
        condition = SessionRow.session.exists()
        if person_id is not None:
            condition &= SessionRow.person_id == person_id
        return _delete(SessionRow(key), condition)

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """When and how the person signed in; no key, not even hashed."""
        for session in self.of_person(person_id):
            yield {
                "role": session.role,
                "provider": session.provider,
                "created_at": session.created_at,
                "last_seen": session.last_seen,
                "expires": session.expires,
            }

    def erase(self, person_id: str) -> int:
        """End every session of the person."""
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

    def export(self, person_id: str) -> Iterator[Mapping[str, Any]]:
        """Through which provider the person signs in, and since when."""
        for row in IdentityRow.by_person.query(person_id):
            yield {"provider": row.provider, "created_at": int(row.created_at)}

    def erase(self, person_id: str) -> int:
        """Forget who the person was."""
        rows: Iterable[IdentityRow] = IdentityRow.by_person.query(person_id)
        return sum(_delete(row, IdentityRow.person_id == person_id) for row in rows)


class SignInTable:
    """A `SignInStore`."""

    def put(self, sign_in: SignIn) -> None:
        """Keep it until it is used or expires."""
        SignInRow(
            sign_in.state,
            provider=sign_in.provider,
            browser=sign_in.browser,
            verifier=sign_in.verifier,
            nonce=sign_in.nonce,
            return_to=sign_in.return_to,
            expires=sign_in.expires,
        ).save()

    def get(self, state: str) -> SignIn | None:
        """Read it, expired or not."""
        try:
            row = SignInRow.get(state, consistent_read=True)
        except SignInRow.DoesNotExist:
            return None
        return SignIn(
            state=row.state,
            provider=row.provider,
            browser=row.browser,
            verifier=row.verifier,
            nonce=row.nonce,
            return_to=row.return_to,
            expires=int(row.expires),
        )

    def consume(self, state: str) -> bool:
        """A conditional delete: True for exactly one of all who try."""
        return _delete(SignInRow(state), SignInRow.state.exists())


def _delete(row: Row, condition: Any) -> bool:
    try:
        row.delete(condition=condition)
    except DeleteError as error:
        if error.cause_response_code == _REFUSED:
            return False
        raise
    return True
