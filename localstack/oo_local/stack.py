"""The whole of oO on one machine, as one thing that starts and stops: `make dev` and the e2e tests use it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from chalicelib.integrations.sources.sandbox import CLIENT_ID as SANDBOX_CLIENT
from oo_local.bootstrap import emulator_python
from oo_local.configuration import LITELLM_PARAMETER, Configuration, admin_token, digest
from oo_local.dependencies import ensure_dependencies
from oo_local.deploy import Deployed, Deployment, renew_stream_mappings
from oo_local.emulator import Emulator, client
from oo_local.models.proxy import Models
from oo_local.ports import HOST, is_free, wait_until
from oo_local.processes import Child
from oo_local.progress import Progress, StepFailed
from oo_local.registry_page import registry_uri, start_page
from oo_local.running import NotRunning, Running, announce, running, withdraw

CLIENT_ID: Final = "oo"
SECRET_PARAMETER: Final = "/oo/local/oidc-client-secret"  # noqa: S105 - a name
SANDBOX_PARAMETER: Final = "/oo/local/sandbox-client-secret"
_LOGS: Final = "look into .oo/logs/, then run the same command again"
_FIRST_CALL: Final = 30


@dataclass
class Stack:
    """Everything that runs, in the order it starts; stops in the reverse order, also half started."""

    root: Path
    home: Path
    configuration: Configuration
    persist: bool = True
    deployed: Deployed | None = field(default=None, init=False)
    _children: list[Child] = field(default_factory=list, init=False)
    _emulator: Emulator | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where page and API are."""
        return self.configuration.url

    @property
    def endpoint(self) -> str:
        """The emulated cloud."""
        return f"http://{HOST}:{self.configuration.local.emulator_port}"

    @property
    def sandbox(self) -> str:
        """The third party that can be connected."""
        return f"http://{HOST}:{self.configuration.local.sandbox_port}"

    @property
    def token(self) -> str:
        """The admin token."""
        return admin_token(self.configuration, self.home)

    @property
    def registry_uri(self) -> str:
        """Where MLflow keeps the registry."""
        return self.configuration.functions.get("OO_MLFLOW_TRACKING_URI") or registry_uri(self.home)

    @property
    def registry_page(self) -> str | None:
        """Where MLflow's page is; None: it was not asked for."""
        local = self.configuration.local
        return f"http://{HOST}:{local.mlflow_port}" if local.starts("mlops") else None

    @property
    def models(self) -> Models | None:
        """The proxy of this machine; None: none is started here."""
        if self.configuration.proxy is None:
            return None
        keys = self._litellm_key(), self._kept_secret("model-servers-key")
        return Models(self.root, self.home, self.configuration, self.configuration.proxy, *keys)

    def start(self, progress: Progress) -> None:
        """Start everything, step by step. Raises StepFailed; whatever ran by then is stopped."""
        try:
            self._start(progress)
        except BaseException:
            self.stop()
            raise

    def _start(self, progress: Progress) -> None:
        with progress.step("check the ports", "stop what uses it, or set the variable in .env.local"):
            self._check_ports()
        # The slowest to come up: it does so while the rest is made.
        waited_for = self._start_models(progress)
        with progress.step("start the cloud", _LOGS):
            self._emulator = Emulator(
                self.home, self.configuration.local.emulator_port, emulator_python(self.root), self.persist
            )
            restored = self._emulator.has_state
            self._emulator.start()
            if restored:
                renew_stream_mappings(self.endpoint)
        if not self.configuration.own_provider:
            with progress.step("start the sign-in provider", _LOGS):
                self._start_identity()
        with progress.step("start a third party to connect", _LOGS):
            self._start_sandbox()
        with progress.step("package and deploy", "mend what it names, then run the same command again"):
            self.deploy()
        with progress.step("open the front", _LOGS):
            self._start_front()
        if self.models and waited_for:
            with progress.step("wait for the models", "look into .oo/logs/, or start without PROFILES=ai"):
                self.models.wait(waited_for)
        if self.configuration.local.starts("mlops"):
            mend = "look into .oo/logs/mlflow.log, or start without PROFILES"
            with progress.step("open the registry's page", mend):
                self._children.append(
                    start_page(self.root, self.home, self.registry_uri, self.configuration.local.mlflow_port)
                )
        started = {name: str(port) for name, port in self._ports().items()}
        for name in ("profiles", "litellm_config"):
            if value := getattr(self.configuration.local, name):
                started[f"OO_{name.upper()}"] = value
        announce(self.home, Running(self.url, self.endpoint, os.getpid(), started))

    def _start_models(self, progress: Progress) -> list[Child]:
        if self.models is None:
            return []
        with progress.step("start the models", "see above, or start without PROFILES=ai"):
            children = self.models.start()
        self._children += children
        return children

    def deploy(self) -> Deployed:
        """Deploy what changed to the running emulator."""
        self.deployed = self.deployment().run()
        return self.deployed

    def deployment(self) -> Deployment:
        """The deployment of this stack's settings."""
        variables = {
            "OO_PUBLIC_URL": self.url,
            "OO_OIDC_ISSUER": f"http://{HOST}:{self.configuration.local.identity_port}",
            "OO_OIDC_CLIENT_ID": CLIENT_ID,
            "OO_OIDC_SECRET_PARAMETER": SECRET_PARAMETER,
            "OO_MOBILE_REDIRECTS": "oo://signin",
            "OO_SANDBOX_URL": self.sandbox,
            "OO_ADMIN_TOKEN_SHA256": digest(self.token),
            "OO_MLFLOW_TRACKING_URI": self.registry_uri,
            # On one machine there may be nobody but the demo person.
            "OO_PRIOR_LEAST_PEOPLE": "1",
            **self.configuration.variables,
        }
        parameters = {
            SECRET_PARAMETER: self._client_secret(),
            SANDBOX_PARAMETER: self._kept_secret("sandbox-client-secret"),
        }
        if "OO_LITELLM_KEY_PARAMETER" in self.configuration.variables:
            parameters[LITELLM_PARAMETER] = self._litellm_key()
        return Deployment(
            endpoint=self.endpoint,
            home=self.home,
            dependencies=ensure_dependencies(self.root, self.root / ".oo"),
            settings=variables,
            secrets=parameters,
        )

    def stop(self) -> None:
        """Stop everything. Idempotent."""
        withdraw(self.home)
        for child in reversed(self._children):
            child.stop()
        self._children.clear()
        if self._emulator is not None:
            self._emulator.stop()
            self._emulator = None

    def ended(self) -> str | None:
        """The name of a part that ended by itself; None while all run."""
        if self._emulator is not None and not self._emulator.alive:
            return "emulator"
        return next((child.name for child in self._children if not child.alive), None)

    def client(self, service: str) -> Any:
        """A boto3 client of the emulated cloud."""
        return client(service, self.endpoint)

    def _ports(self) -> dict[str, int]:
        local = self.configuration.local
        return {
            "OO_PORT": local.port,
            "OO_EMULATOR_PORT": local.emulator_port,
            "OO_IDENTITY_PORT": local.identity_port,
            "OO_SANDBOX_PORT": local.sandbox_port,
            **({"OO_MLFLOW_PORT": local.mlflow_port} if local.starts("mlops") else {}),
            **(self.models.ports if self.models else {}),
        }

    def _check_ports(self) -> None:
        with contextlib.suppress(NotRunning):
            found = running(self.home)
            # A killed one leaves its note, and its process id may by now be another's.
            if not is_free(int(found.settings["OO_PORT"])):
                raise StepFailed(
                    "check the ports",
                    f"oO runs here already, at {found.url} (process {found.pid})",
                    "use that one (`make reload` brings changed code live), or stop it first",
                )
        busy = [f"{port} ({name})" for name, port in self._ports().items() if not is_free(port)]
        if busy:
            raise StepFailed(
                "check the ports",
                f"in use already: {', '.join(busy)}",
                "stop what uses it (another `make dev`?), or set the variable in .env.local",
            )

    def _client_secret(self) -> str:
        """The secret at the provider: the person's own, or one for the local provider that is kept."""
        if self.configuration.own_provider:
            return self.configuration.local.oidc_client_secret
        return self._kept_secret("oidc-client-secret")

    def _litellm_key(self) -> str:
        return self.configuration.local.litellm_key or f"sk-{self._kept_secret('litellm-key')}"

    def _kept_secret(self, name: str) -> str:
        """A secret of this machine; made once and kept where only this user can read it."""
        path = self.home / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24))
        return path.read_text()

    def _start_identity(self) -> None:
        port = self.configuration.local.identity_port
        self._child(
            "identity",
            [str(port), CLIENT_ID, f"{self.url}/api/auth/callback/oidc"],
            {"OO_OIDC_SECRET": self._client_secret()},
            lambda: _answers(port, "/.well-known/openid-configuration"),
        )

    def _start_sandbox(self) -> None:
        port = self.configuration.local.sandbox_port
        callback = f"{self.url}/api/integrations/sandbox/callback"
        self._child(
            "third_party",
            [str(port), SANDBOX_CLIENT, callback, str(self.home / "third-party.json")],
            {"OO_SANDBOX_SECRET": self._kept_secret("sandbox-client-secret")},
            lambda: _answers(port, "/health"),
        )

    def _start_front(self) -> None:
        local = self.configuration.local
        self._child(
            "front",
            [str(local.port), str(local.emulator_port), str(self.deployment().address_file)],
            {},
            lambda: _answers(local.port, "/api/health/gateway"),
        )

    def _child(self, name: str, arguments: list[str], env: dict[str, str], ready: Any) -> None:
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        paths = os.pathsep.join((str(self.root / "localstack"), str(self.root)))
        child = Child(
            name,
            [sys.executable, "-m", f"oo_local.{name}", *arguments],
            log=self.home / "logs" / f"{name}.log",
            env={**kept, **env, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"},
            cwd=self.root,
        )
        self._children.append(child)
        if not wait_until(lambda: ready() or not child.alive, _FIRST_CALL) or not child.alive:
            raise RuntimeError(f"the {name} did not come up:\n{child.tail()}")


def _answers(port: int, path: str) -> bool:
    import http.client

    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        json.loads(answer.read())
        return answer.status == 200
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()
