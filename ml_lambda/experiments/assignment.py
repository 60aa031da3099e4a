"""Who is served by what: a hash of the person and a salt decides, so nothing is stored and nothing drifts.

The holdback has one salt for good: whoever is in it stays in it over all experiments and promotions, and
being in it says nothing about which side of an A/B test one would be on. Each experiment's name is its salt.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from chalicelib.contracts.experiments import Arm, Manifest

_HOLDBACK: Final = "holdback"
_AB: Final = "ab"


@dataclass(frozen=True)
class Assignment:
    """What serves a person: (1 - rho) of `base` and rho of `other`, by the ids of their policies."""

    arm: Arm
    base: str
    other: str = ""
    rho: float = 0.0


def assign(manifest: Manifest, person_id: str) -> Assignment:
    """The person's arm, by the manifest alone.

    - holdback: the policy from before the last promotion, or the champion when nothing was promoted yet;
      people are held back while an experiment runs or something was promoted;
    - canary: the mixture, for everyone else;
    - challenger or champion: the two sides of an A/B test;
    - champion: everyone, while nothing is mixed in.
    """
    experiment, champion = manifest.experiment, manifest.champion
    if (experiment or manifest.holdback) and held_back(person_id, manifest.holdback_share):
        return Assignment("holdback", manifest.holdback or champion)
    if experiment and experiment.phase == "canary":
        return Assignment("canary", champion, experiment.challenger, experiment.rho)
    if experiment and experiment.phase == "ab" and unit(_AB, experiment.name, person_id) < experiment.rho:
        return Assignment("challenger", experiment.challenger)
    return Assignment("champion", champion)


def held_back(person_id: str, share: float) -> bool:
    """Whether this person is among the share that nothing new is tried on."""
    return unit(_HOLDBACK, "", person_id) < share


def unit(purpose: str, name: str, person_id: str) -> float:
    """A number in [0, 1) that is uniform over people, and independent for another purpose or name."""
    digest = sha256(f"{purpose}\0{name}\0{person_id}".encode()).digest()
    # 53 bits: what a float holds exactly, so that the result never rounds up to 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2.0**53


def expected_shares(manifest: Manifest) -> dict[Arm, float]:
    """The share of people in each arm, as the manifest means it; they sum to 1. What sample_ratio tests."""
    experiment = manifest.experiment
    held = manifest.holdback_share if experiment or manifest.holdback else 0.0
    rest = 1.0 - held
    shares: dict[Arm, float] = {"holdback": held}
    if experiment and experiment.phase == "canary":
        shares["canary"] = rest
    elif experiment and experiment.phase == "ab":
        shares["challenger"] = rest * experiment.rho
        shares["champion"] = rest * (1.0 - experiment.rho)
    else:
        shares["champion"] = rest
    return {arm: share for arm, share in shares.items() if share > 0.0}
