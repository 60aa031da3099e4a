"""What the recommender does by the clock."""

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import wiring
from chalicelib.runtime.settings import settings

bp = Blueprint(__name__)

# On one machine a developer watches; elsewhere five minutes is soon enough.
EVERY_MINUTES = 1 if settings().stage == "local" else 5


@bp.schedule(Rate(EVERY_MINUTES, unit=Rate.MINUTES))  # type: ignore[untyped-decorator]
def due(event: CloudWatchEvent) -> None:
    """Decisions whose deadline has passed are fanned out, one TipDue each."""
    wiring.settlement().publish_due()
