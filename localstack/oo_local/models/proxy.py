"""LiteLLM's proxy on this machine, and the small models behind it: started together, ready together.

They run in an environment of their own (`.oo/ai`), installed when it is first asked for. Which model answers
which alias is the proxy's configuration alone; nothing here knows a model's name.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from oo_local.bootstrap import ensure, python_of
from oo_local.configuration import Configuration
from oo_local.models.proxy_config import MASTER_KEY, ProxyConfig, Served
from oo_local.ports import HOST, wait_until
from oo_local.processes import Child

_PATIENCE: Final = 240
"""Seconds; the proxy alone takes ten of a processor, at its first start twenty."""
_PROBE_SECONDS: Final = 40
_KEPT: Final = ("PATH", "HOME", "LANG", "HTTPS_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_QUIET: Final = {
    # What it would otherwise fetch from the internet when it starts comes with the package.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    # An error may quote what was asked. The caller gets it anyway.
    "LITELLM_LOG": "CRITICAL",
    "DISABLE_ADMIN_UI": "True",
    "DO_NOT_TRACK": "true",
    "PYTHONUNBUFFERED": "1",
}


@dataclass(frozen=True)
class Models:
    """The proxy and its models, of one configuration."""

    root: Path
    home: Path
    configuration: Configuration
    proxy: ProxyConfig
    key: str
    """The proxy's, which its callers send."""
    servers_key: str
    """The one that the proxy sends to the models of this machine."""

    @property
    def ports(self) -> Mapping[str, int]:
        """The ports that it uses, by their variables."""
        local = self.configuration.local
        return {
            "OO_LITELLM_PORT": local.litellm_port,
            **({"OO_LANGUAGE_PORT": local.language_port} if self.proxy.language else {}),
            **({"OO_EMBEDDING_PORT": local.embedding_port} if self.proxy.embedding else {}),
        }

    def start(self) -> list[Child]:
        """Start all; none is ready yet. Raises BootstrapFailed."""
        ensure("ai", self.root)
        local, children = self.configuration.local, []
        if self.proxy.language:
            children.append(self._server("language", local.language_port, self.proxy.language))
        if self.proxy.embedding:
            children.append(self._server("embedding", local.embedding_port, self.proxy.embedding))
        command = [
            str(python_of("ai", self.root).with_name("litellm")), "--config", str(self._config()),
            "--host", HOST, "--port", str(local.litellm_port), "--telemetry", "False",
        ]  # fmt: skip
        urls = {
            "OO_LANGUAGE_URL": f"http://{HOST}:{local.language_port}/v1",
            "OO_EMBEDDING_URL": f"http://{HOST}:{local.embedding_port}/v1",
        }
        env = {**_QUIET, **urls, **self.configuration.proxy_keys, MASTER_KEY: self.key}
        return [*children, self._child("litellm", command, env)]

    def wait(self, children: list[Child]) -> None:
        """Until all answer. Raises RuntimeError."""
        local = self.configuration.local
        health = {
            "litellm": (local.litellm_port, "/health/liveliness"),
            "language": (local.language_port, "/health"),
            "embedding": (local.embedding_port, "/health"),
        }
        for child in children:
            port, path = health[child.name]
            wait_until(partial(_settled, child, port, path), _PATIENCE, 0.2)
            if not child.alive or not _healthy(port, path):
                raise RuntimeError(f"the {child.name} did not come up:\n{child.tail()}")

    def refusal(self) -> str:
        """Why the aliases that tips need do not answer, asked once each; empty: they do."""
        import httpx

        asked: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("tip-generator", "chat/completions", {"messages": [{"role": "user", "content": "Say yes."}]}),
            ("embedder", "embeddings", {"input": ["yes"]}),
        )
        for alias, path, body in asked:
            try:
                answer = httpx.post(
                    f"{self.configuration.litellm_url}/v1/{path}",
                    json={"model": alias, **body, **({"max_tokens": 4} if "messages" in body else {})},
                    headers={"Authorization": f"Bearer {self.key}"},
                    timeout=_PROBE_SECONDS,
                )
            except httpx.HTTPError as error:
                return f"{alias}: {type(error).__name__}"
            if not answer.is_success:
                return f"{alias}: {_told(answer.text)}"
        return ""

    def _config(self) -> Path:
        """The configuration that the proxy reads: the chosen file, or it with callbacks."""
        if not (callbacks := self.configuration.local.litellm_callbacks):
            return self.proxy.path
        path = self.home / "run" / "litellm.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.proxy.with_callbacks(tuple(callbacks.split(","))))
        return path

    def _server(self, kind: str, port: int, served: Served) -> Child:
        command = [
            str(python_of("ai", self.root)), "-m", f"oo_local.models.{kind}",
            str(port), served.weights, served.name,
        ]  # fmt: skip
        paths = os.pathsep.join((str(self.root / "localstack"), str(self.root)))
        return self._child(kind, command, {"PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"})

    def _child(self, name: str, command: list[str], env: Mapping[str, str]) -> Child:
        kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
        return Child(
            name,
            command,
            log=self.home / "logs" / f"{name}.log",
            env={**kept, **env, "OO_MODEL_SERVERS_KEY": self.servers_key},
            cwd=self.home,
            # None of them has anything to save, and the proxy takes its time to say goodbye.
            patience=1,
        )


def _told(text: str) -> str:
    """What a refusal says, in one line."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        text = str(json.loads(text)["error"]["message"])
    return " ".join(text.split())[:300]


def _settled(child: Child, port: int, path: str) -> bool:
    """Whether waiting for it is over: it answers, or it has ended."""
    return not child.alive or _healthy(port, path)


def _healthy(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
