"""The smaller parts: archives, dependencies, progress, logs, cookie jars, what is running."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from oo_local import bootstrap
from oo_local.dependencies import locked_names
from oo_local.front import AddressFile
from oo_local.logs import worded
from oo_local.packaging import PackagingFailed, _archive, _told
from oo_local.processes import Child, group_alive
from oo_local.progress import Quiet, Shown, StepFailed
from oo_local.reset import reset
from oo_local.running import NotRunning, Running, announce, running, withdraw
from oo_local.signin import jar_path


def make_tree(folder: Path) -> Path:
    (folder / "package").mkdir(parents=True)
    (folder / "package" / "__init__.py").write_text("")
    (folder / "package" / "module.py").write_text("VALUE = 7\n")
    (folder / "page.html").write_text("<p>")
    return folder


def test_an_archive_is_named_by_its_content(tmp_path: Path) -> None:
    first, second = make_tree(tmp_path / "a"), make_tree(tmp_path / "b")
    one, two = _archive("app", first), _archive("app", second)
    assert one == two
    assert one.key.startswith("app-")
    (second / "package" / "module.py").write_text("VALUE = 8\n")
    assert _archive("app", second).key != one.key


def test_code_that_does_not_compile_is_named_as_it_is_in_the_checkout(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "a")
    (tree / "package" / "module.py").write_text("VALUE = (\n")
    with pytest.raises(PackagingFailed, match=r'File "package/module.py", line 1') as failed:
        _archive("app", tree)
    assert "SyntaxError" in str(failed.value)


def test_what_chalice_says_is_cut_to_what_matters(tmp_path: Path) -> None:
    said = (
        'Traceback (most recent call last):\n  File "<frozen runpy>", line 9\n'
        "RuntimeError: Unable to import your app.py file:\n\n"
        f'File "{tmp_path}/chalicelib/x.py", line 3\n  def broken(:\n   ^\nSyntaxError: invalid syntax\n'
    )
    assert _told(said, tmp_path).splitlines() == [
        'File "chalicelib/x.py", line 3', "  def broken(:", "SyntaxError: invalid syntax"
    ]  # fmt: skip


def test_an_unpacked_archive_runs_its_bytecode(tmp_path: Path) -> None:
    archive = _archive("app", make_tree(tmp_path / "a"))
    with zipfile.ZipFile(io.BytesIO(archive.content)) as content:
        content.extractall(tmp_path / "out")
    code = "import package.module as m; print(m.VALUE, m.__cached__)"
    shown = subprocess.run(
        [sys.executable, "-v", "-c", code], cwd=tmp_path / "out", capture_output=True, text=True, check=True
    )
    assert shown.stdout.startswith("7 ")
    # "matches" is what the interpreter says when it takes the bytecode as it is.
    assert "code object from" in shown.stderr
    assert "wrote" not in shown.stderr.split("package.module", 1)[1]


def test_names_of_a_lock(tmp_path: Path) -> None:
    lock = tmp_path / "x.txt"
    lock.write_text("# comment\na-b==1.0\n    # via c\nd[e]==2 ; python_version > '3'\n--hash=sha256:x\n")
    assert list(locked_names(lock)) == ["a-b", "d"]


def test_a_lock_that_is_installed_is_not_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "locks").mkdir()
    for group in ("run", "ml", "nightly", "local", "dev", "emulator"):
        (tmp_path / "locks" / f"{group}.txt").write_text(f"{group}==1\n")
    installed: list[list[str]] = []

    def create(folder: Path) -> None:
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin" / "python").touch()

    def install(folder: Path, locks: list[Path], installer: str, root: Path) -> str:
        installed.append([lock.stem for lock in locks])
        return "test"

    monkeypatch.setattr(bootstrap, "_create", create)
    monkeypatch.setattr(bootstrap, "_install", install)
    assert bootstrap.ensure("app", tmp_path)
    assert not bootstrap.ensure("app", tmp_path)
    (tmp_path / "locks" / "ml.txt").write_text("ml==2\n")
    assert bootstrap.ensure("app", tmp_path)
    assert installed == [["run", "ml", "nightly", "local"], ["ml"]]
    # The developer's group holds the others.
    assert bootstrap.ensure("dev", tmp_path)
    (tmp_path / "locks" / "run.txt").write_text("run==2\n")
    assert not bootstrap.ensure("app", tmp_path)


def test_a_missing_lock_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(bootstrap.BootstrapFailed, match="git checkout locks"):
        bootstrap.ensure("app", tmp_path)


def test_an_unknown_installer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(bootstrap.BootstrapFailed, match="auto, uv or pip"):
        bootstrap._install(tmp_path, [], "conda", tmp_path)


def test_a_failed_install_says_what_pip_gave_up_for(tmp_path: Path) -> None:
    script = "import sys; print('WARNING: again\\n' * 9 + 'ERROR: nowhere', file=sys.stderr); sys.exit(1)"
    with pytest.raises(bootstrap.BootstrapFailed, match="ERROR: nowhere") as failed:
        bootstrap._run([sys.executable, "-c", script], "installing")
    assert "WARNING" not in str(failed.value)


def test_an_interrupted_install_ends_calmly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "ensure", interrupted)
    assert bootstrap.main(["app"]) == 130
    assert capsys.readouterr().err.strip() == "stopped"


def test_a_wrong_python_is_told_by_make() -> None:
    """By a check that even Python 2 can read: the bootstrap itself could not."""
    makefile = (bootstrap.ROOT / "Makefile").read_text()
    check = makefile.split("CHECK_PYTHON = ")[1].split("\nBOOTSTRAP")[0].replace("\\\n", "")
    for version, said in ((3, 11), ""), ((3, 12), "oO needs Python 3.11"), ((2, 7), "oO needs Python 3.11"):
        script = f"import sys; sys.version_info = {version}; {check}"
        shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert shown.stderr.startswith(said)
        assert (shown.returncode == 0) == (said == "")


def test_each_line_of_a_reason_is_indented(capsys: pytest.CaptureFixture[str]) -> None:
    Shown().failed(StepFailed("read the settings", "one is wrong\nanother is wrong", "change it"))
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.rstrip() for line in lines] == [
        "    one is wrong",
        "    another is wrong",
        "    → change it",
    ]


def test_a_failing_step_says_what_and_how_to_mend_it() -> None:
    with pytest.raises(StepFailed) as caught, Quiet().step("deploy", "mend it"):
        raise ValueError("the queue has no name")
    assert (caught.value.step, caught.value.reason, caught.value.mend) == (
        "deploy",
        "the queue has no name",
        "mend it",
    )


def test_a_step_that_knows_better_keeps_its_words() -> None:
    with pytest.raises(StepFailed) as caught, Quiet().step("outer", "outer mend"):
        raise StepFailed("inner", "why", "inner mend")
    assert caught.value.mend == "inner mend"


@pytest.mark.parametrize(
    ("line", "text", "level"),
    [
        (
            '{"level":"ERROR","time":1,"module":"m","message":"failed","status":500}',
            "failed status=500",
            "ERROR",
        ),
        ("plain words\n", "plain words", ""),
        ('["a"]', '["a"]', ""),
        ("7", "7", ""),
        ('{"no":"message"}', '{"no":"message"}', ""),
    ],
)
def test_log_lines_as_a_person_reads_them(line: str, text: str, level: str) -> None:
    assert worded(line) == (text, level)


def test_a_subject_never_leaves_the_cookie_folder(tmp_path: Path) -> None:
    for subject in ("../../etc/passwd", "a/b", "", "x" * 500):
        assert jar_path(tmp_path, subject).parent == tmp_path / "cookies"


def test_the_address_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "address.json"
    address = AddressFile(path)
    assert address.api_id() == ""
    path.write_text(json.dumps({"rest_api_id": "one"}))
    assert address.api_id() == "one"
    path.write_text(json.dumps({"rest_api_id": "two"}))
    os.utime(path, ns=(1, 1))
    assert address.api_id() == "two"
    path.write_text("half a fi")
    assert address.api_id() == "two"


def test_running_is_what_lives(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="make dev"):
        running(tmp_path)
    announce(tmp_path, Running("http://x", "http://y", os.getpid(), {}))
    assert running(tmp_path).url == "http://x"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    announce(tmp_path, Running("http://x", "http://y", gone.pid, {}))
    with pytest.raises(NotRunning):
        running(tmp_path)
    withdraw(tmp_path)
    withdraw(tmp_path)


def test_a_second_one_does_not_withdraw_the_first(tmp_path: Path) -> None:
    announce(tmp_path, Running("http://x", "http://y", os.getppid(), {}))
    withdraw(tmp_path)
    assert running(tmp_path).pid == os.getppid()


def test_reset_clears_state_but_not_while_it_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "emulator").mkdir()
    announce(tmp_path, Running("http://x", "http://y", os.getpid(), {}))
    assert reset(tmp_path) == 1
    assert (tmp_path / "state").exists()
    withdraw(tmp_path)
    assert reset(tmp_path) == 0
    assert not (tmp_path / "state").exists()
    assert (tmp_path / "emulator").exists()


def test_stopping_a_child_ends_its_children_too(tmp_path: Path) -> None:
    script = (
        "import signal,subprocess,sys,time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    child = Child("stubborn", [sys.executable, "-c", script], log=tmp_path / "log", env={}, patience=0.2)
    from oo_local.ports import wait_until

    assert wait_until(lambda: "ready" in child.tail(), 10)
    assert group_alive(child.process.pid)
    child.stop()
    assert not group_alive(child.process.pid)
    child.stop()
