"""What a configuration of the proxy says: which model answers an alias, what is served here, its keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

ALIASES: Final = frozenset({"tip-generator", "embedder", "judge"})
DEFAULT: Final = Path("localstack/litellm/local.yaml")
_REFERENCE: Final = "os.environ/"
MASTER_KEY: Final = "LITELLM_MASTER_KEY"


class ProxyConfigError(Exception):
    """The file cannot be used; the message says why."""


class Served(BaseModel):
    """A model that is served on this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="What the server calls it.")
    weights: str = Field(description="`package/file`, the path of a file, or what the embedder calls them.")


class _Servers(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Served | None = None
    embedding: Served | None = None


class _Ours(BaseModel):
    """The block `oo` of the file, which the proxy does not read."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    settings: Mapping[str, str] = {}
    servers: _Servers = _Servers()


@dataclass(frozen=True)
class ProxyConfig:
    """A configuration of LiteLLM's proxy, as far as `make dev` is concerned."""

    path: Path
    models: Mapping[str, str]
    """The model behind each alias."""
    settings: Mapping[str, str]
    """Variables of the functions that go with these models."""
    language: Served | None
    embedding: Served | None
    keys: frozenset[str]
    """Environment variables that it refers to and `make dev` does not set itself."""

    def with_callbacks(self, callbacks: tuple[str, ...]) -> str:
        """The file's text with these callbacks, for success and failure alike."""
        document = yaml.safe_load(self.path.read_text())
        settings = document.setdefault("litellm_settings", {})
        settings["success_callback"] = settings["failure_callback"] = list(callbacks)
        return str(yaml.safe_dump(document, sort_keys=False))


def read_proxy_config(path: Path) -> ProxyConfig:
    """Read and check it. Raises ProxyConfigError."""
    try:
        document = yaml.safe_load(path.read_text())
        models = {one["model_name"]: one["litellm_params"]["model"] for one in document["model_list"]}
        ours = _Ours.model_validate(document.get("oo") or {})
    except OSError as error:
        raise ProxyConfigError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise ProxyConfigError(f"{path} is not a configuration of LiteLLM's proxy") from None
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ProxyConfigError(f"{path}, block oo: {said}") from None
    if missing := ALIASES - models.keys():
        raise ProxyConfigError(f"{path} lacks the aliases {', '.join(sorted(missing))}")
    keys = frozenset(
        name for name in _references(document) if name != MASTER_KEY and not name.startswith("OO_")
    )
    return ProxyConfig(path, models, dict(ours.settings), ours.servers.language, ours.servers.embedding, keys)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
    elif isinstance(value, str) and value.startswith(_REFERENCE):
        yield value.removeprefix(_REFERENCE)
