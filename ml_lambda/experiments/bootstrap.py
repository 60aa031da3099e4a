"""What serves while nothing was published: champion and shadows of the settings, as manifest 0."""

from __future__ import annotations

from chalicelib.contracts.experiments import Manifest, PolicySpec
from chalicelib.runtime.settings import Settings


def manifest_of(chosen: Settings) -> Manifest:
    """Version 0. A policy's id is its name: statistics and vectors in the log go by it."""
    hyper = {"half_life_days": chosen.forgetting_half_life_days} if chosen.forgetting_half_life_days else {}
    shadows = [name for name in chosen.shadows.split(",") if name and name != chosen.champion]
    names = list(dict.fromkeys([chosen.champion, *shadows]))
    return Manifest(
        version=0,
        policies=[PolicySpec(id=name, policy=name, hyper=hyper) for name in names],
        champion=chosen.champion,
        shadows=names[1:],
    )
