"""Admins: who is one, what they do is written down first, and their sessions."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.auth.admins.contract import AUDIT_DAYS, Entry
from chalicelib.auth.admins.service import person_tag
from chalicelib.auth.admins.store import AuditTable
from chalicelib.auth.contract import Session
from chalicelib.auth.http import AuditQuery
from chalicelib.contracts.errors import Forbidden, NotFound, Unavailable
from chalicelib.contracts.http import Principal
from infra.functions import FUNCTIONS
from tests.unit.auth.memory import SETTINGS, Auth

PERSON = "6d2c9e5e-4a3a-4b55-b1d8-0f6b5d6f7a10"
ADMIN = Principal(person_id=PERSON, role="admin", session_id="k" * 64)
TOKEN = Principal(person_id=None, role="admin", session_id="t" * 64)


@pytest.fixture
def auth() -> Auth:
    made = Auth(settings=SETTINGS.model_copy(update={"admin_token_sha256": "0" * 64}))
    made.roles.grant(PERSON, 0)
    return made


def entries(auth: Auth) -> list[Entry]:
    return sorted(auth.audit.entries.values(), key=lambda entry: entry.id)


def session(auth: Auth, person_id: str | None, role: Any = "admin", key: str = "a") -> Session:
    now = int(auth.clock.now().timestamp())
    made = Session(key * 64, person_id, role, "oidc", now, now, now + 3600)
    auth.sessions_table.put(made)
    return made


@pytest.mark.parametrize("who", [ADMIN, TOKEN])
def test_what_an_admin_does_is_written_down_before_it_is_done(auth: Auth, who: Principal) -> None:
    auth.admins.admit(who, "DELETE /api/admin/sessions/{id}", "trace-1")
    (entry,) = entries(auth)
    assert (entry.action, entry.trace_id) == ("DELETE /api/admin/sessions/{id}", "trace-1")
    assert entry.at == int(auth.clock.now().timestamp())


def test_what_cannot_be_written_down_is_not_done(auth: Auth, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(entry: Entry) -> None:
        raise Unavailable("The audit does not answer.")

    monkeypatch.setattr(auth.audit, "append", down)
    with pytest.raises(Unavailable):
        auth.admins.admit(ADMIN, "GET /api/admin/audit", "trace-1")
    started = auth.sessions.start(person_id=PERSON, role="admin", provider="oidc", previous={})
    with pytest.raises(Unavailable):
        auth.endings.written_down(started, "trace-1")
    assert auth.sessions_table.rows == {}, "nor is there a session"


def test_an_admins_sign_in_is_written_down(auth: Auth) -> None:
    started = auth.sessions.start(person_id=PERSON, role="admin", provider="oidc", previous={})
    auth.endings.written_down(started, "trace-1")
    (entry,) = entries(auth)
    assert (entry.action, entry.admin) == ("sign-in oidc", person_tag(PERSON))


def test_the_audit_names_nobody(auth: Auth) -> None:
    for who in (ADMIN, TOKEN):
        auth.admins.admit(who, "GET /api/admin/audit", "t")
    named = {entry.admin for entry in entries(auth)}
    assert named == {person_tag(PERSON), f"token:{'t' * 16}"}
    assert PERSON not in repr(entries(auth))


def test_who_was_an_admin_is_none_any_more_at_once(auth: Auth) -> None:
    auth.admins.admit(ADMIN, "GET /api/admin/audit", "t")
    assert auth.roles.revoke(PERSON)
    with pytest.raises(Forbidden):
        auth.admins.admit(ADMIN, "GET /api/admin/audit", "t")
    assert len(entries(auth)) == 1


def test_the_sessions_of_a_token_that_was_switched_off_do_nothing() -> None:
    auth = Auth()
    with pytest.raises(Forbidden):
        auth.admins.admit(TOKEN, "GET /api/admin/audit", "t")


def test_a_person_is_no_admin(auth: Auth) -> None:
    with pytest.raises(Forbidden):
        auth.admins.admit(Principal(person_id=PERSON, role="person"), "GET /api/admin/audit", "t")
    assert entries(auth) == []


def test_a_role_makes_the_next_session_an_admins(auth: Auth) -> None:
    assert (auth.admins.role_of(PERSON), auth.admins.role_of("another")) == ("admin", "person")


def test_an_admins_session_is_short(auth: Auth) -> None:
    started = auth.sessions.start(person_id=PERSON, role="admin", provider="oidc", previous={})
    assert started.seconds == SETTINGS.admin_session_hours * 3600


def test_admins_sessions_are_listed_and_ended_and_nobody_elses(auth: Auth) -> None:
    mine, token = session(auth, PERSON, key="a"), session(auth, None, key="b")
    person = session(auth, "somebody", "person", key="c")
    listed = auth.admins.sessions(Principal(person_id=PERSON, role="admin", session_id=mine.key)).sessions
    assert {one.id: one.current for one in listed} == {mine.key: True, token.key: False}
    auth.admins.end_session(token.key)
    for other in (token.key, person.key, "x", "../" + "a" * 61):
        with pytest.raises(NotFound):
            auth.admins.end_session(other)
    assert set(auth.sessions_table.rows) == {mine.key, person.key}


def test_the_audit_is_read_day_by_day_page_by_page(auth: Auth) -> None:
    for number in range(5):
        auth.admins.admit(ADMIN, f"GET /{number}", "t")
    auth.clock.forward(days=1)
    auth.admins.admit(ADMIN, "GET /next", "t")
    day = auth.clock.now().date().fromordinal(auth.clock.now().date().toordinal() - 1).isoformat()
    first = auth.admins.audit(AuditQuery(day=day, limit=3))
    second = auth.admins.audit(AuditQuery(day=day, limit=3, cursor=first.next or ""))
    # Ids of one millisecond are in no order, but in the same one on every page.
    assert sorted(e.action for e in (*first.entries, *second.entries)) == [f"GET /{n}" for n in range(5)]
    assert second.next is None
    assert [entry.action for entry in auth.admins.audit(AuditQuery()).entries] == ["GET /next"]


def test_nobody_may_change_the_audit() -> None:
    """No code has a way to, and no function's policy a grant: entries are put on condition of being new."""
    assert {name for name in vars(AuditTable) if not name.startswith("_")} == {"append", "day"}
    for function in FUNCTIONS:
        for grant in function.grants:
            if "table:audit" in grant.resources:
                assert set(grant.actions) <= {
                    "dynamodb:PutItem", "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query",
                }, function.name  # fmt: skip
    assert AUDIT_DAYS >= 365
