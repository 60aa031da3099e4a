"""A third party on this machine, to try connecting out: OAuth 2.0 with PKCE, a few tasks for each account.

    python -m oo_local.third_party PORT CLIENT_ID REDIRECT_URI FILE   (the secret comes by OO_SANDBOX_SECRET)

It refuses what a provider in the world refuses: another redirect address, a missing or wrong verifier, a
wrong secret, a code or a refresh token for the second time (which ends the whole grant), a token past its
life. Tokens rest as hashes in FILE, so that a connection outlives a restart.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from oo_local.ports import HOST

SCOPE: Final = "tasks:read"
ACCESS_SECONDS: Final = 120
"""Short, so that a renewal is seen after a minute."""
CODE_SECONDS: Final = 60


class OAuthError(Exception):
    """An error of RFC 6749; `status` is that of the token endpoint's answer."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


@dataclass
class _State:
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    grants: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By id: account, refresh (hash), used (hashes), access (hash -> end)."""
    tasks: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    changes: int = 0


class ThirdParty:
    """What the provider knows and does; third_party_web.py speaks HTTP."""

    def __init__(
        self,
        client_id: str,
        secret: str,
        redirect_uri: str,
        *,
        file: Path | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`file` keeps the state; None: nothing outlives the process."""
        self.redirect_uri = redirect_uri
        self.calls: Counter[str] = Counter()
        """How often each was asked; for tests."""
        self._client_id = client_id
        self._secret = secret
        self._file = file
        self._now = now
        self._lock = threading.RLock()
        self._state = _State()
        if file is not None and file.exists():
            with suppress(ValueError, TypeError):
                self._state = _State(**json.loads(file.read_text()))

    # --- the person's part ----------------------------------------------------------------------

    def check_request(self, query: Mapping[str, str]) -> None:
        """Raises OAuthError; `unknown_client` must not be sent back to any address."""
        if query.get("client_id") != self._client_id or query.get("redirect_uri") != self.redirect_uri:
            raise OAuthError("unknown_client", "no such client with that redirect address")
        if query.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "only code")
        if not query.get("code_challenge") or query.get("code_challenge_method") != "S256":
            raise OAuthError("invalid_request", "send code_challenge with code_challenge_method=S256")
        if query.get("scope", "") != SCOPE:
            raise OAuthError("invalid_scope", f"the only scope is {SCOPE}")

    def allow(self, query: Mapping[str, str], account: str) -> str:
        """The code for a request that the account's owner allowed."""
        self.check_request(query)
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._tasks_of(account)
            self._state.codes[_hash(code)] = {
                "account": account,
                "challenge": query["code_challenge"],
                "until": self._now() + CODE_SECONDS,
                "grant": None,
            }
            self._keep()
        return code

    # --- the client's part ----------------------------------------------------------------------

    def token(self, form: Mapping[str, str], client: tuple[str, str]) -> dict[str, Any]:
        """The answer of the token endpoint. Raises OAuthError."""
        kind = form.get("grant_type", "")
        self.calls[kind] += 1
        self._check_client(client)
        with self._lock:
            try:
                if kind == "authorization_code":
                    return self._redeem(form)
                if kind == "refresh_token":
                    return self._refresh(form.get("refresh_token", ""))
            finally:
                self._keep()
        raise OAuthError("unsupported_grant_type", "authorization_code or refresh_token")

    def revoke(self, token: str, client: tuple[str, str]) -> None:
        """End the grant of a token; one that is not known is as good (RFC 7009, section 2.2)."""
        self.calls["revoke"] += 1
        self._check_client(client)
        hashed = _hash(token)
        with self._lock:
            for grant_id, grant in list(self._state.grants.items()):
                if hashed in {grant["refresh"], *grant["used"], *grant["access"]}:
                    del self._state.grants[grant_id]
            self._keep()

    def tasks(self, access: str, since: int) -> dict[str, Any]:
        """What changed after `since` (0: all that is open), and where that leaves the caller.

        Raises OAuthError `invalid_token`.
        """
        self.calls["tasks"] += 1
        hashed, now = _hash(access), self._now()
        with self._lock:
            for grant in self._state.grants.values():
                if grant["access"].get(hashed, 0) > now:
                    found = self._tasks_of(grant["account"]).values()
                    shown = [t for t in found if (t["change"] > since if since else t["status"] == "open")]
                    return {"tasks": shown, "cursor": self._state.changes}
        raise OAuthError("invalid_token", "unknown or past its life", 401)

    @property
    def grants(self) -> int:
        """How many grants stand."""
        return len(self._state.grants)

    # --- the owner's tasks ----------------------------------------------------------------------

    def board(self) -> dict[str, list[dict[str, Any]]]:
        """Every account's open tasks."""
        with self._lock:
            return {
                account: [task for task in tasks.values() if task["status"] == "open"]
                for account, tasks in sorted(self._state.tasks.items())
            }

    def add(self, account: str, title: str, **more: Any) -> str:
        """A new open task; its id."""
        with self._lock:
            task_id = secrets.token_hex(6)
            self._tasks_of(account)
            self._put(account, {"id": task_id, "title": title, "status": "open", **more})
            self._keep()
        return task_id

    def close(self, account: str, task_id: str, status: str = "done") -> None:
        """Tick a task off, or delete it. KeyError when there is none."""
        with self._lock:
            self._put(account, {**self._state.tasks[account][task_id], "status": status})
            self._keep()

    def expire(self) -> None:
        """Every access token ends now, as if its life were over; grants stay."""
        with self._lock:
            for grant in self._state.grants.values():
                grant["access"].clear()
            self._keep()

    # --- inside ---------------------------------------------------------------------------------

    def _check_client(self, client: tuple[str, str]) -> None:
        right = hmac.compare_digest(client[1].encode(), self._secret.encode())
        if client[0] != self._client_id or not right:
            raise OAuthError("invalid_client", "unknown client or wrong secret", 401)

    def _redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        code = self._state.codes.get(_hash(form.get("code", "")))
        if code is None:
            raise OAuthError("invalid_grant", "no such code")
        if code["grant"] is not None:
            # Someone else has it as well: nobody keeps what came of it (RFC 6749, section 4.1.2).
            self._state.grants.pop(code["grant"], None)
            raise OAuthError("invalid_grant", "this code was used before")
        grant_id = code["grant"] = secrets.token_hex(8)
        if code["until"] <= self._now() or form.get("redirect_uri") != self.redirect_uri:
            raise OAuthError("invalid_grant", "too late, or another redirect address")
        if not hmac.compare_digest(challenge_of(form.get("code_verifier", "")), code["challenge"]):
            raise OAuthError("invalid_grant", "code_verifier does not fit the code_challenge")
        grant = {"account": code["account"], "refresh": "", "used": [], "access": {}}
        self._state.grants[grant_id] = grant
        return self._issue(grant)

    def _refresh(self, token: str) -> dict[str, Any]:
        hashed = _hash(token)
        for grant_id, grant in self._state.grants.items():
            if hashed in grant["used"]:
                del self._state.grants[grant_id]
                raise OAuthError("invalid_grant", "this refresh token was used before; the grant has ended")
            if hashed == grant["refresh"]:
                grant["used"].append(hashed)
                return self._issue(grant)
        raise OAuthError("invalid_grant", "no such refresh token")

    def _issue(self, grant: dict[str, Any]) -> dict[str, Any]:
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        now = self._now()
        living = {token: end for token, end in grant["access"].items() if end > now}
        grant.update(refresh=_hash(refresh), access={**living, _hash(access): now + ACCESS_SECONDS})
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": ACCESS_SECONDS,
            "refresh_token": refresh,
            "scope": SCOPE,
        }

    def _tasks_of(self, account: str) -> dict[str, dict[str, Any]]:
        if account not in self._state.tasks:
            self._state.tasks[account] = {}
            today = datetime.fromtimestamp(self._now(), UTC)
            for title, minutes, days, priority in _FIRST:
                due = (today + timedelta(days=days)).date().isoformat()
                first = {"title": title, "minutes": minutes, "due": due, "priority": priority}
                self._put(account, {"id": secrets.token_hex(6), "status": "open", **first})
        return self._state.tasks[account]

    def _put(self, account: str, task: dict[str, Any]) -> None:
        self._state.changes += 1
        changed = {"change": self._state.changes, "changed_at": int(self._now())}
        self._state.tasks[account][task["id"]] = {**task, **changed}

    def _keep(self) -> None:
        if self._file is None:
            return
        now = self._now()
        self._state.codes = {
            code: what for code, what in self._state.codes.items() if what["until"] > now - CODE_SECONDS
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        whole = self._file.with_suffix(".new")
        whole.touch(mode=0o600)
        whole.write_text(json.dumps(vars(self._state)))
        whole.replace(self._file)


_FIRST: Final = (
    ("Water the plants", 5, 0, 3),
    ("Answer the landlord's letter", 20, 1, 1),
    ("Book the dentist", 10, 3, 2),
)


def challenge_of(verifier: str) -> str:
    """The S256 challenge (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def main(arguments: list[str]) -> None:
    """Serve until SIGINT."""
    from oo_local.third_party_web import make_app

    port, client_id, redirect_uri, file = arguments
    party = ThirdParty(client_id, os.environ["OO_SANDBOX_SECRET"], redirect_uri, file=Path(file))
    from werkzeug.serving import make_server

    server = make_server(HOST, int(port), make_app(party), threaded=True)
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


if __name__ == "__main__":
    main(sys.argv[1:])
