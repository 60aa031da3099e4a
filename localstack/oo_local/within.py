"""`python -m oo_local.within MODULE ...`: an operator's command on the oO that runs on this machine.

The module's `main(arguments)` gets the environment that the functions have here: the emulator's address and
the settings of `.env.local`. On AWS the same module runs with the operator's own environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from importlib import import_module

from infra.function import OUTPUTS
from oo_local.bootstrap import ROOT
from oo_local.configuration import ConfigurationError, read_configuration
from oo_local.deploy import INFRA, stack_outputs
from oo_local.emulator import CREDENTIALS, REGION
from oo_local.registry_page import registry_uri
from oo_local.running import NotRunning, Running, home_folder, running


def enter(environment: MutableMapping[str, str], stack: Running, outputs: Mapping[str, str]) -> None:
    """Make it the environment of a function of this stack. `outputs`: those of its infra stack.

    Raises ConfigurationError.
    """
    configuration, home = read_configuration(ROOT, {**environment, **stack.settings}), home_folder()
    for name in [name for name in environment if name.startswith(("OO_", "AWS_"))]:
        del environment[name]
    environment.update(configuration.variables)
    environment.update({name: outputs[output] for name, output in OUTPUTS.items() if output in outputs})
    environment.update(
        CREDENTIALS,
        AWS_DEFAULT_REGION=REGION,
        AWS_ENDPOINT_URL=stack.emulator,
        OO_HOME=str(home),
        OO_STAGE="local",
    )
    environment.setdefault("OO_MLFLOW_TRACKING_URI", registry_uri(home))
    # What a function logs would run through a command's progress bar.
    environment.setdefault("OO_LOG_LEVEL", "WARNING")


def main(arguments: list[str]) -> int:
    """Run the module's `main`; its exit code."""
    module, *rest = arguments
    try:
        stack = running()
        enter(os.environ, stack, stack_outputs(stack.emulator, INFRA))
    except (NotRunning, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1
    try:
        code: int = import_module(module).main(rest)
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
