"""The tables of sessions, identities and sign-ins under way, as PynamoDB sees them."""

from __future__ import annotations

from typing import Final, Literal, cast

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.auth.contract import App, Session, SignIn
from chalicelib.runtime.dynamodb import Row, TableMeta, table_name

NOBODY: Final = "admin-token"
"""Stands for the person in the index where there is none: the sessions of the admin token. No person's
id is like it (they are UUIDs)."""


class _SessionsOfPerson(GlobalSecondaryIndex):  # type: ignore[misc]
    """Keys alone: every call slides its session, and must not write an index too."""

    class Meta:
        index_name = "by_person"
        projection = KeysOnlyProjection()

    person_id = UnicodeAttribute(hash_key=True)


class SessionRow(Row):
    """A session, by its key (see `Session`)."""

    class Meta(TableMeta):
        """Where it is."""

        table_name = table_name("sessions")

    session = UnicodeAttribute(hash_key=True)
    person_id = UnicodeAttribute()
    role = UnicodeAttribute()
    provider = UnicodeAttribute()
    created_at = NumberAttribute()
    last_seen = NumberAttribute()
    expires = NumberAttribute()
    client = UnicodeAttribute(null=True)
    code = UnicodeAttribute(null=True)
    """With the next two: what a pending session's code must fit. Gone once it is redeemed."""
    challenge = UnicodeAttribute(null=True)
    redirect_uri = UnicodeAttribute(null=True)
    refresh = UnicodeAttribute(null=True)
    """SHA-256 of the one refresh token that works."""
    by_person = _SessionsOfPerson()

    def model(self) -> Session:
        """The row as the service knows it."""
        return Session(
            key=self.session,
            person_id=None if self.person_id == NOBODY else self.person_id,
            role=cast(Literal["person", "admin"], self.role),
            provider=self.provider,
            created_at=int(self.created_at),
            last_seen=int(self.last_seen),
            expires=int(self.expires),
            client=self.client or "",
            pending=self.code is not None,
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
    session = UnicodeAttribute(null=True)
    link = BooleanAttribute(default=False)
    app_redirect_uri = UnicodeAttribute(null=True)
    app_challenge = UnicodeAttribute(null=True)
    app_state = UnicodeAttribute(null=True)

    def model(self) -> SignIn:
        """The row as the service knows it."""
        return SignIn(
            state=self.state,
            provider=self.provider,
            browser=self.browser,
            verifier=self.verifier,
            nonce=self.nonce,
            return_to=self.return_to,
            expires=int(self.expires),
            session=self.session or "",
            link=bool(self.link),
            app=App(self.app_redirect_uri, self.app_challenge, self.app_state)
            if self.app_redirect_uri
            else None,
        )
