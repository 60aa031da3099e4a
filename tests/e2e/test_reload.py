"""A code change that cannot be packaged changes nothing in the running stack."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oo_local.packaging import Archive, PackagingFailed, scoring_archive

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningStack


def changed(build: Path) -> Archive:
    """The scoring code with one file more, as after an edit."""
    content = io.BytesIO(scoring_archive(build).content)
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("ml_lambda/edited.py", "")
    return Archive("scoring-edited.zip", content.getvalue())


def test_an_app_that_cannot_be_packaged_leaves_the_scorer_as_it_was(
    stack: RunningStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions = stack.client("lambda")

    def running() -> list[str]:
        names = ("oo-local-rank", "oo-local-learn", "oo-local")
        return [functions.get_function(FunctionName=n)["Configuration"]["CodeSha256"] for n in names]

    def broken(*_: object) -> None:
        raise PackagingFailed("app.py: invalid syntax")

    before = running()
    monkeypatch.setattr("oo_local.deploy.scoring_archive", changed)
    with monkeypatch.context() as patch:
        patch.setattr("oo_local.deploy.package_app", broken)
        with pytest.raises(PackagingFailed):
            stack.inner.deploy()
    assert running() == before
    stack.inner.deploy()
    assert running() != before, "the edit itself would have come live"
    assert stack.anonymous().get("/api/health/gateway").status_code == 200
