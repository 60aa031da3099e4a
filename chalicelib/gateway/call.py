"""What a view receives and what it may return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar

from pydantic import BaseModel

from chalicelib.contracts.errors import Unauthenticated
from chalicelib.contracts.http import Principal

BodyT = TypeVar("BodyT")
FORM: Final = "application/x-www-form-urlencoded"
NO_PERSON: Final = "This needs a person's session, not an admin's."
Access = Literal["anyone", "person", "admin", "session"]
"""Who may call: anyone; a signed-in person; an admin; anyone signed in."""
Limit = Literal["address", "person", "none"]
"""Whose calls are counted before the view is asked, beside those of the session."""


@dataclass(frozen=True)
class Call(Generic[BodyT]):
    """One authenticated, validated request."""

    body: BodyT
    query: Any
    path: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    principal: Principal
    trace_id: str

    @property
    def person_id(self) -> str:
        """The person who asks; only for access `person`."""
        if self.principal.person_id is None:
            raise Unauthenticated(NO_PERSON)
        return self.principal.person_id


@dataclass(frozen=True)
class Reply:
    """An answer that is more than a model: another status, headers, cookies, or not JSON."""

    body: BaseModel | str | bytes | None = None
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Sequence[str] = ()


@dataclass(frozen=True)
class Spec:
    """What one endpoint promises; the OpenAPI is generated from these."""

    method: str
    path: str
    access: Access
    summary: str
    tag: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answers: Mapping[int, type[BaseModel] | str | None]
    """Status -> model, content type of what is not JSON, or None for no body."""
    problems: tuple[int, ...]
    name: str
    description: str
    cross_site: bool = False
    """Another site's page may make the browser send this, e.g. a provider's form post."""
    limit: Limit = "none"
    form: type[BaseModel] | None = None
    """The body, where it is a form and not JSON."""
