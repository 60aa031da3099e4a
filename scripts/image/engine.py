"""A container engine: the one that answers here, or a private one below `.oo/image` that ends with us."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from oo_local.ports import wait_until
from oo_local.processes import Child
from scripts.image.steps import CommandFailed, Skipped, run

VARIABLE: Final = "OO_IMAGE_ENGINE"
INSTALL: Final = "install"
PACKAGES: Final = ("docker.io", "debootstrap", "debian-archive-keyring")
_POLICY: Final = Path("/usr/sbin/policy-rc.d")
_BRIDGE: Final = Path("/sys/class/net/docker0")

NO_ENGINE: Final = (
    "No container engine answers here (`docker version`).\n"
    "Either start Docker and run `make image-test` again,\n"
    f"or, as root on Debian or Ubuntu, run `make image-test {VARIABLE}={INSTALL}`: it installs\n"
    f"{', '.join(PACKAGES)} with apt-get and starts a private engine below .oo/image,\n"
    "which ends with the test."
)
NO_BUILDKIT: Final = (
    "Docker answers, but it cannot build with BuildKit, which the Dockerfile needs for its build secrets:\n"
    "install the buildx plugin (package docker-buildx or docker-buildx-plugin)."
)


@dataclass(frozen=True)
class Engine:
    """A running engine: the client that reaches it, its address, and whether it is ours alone."""

    client: str
    host: str = ""
    private: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)

    def docker(self, *arguments: str, timeout: float = 120) -> str:
        """What a command answers, without white space around it. Raises CommandFailed."""
        done = subprocess.run(
            [self.client, *arguments], check=False, capture_output=True, text=True, timeout=timeout,
            stdin=subprocess.DEVNULL, env={**os.environ, **self.environment},
        )  # fmt: skip
        if done.returncode != 0:
            raise CommandFailed(
                f"docker {arguments[0]} failed: {(done.stderr or done.stdout).strip()[-800:]}"
            )
        return done.stdout.strip()

    def run(self, *arguments: str, log: Path, timeout: float = 900) -> None:
        """A long command, its output in `log`. Raises CommandFailed."""
        run([self.client, *arguments], log, env=self.environment, timeout=timeout)

    def inspect(self, name: str) -> dict[str, Any] | None:
        """An image or container; None when it is not there."""
        try:
            found: list[dict[str, Any]] = json.loads(self.docker("inspect", name))
        except CommandFailed:
            return None
        return found[0]

    def gateway(self) -> str:
        """The host's address on the bridge that containers are on; empty when it cannot be told."""
        with contextlib.suppress(CommandFailed):
            found = json.loads(self.docker("network", "inspect", "bridge"))
            return bridge_address(found[0]["IPAM"]["Config"] or [])
        return ""

    def tidy(self, image: str) -> None:
        """Remove every container of an image; an engine of our own also forgets what earlier runs built."""
        with contextlib.suppress(CommandFailed, subprocess.TimeoutExpired):
            if found := self.docker("ps", "--all", "--quiet", "--filter", f"ancestor={image}").split():
                self.docker("rm", "--force", *found)
            if self.private:
                self.docker("container", "prune", "--force")
                self.docker("image", "prune", "--force")


def bridge_address(configurations: Sequence[Mapping[str, str]]) -> str:
    """The bridge's own IPv4 address: its gateway or, where an engine leaves it out, its first host."""
    for configuration in configurations:
        network = ipaddress.ip_network(configuration["Subnet"])
        if network.version == 4:
            return configuration.get("Gateway") or str(network[1])
    return ""


def builds_with_buildkit(version: str, has_buildx: bool) -> bool:
    """Whether a client of this version can use BuildKit: by buildx, or as one that still had it within."""
    if has_buildx:
        return True
    major = version.split(".", maxsplit=1)[0]
    return major.isdigit() and 18 < int(major) < 23


def clients() -> list[str]:
    """Every docker client on PATH, in PATH's order."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    found = (shutil.which("docker", path=folder) for folder in folders if folder)
    return list(dict.fromkeys(path for path in found if path))


def running_engine(names: Sequence[str] | None = None, **environment: str) -> Engine | None:
    """The engine that answers. Raises Skipped when it does, but no client here can build with it."""
    answered = False
    for client in clients() if names is None else names:
        engine = Engine(
            client,
            host=environment.get("DOCKER_HOST") or _context_host(client),
            private=bool(environment),
            environment={"DOCKER_BUILDKIT": "1", **environment},
        )
        try:
            engine.docker("version", "--format", "{{.Server.Version}}", timeout=30)
        except (CommandFailed, OSError, subprocess.TimeoutExpired):
            continue
        answered = True
        version = engine.docker("version", "--format", "{{.Client.Version}}")
        if builds_with_buildkit(version, _has_buildx(client)):
            return engine
    if answered:
        raise Skipped(NO_BUILDKIT)
    return None


def _has_buildx(client: str) -> bool:
    return subprocess.run([client, "buildx", "version"], check=False, capture_output=True).returncode == 0


def _context_host(client: str) -> str:
    """Where the client's engine listens: what the emulator needs as DOCKER_HOST."""
    if host := os.environ.get("DOCKER_HOST"):
        return host
    done = subprocess.run(
        [client, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip() if done.returncode == 0 else ""


def may_install(variables: Mapping[str, str]) -> bool:
    """Whether the one who runs this asked for it, and this machine can."""
    return (
        variables.get(VARIABLE) == INSTALL
        and sys.platform == "linux"
        and os.geteuid() == 0
        and shutil.which("apt-get") is not None
    )


def install(log: Path) -> None:
    """Install what is missing of the engine and of what makes a base; no service is started by it."""
    if shutil.which("dockerd") and shutil.which("debootstrap"):
        return
    guard = not _POLICY.exists()
    if guard:
        # Debian's own way to say: install, but start nothing.
        _POLICY.write_text("#!/bin/sh\nexit 101\n")
        _POLICY.chmod(0o755)
    try:
        run(
            ["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES],
            log, env={"DEBIAN_FRONTEND": "noninteractive"},
        )  # fmt: skip
    finally:
        if guard:
            _POLICY.unlink(missing_ok=True)


@contextlib.contextmanager
def private_engine(home: Path) -> Iterator[Engine]:
    """A dockerd of our own: data, sockets and pid below `home`, ended whatever happens."""
    home.mkdir(parents=True, exist_ok=True)
    socket = f"unix://{home / 'docker.sock'}"
    log = home / "logs" / "dockerd.log"
    if _runs(home / "docker.pid"):
        raise CommandFailed("another image test runs in this checkout: wait for its end")
    log.unlink(missing_ok=True)
    made_bridge = home / "made-bridge"
    if not _BRIDGE.exists():
        made_bridge.touch()
    child = Child(
        "dockerd",
        [
            str(shutil.which("dockerd")), "--host", socket, "--group", "root",
            "--data-root", str(home / "data"), "--exec-root", str(home / "exec"),
            "--pidfile", str(home / "docker.pid"),
        ],
        log=log,
        env={**os.environ, "TMPDIR": _folder(home / "tmp")},
        patience=30,
    )  # fmt: skip
    try:
        found: list[Engine] = []
        wait_until(lambda: not child.alive or _answers(socket, found), 60, interval=0.3)
        if not found:
            raise CommandFailed(f"dockerd did not start:\n{child.tail(20)}")
        yield found[0]
    finally:
        child.stop()
        _end_leftovers(home)
        if made_bridge.exists():
            subprocess.run(["ip", "link", "delete", _BRIDGE.name], check=False, capture_output=True)
            made_bridge.unlink()


def _answers(socket: str, found: list[Engine]) -> bool:
    engine = running_engine(DOCKER_HOST=socket)
    if engine is not None:
        found.append(engine)
    return engine is not None


def _runs(pid_file: Path) -> bool:
    """Whether the engine that wrote it still runs."""
    try:
        command = Path("/proc", pid_file.read_text().strip(), "cmdline").read_bytes()
    except OSError:
        return False
    return str(pid_file).encode() in command


def _folder(path: Path) -> str:
    path.mkdir(parents=True, exist_ok=True)
    return str(path)


def _end_leftovers(home: Path) -> None:
    """End what a killed dockerd left behind: its containerd and shims name our folder in their command."""
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError, ValueError):
            words = line.read_bytes().decode(errors="replace").split("\0")
            if Path(words[0]).name.startswith(("dockerd", "containerd")) and any(
                str(home) in w for w in words
            ):
                os.kill(int(line.parent.name), 9)
