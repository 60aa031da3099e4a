"""Health: each module says how it is; the gateway only gathers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalicelib.contracts.http import Health, HealthReport
from chalicelib.gateway.call import Reply


def alive() -> Health:
    """The gateway's own health: it answered, so it is well. Calls nothing."""
    return Health(module="gateway", status="ok")


def answer_of(name: str, check: Callable[[], Health]) -> Health:
    """One module's health; a check that raises counts as down."""
    try:
        return check()
    except Exception as error:
        return Health(module=name, status="down", detail=type(error).__name__)


def report(checks: Mapping[str, Callable[[], Health]]) -> Reply:
    """All modules; 503 when one is down."""
    modules = [answer_of(name, check) for name, check in sorted(checks.items())]
    states = {m.status for m in modules}
    worst = next((s for s in ("down", "degraded") if s in states), "ok")
    return Reply(
        body=HealthReport(status=worst, modules=modules),  # type: ignore[arg-type]
        status=503 if worst == "down" else 200,
    )
