"""Health: each module says how it is; the gateway only gathers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalicelib.contracts.http import Health, HealthReport
from chalicelib.gateway.call import Reply


def alive() -> Health:
    """The gateway's own health: it answered, so it is well. Calls nothing."""
    return Health(module="gateway", status="ok")


def report(checks: Mapping[str, Callable[[], Health]]) -> Reply:
    """All modules; 503 when one is down. A check that raises counts as down."""
    modules = []
    for name, check in sorted(checks.items()):
        try:
            modules.append(check())
        except Exception as error:
            modules.append(Health(module=name, status="down", detail=type(error).__name__))
    states = {m.status for m in modules}
    worst = next((s for s in ("down", "degraded") if s in states), "ok")
    return Reply(
        body=HealthReport(status=worst, modules=modules),  # type: ignore[arg-type]
        status=503 if worst == "down" else 200,
    )
