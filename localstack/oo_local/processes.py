"""Child processes that never outlive us: each leads its own group, and the group is ended as a whole."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from oo_local.ports import wait_until

# A killed parent cannot clean up: on Linux the kernel ends the child with it (prctl PR_SET_PDEATHSIG = 1).
_ORPHAN_GUARD: Final = (
    "import ctypes,os,signal,sys\n"
    # A shell starts what it puts into the background with SIGINT ignored, and that is inherited.
    "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
    "try: ctypes.CDLL(None).prctl(1, signal.SIGINT)\n"
    "except (OSError, AttributeError): pass\n"
    "if os.getppid() != int(sys.argv[1]): sys.exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)


class Child:
    """A process and everything that it starts."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path | None = None,
        patience: float = 10,
    ) -> None:
        """Start it; both outputs are appended to `log`. `patience`: seconds it gets to stop by itself."""
        self.name = name
        self.patience = patience
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-S", "-E", "-c", _ORPHAN_GUARD, str(os.getpid()), *command],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Ask politely (SIGINT: the emulator then saves its state), then end the whole group."""
        if self.alive:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.patience)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        wait_until(lambda: not group_alive(self.process.pid), 5)

    def tail(self, lines: int = 12) -> str:
        """The end of its log, for an error message."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def group_alive(group: int) -> bool:
    """Whether a process of the group still runs (a zombie does not)."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    proc = Path("/proc")
    if not proc.is_dir():
        return True
    for stat in proc.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = stat.read_text().rsplit(")", 1)[1].split()
            if int(fields[2]) == group and fields[0] not in "ZX":
                return True
    return False
