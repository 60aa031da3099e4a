"""A proxy that answers, but not with what was asked: what its status says of the next try."""

from __future__ import annotations

from typing import Final

from ml_lambda.llm.contract import ModelUnavailable

_NO_KEY: Final = 401
_BUSY: Final = 429
_BROKEN: Final = 500
_WRONG_REQUEST: Final = frozenset({400, 413, 422})


class Refused(ModelUnavailable):
    """Any status but 200."""

    def __init__(self, status: int) -> None:
        super().__init__("status", f"status {status}")
        self.status: Final = status

    @property
    def passing(self) -> bool:
        """Whether the same request may be answered a little later."""
        return self.status == _BUSY or self.status >= _BROKEN

    @property
    def by_key(self) -> bool:
        """Whether another key might be answered."""
        return self.status == _NO_KEY

    @property
    def by_request(self) -> bool:
        """Whether it is about this one request, and says nothing of the next."""
        return self.status in _WRONG_REQUEST
