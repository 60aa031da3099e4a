"""A small language model behind an OpenAI-compatible address.

    python -m oo_local.models.language PORT WEIGHTS NAME

Runs in the environment `.oo/ai`, on xllamacpp's own server. WEIGHTS is `package/file` of an installed
package, whose code is not imported, or the path of a GGUF file. The key stands in OO_MODEL_SERVERS_KEY.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
CONTEXT_TOKENS: Final = 4096


def weights_file(weights: str) -> Path:
    """Where they are. Raises FileNotFoundError."""
    path = Path(weights).expanduser()
    if not path.is_absolute():
        package, _, file = weights.partition("/")
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError(f"the package {package} of {weights} is not installed")
        path = Path(next(iter(spec.submodule_search_locations))) / file
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there")
    return path


def main(arguments: list[str]) -> int:
    """Serve until the process is ended."""
    import xllamacpp

    port, weights, name = arguments
    params = xllamacpp.CommonParams()
    params.model.path = str(weights_file(weights))
    params.model_alias = {name}
    params.hostnames = [HOST]
    params.port = int(port)
    params.api_keys = [os.environ["OO_MODEL_SERVERS_KEY"]]
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    # On busy cores more threads wait for each other longer than they compute.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    # What was asked before stays in memory and in no log.
    params.cache_ram_mib = 0
    params.verbosity = 0
    params.endpoint_slots = False
    params.offline = True
    params.ui = False
    server = xllamacpp.Server(params)
    print(f"{name} answers at {server.listening_address}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
