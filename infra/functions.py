"""All functions, from the tables of Chalice's and the scoring image's: everything about a function is there.

`.chalice/config.json`, `.chalice/policies/`, the CloudFormation roles and functions, the merge
template, the alarms and the architecture tests are all made from it.
"""

from __future__ import annotations

from typing import Final

from infra.function import OUTPUTS, Function
from infra.functions_chalice import CHALICE
from infra.functions_scoring import SCORING

FUNCTIONS: Final[tuple[Function, ...]] = (*CHALICE, *SCORING)


def chalice_functions() -> tuple[Function, ...]:
    """Those that Chalice packages."""
    return CHALICE


def ml_functions() -> tuple[Function, ...]:
    """Those of the scoring image, which infra owns."""
    return SCORING


def function(name: str) -> Function:
    """The function of that name; KeyError when there is none."""
    try:
        return next(f for f in FUNCTIONS if f.name == name)
    except StopIteration:
        raise KeyError(name) from None


def environment(fn: Function, stage: str, outputs: dict[str, str] | None = None) -> dict[str, str]:
    """Its variables. What is not in `outputs` yet stays a `${Output}` token, which no deploy accepts."""
    values = {"OO_STAGE": stage}
    for variable in fn.variables[1:]:
        output = OUTPUTS[variable]
        values[variable] = (outputs or {}).get(output, f"${{{output}}}")
    return values
