"""The gate: evidence that may be looked at after every decision, and still errs at most α of the time.

Testing by betting (Waudby-Smith and Ramdas 2024; Waudby-Smith et al. 2022 for off-policy values). While
served by π = (1 - ρ) π_I + ρ π_C, each settled reward r of a chosen arm gives an unbiased look at how much
better the challenger is:

    φ = (r - c) (π_C - π_I) / π                      c: what rewards are like, from earlier decisions
    φ = (r - q) (π_C - π_I) / π + Σ_a q(a) (π_C - π_I)(a)          doubly robust, q predicted beforehand

E = ∏(1 + λφ) with every λ fixed beforehand is a nonnegative supermartingale while the challenger is no
better, so it reaches 1/α with probability at most α however often one looks (Ville). Promote at E ≥ 1/α;
roll back when the mirrored process, which bets on -φ, gets there. Why it holds:

- given what came before, the arm is drawn from π, so E[φ] = Σ_a (r(a) - c) (π_C - π_I)(a): the difference of
  the two values, as Σ_a (π_C - π_I)(a) = 0, whatever c and q are. At most 0, E[1 + λφ] is at most 1;
- every λ here follows from earlier decisions alone, so do the shares a portfolio starts with;
- |φ| ≤ 1.05 / min(ρ, 1 - ρ) + 1 and λ is capped below its inverse: no bet loses more than is staked;
- a sum of such wealths that starts at 1 is another.

E is a portfolio of bettors, each with a share of the first unit of wealth and its own λ:

- three expect a lift of 5, 10 and 20% of the mean reward: λ = gain / E[φ²], Kelly's bet on that gain. One
  that guesses the size costs far less than one that has to learn it, and being wrong by half costs 25%;
- with predictions, one expects the mean predicted gain; and one plays boldly for it: it bets as the
  replicating portfolio of a test at the horizon where that gain would be just visible, the fastest way
  to 1/α when the size of the gain is known.

`experiments/README.md` holds the error rates; `bench/policies/gate_world.py` measures them.
"""

from __future__ import annotations

from datetime import datetime
from math import exp, isfinite, log, pi, sqrt
from statistics import NormalDist
from typing import Final

from chalicelib.contracts.experiments import GateState, Verdict

LIFTS: Final = (0.05, 0.10, 0.20)
"""The gains that are looked for, as shares of the mean reward."""
_SHARES: Final = (0.3, 0.5, 0.2)
_SHARES_PREDICTED: Final = (0.07, 0.13, 0.03, 0.02, 0.75)
"""The lifts, the predicted gain, the bold one."""
_HORIZON: Final = 3.5
"""The bold one's horizon, in decisions that would show the predicted gain at one standard error."""
_LAST: Final = 0.05
"""The share of the horizon that is kept as still to come once it has passed."""
_MEMORY: Final = 1.0 - 1.0 / 1000
"""What stays of old decisions in c, E[φ²] and the predicted gain: baselines drift."""
_TOLERANCE: Final = 1.05
"""How far a weight may exceed its bound, for floors and rounding of logged vectors."""
_NOTHING: Final = 1e-12
_SUMS: Final = (
    "rewards", "informative", "c_weight", "c_sum", "count", "square", "gain", "predicted",
)  # fmt: skip
"""What the bets rest on, as kept in a GateState beside the wealths."""
_ROOT: Final = sqrt(2.0 * pi)
_quantile: Final = NormalDist().inv_cdf


def needed(alpha: float = 0.05) -> float:
    """The e-value at which the gate decides."""
    return 1.0 / alpha


class Gate:
    """Watches one canary. Give it first revisions only, in the order in which rewards settled.

    All of them: leaving out decisions by what was chosen or how it went makes the evidence worthless.
    """

    def __init__(self, rho: float, alpha: float = 0.05, experiment: str = "") -> None:
        """`rho`: the challenger's share in the mix, inside (0, 1); the least of them when it is raised on the
        way, for the evidence goes on. Raises ValueError."""
        if not 0.0 < rho < 1.0 or not 0.0 < alpha < 1.0:
            raise ValueError("rho and alpha lie between 0 and 1")
        self.rho, self.alpha, self.experiment = rho, alpha, experiment
        self.verdict: Verdict = "continue"
        self.decisions = 0
        self._target = needed(alpha)
        self._most = _TOLERANCE / min(rho, 1.0 - rho)
        # |φ| ≤ largest weight + 1 for predictions in [0, 1], so a bet never loses all.
        self._cap = 0.95 / (self._most + 1.0)
        self._up: list[float] = []
        self._down: list[float] = []
        # Guesses worth a few decisions, replaced by what is seen.
        self._rewards = 6.0
        self._informative = 5.0
        self._c_weight = 4.0 / rho
        self._c_sum = 0.3 * self._c_weight
        self._count = 30.0
        self._square = 30.0 * 0.25 * (1.0 / rho + 1.0 / (1.0 - rho))
        self._gain = 0.0
        self._predicted = 0.0

    @classmethod
    def from_state(cls, state: GateState) -> Gate:
        """Go on from `snapshot`, to the last bit as if it had never stopped. Raises ValueError."""
        gate = cls(state.rho, state.alpha, state.experiment)
        if not state.decisions:
            return gate
        try:
            for name in _SUMS:
                setattr(gate, f"_{name}", state.sums[name])
            bettors = sum(name.startswith("up.") for name in state.sums)
            if bettors not in {0, len(_SHARES), len(_SHARES_PREDICTED)}:
                raise ValueError("a gate's state of another portfolio")
            gate._up = [state.sums[f"up.{i}"] for i in range(bettors)]
            gate._down = [state.sums[f"down.{i}"] for i in range(bettors)]
        except KeyError as error:
            raise ValueError(f"a gate's state without {error}") from None
        gate.verdict, gate.decisions = state.verdict, state.decisions
        return gate

    def snapshot(self, settled_until: datetime | None = None) -> GateState:
        """How far the evidence has come. `settled_until`: until when rewards were observed."""
        sums = {name: getattr(self, f"_{name}") for name in _SUMS}
        sums |= {f"up.{i}": wealth for i, wealth in enumerate(self._up)}
        sums |= {f"down.{i}": wealth for i, wealth in enumerate(self._down)}
        return GateState(
            experiment=self.experiment,
            rho=self.rho,
            alpha=self.alpha,
            decisions=self.decisions,
            log_promote=_log(sum(self._up)) if self._up else 0.0,
            log_rollback=_log(sum(self._down)) if self._down else 0.0,
            verdict=self.verdict,
            reason=self._reason(),
            sums=sums,
            settled_until=settled_until,
        )

    def _reason(self) -> str:
        if self.verdict == "continue":
            return ""
        which = "for" if self.verdict == "promote" else "against"
        wealth = sum(self._up if self.verdict == "promote" else self._down)
        return f"Evidence {which} the challenger reached {wealth:.3g} to 1 after {self.decisions} rewards."

    def observe(
        self,
        reward: float,
        p_incumbent: float,
        p_challenger: float,
        p_logged: float,
        predicted: float | None = None,
        predicted_difference: float | None = None,
    ) -> Verdict:
        """Take in one settled reward in [0, 1]; what the evidence says now. A verdict stands.

        The three probabilities are the chosen arm's. `predicted`: the reward predicted for it, and
        `predicted_difference`: Σ_a q(a) (π_C - π_I)(a), both made before this decision, by a predictor
        in [0, 1]; whether the first decision has them settles how the wealth is spread.
        Raises ValueError for numbers that cannot be of this mixture; nothing has changed then.
        """
        if self.verdict != "continue":
            return self.verdict
        if not (0.0 <= reward <= 1.0 and p_logged > 0.0):
            raise ValueError("a reward lies in [0, 1], what was chosen has a probability above 0")
        weight = (p_challenger - p_incumbent) / p_logged
        if not -self._most <= weight <= self._most:
            raise ValueError(f"these probabilities are of no mixture with a share of {self.rho} or more")
        if (predicted is None) is not (predicted_difference is None):
            raise ValueError("predicted and predicted_difference come together")
        if predicted is None or predicted_difference is None:
            difference = 0.0
            phi = (reward - self._c_sum / self._c_weight) * weight
        else:
            difference = predicted_difference
            phi = (reward - predicted) * weight + difference
            if not isfinite(phi):
                raise ValueError("predictions are finite")
        if not -_NOTHING < weight < _NOTHING or not -_NOTHING < difference < _NOTHING:
            self._bet(phi, predicted is not None)
            square = weight * weight
            self._c_weight = _MEMORY * self._c_weight + square
            self._c_sum = _MEMORY * self._c_sum + square * reward
            self._count = _MEMORY * self._count + 1.0
            self._square = _MEMORY * self._square + phi * phi
            self._gain = _MEMORY * self._gain + phi
            self._predicted = _MEMORY * self._predicted + difference
            self._informative += 1.0
        self.decisions += 1
        self._rewards += reward
        return self.verdict

    def _bet(self, phi: float, predicted: bool) -> None:
        """Settle all bets on φ, and on -φ, that were open before it was known."""
        cap = self._cap
        variance = self._square / self._count
        # Per decision that tells something: most decisions of two similar policies tell nothing.
        unit = self._rewards / (self._informative + 5.0) / variance
        bets = [min(lift * unit, cap) for lift in LIFTS]
        shares = _SHARES_PREDICTED if predicted else _SHARES
        up, down = list(self._up or shares), list(self._down or shares)
        for wealth, value in ((up, phi), (down, -phi)):
            for i, bet in enumerate(bets):
                wealth[i] *= 1.0 + bet * value
        if len(up) > len(bets):
            expected = self._predicted / (self._count - 29.0)
            found = self._gain / (self._count + 500.0)
            self._bet_on_prediction(up, phi, max(expected, found), variance)
            self._bet_on_prediction(down, -phi, max(-expected, -found), variance)
        if min(*up, *down) < 0.0:
            raise ValueError("predictions this far outside [0, 1] cannot be bet on")
        self._up, self._down = up, down
        if sum(up) >= self._target:
            self.verdict = "promote"
        elif sum(down) >= self._target:
            self.verdict = "rollback"

    def _bet_on_prediction(self, wealth: list[float], phi: float, gain: float, variance: float) -> None:
        if gain < _NOTHING:
            return
        kelly, bold = len(LIFTS), len(LIFTS) + 1
        horizon = _HORIZON * variance / (gain * gain)
        ahead = max(horizon - self._informative, _LAST * horizon) * variance
        need = max(self._target - sum(wealth[:bold]), 1.0)
        chance = min(max(wealth[bold] / need, 1e-9), 1.0 - 1e-9)
        quantile = _quantile(chance)
        slope = exp(-0.5 * quantile * quantile) / (_ROOT * chance * sqrt(ahead))
        wealth[kelly] *= 1.0 + min(gain / variance, self._cap) * phi
        wealth[bold] *= 1.0 + min(slope, self._cap) * phi


def _log(wealth: float) -> float:
    return log(max(wealth, 1e-300))
