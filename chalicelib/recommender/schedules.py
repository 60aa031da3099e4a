"""What the recommender does by the clock."""

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import wiring

bp = Blueprint(__name__)


@bp.schedule(Rate(5, unit=Rate.MINUTES))  # type: ignore[untyped-decorator]
def due(event: CloudWatchEvent) -> None:
    """Decisions whose deadline has passed are fanned out, one TipDue each."""
    wiring.settlement().publish_due()
