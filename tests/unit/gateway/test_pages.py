"""The pages: what is served, how it is cached, and that nothing else is."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest
from chalice.test import Client

from chalicelib.contracts.errors import NotFound
from chalicelib.gateway import pages
from chalicelib.gateway.app import create_app
from chalicelib.gateway.call import Call, Reply
from chalicelib.gateway.endpoint import Gateway
from chalicelib.gateway.pages import BINARY_TYPES, FOLDER, TYPES, AssetQuery, current_version, page
from chalicelib.runtime.clock import RandomIds
from chalicelib.runtime.logging import logger
from tests.unit.gateway.memory import Unlimited

NOT_SERVED = {"README.md", "__init__.py"}


def text(name: str) -> str:
    body = page(name).body
    assert isinstance(body, str)
    return body


def test_every_file_of_the_folder_is_listed_and_the_other_way_round() -> None:
    there = {file.name for file in FOLDER.iterdir() if file.is_file()}
    assert there - NOT_SERVED == set(TYPES)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../app.py",
        "..%2fapp.py",
        "__init__.py",
        "README.md",
        "/etc/passwd",
        "tip.js/",
        "TIP.JS",
    ],
)
def test_nothing_else_leaves_the_folder(name: str) -> None:
    with pytest.raises(NotFound):
        page(name)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_known_file_is_not_sent_twice(name: str) -> None:
    first = page(name)
    assert first.status == 200
    assert first.body
    etag = first.headers["ETag"]
    for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = page(name, {"if-none-match": header})
        assert (again.status, again.body) in {(304, ""), (304, b"")}
        assert again.headers["ETag"] == etag
    assert page(name, {"if-none-match": '"other"'}).status == 200


def test_only_the_hashed_address_is_cached_for_ever() -> None:
    assert "immutable" in page("tip.js", {}, current_version()).headers["Cache-Control"]
    for other in ("", "0" * 12):
        assert page("tip.js", {}, other).headers["Cache-Control"] == "no-cache"
    assert page("index.html").headers["Cache-Control"] == "no-cache"


def test_every_reference_between_files_carries_the_hash_and_exists() -> None:
    """Otherwise an immutable file could load a changed one, or the page one that is not there."""
    seen = set()
    for name in TYPES:
        if name.endswith(".png"):
            continue
        for folder, other, query in re.findall(
            r"""["'](\./|(?:\.\./)?assets/)([a-z0-9-]+\.[a-z]+)(\?v=\w+)?["']""", text(name)
        ):
            assert other in TYPES, f"{name} refers to {folder}{other}"
            assert query == f"?v={current_version()}", f"{name} refers to {other} without its hash"
            seen.add(other)
    assert {"tip.js", "tip.css", "api.js", "words.js", "icon-192.png"} <= seen


def test_the_hash_changes_with_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TYPES:
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    before = current_version()
    (tmp_path / "words.js").write_text((FOLDER / "words.js").read_text() + "\n")
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    pages._files.cache_clear()
    try:
        assert current_version() != before
        assert f"tip.js?v={current_version()}" in text("index.html")
    finally:
        monkeypatch.undo()
        pages._files.cache_clear()


def test_the_worker_keeps_every_file_that_the_page_loads() -> None:
    listed = set(re.findall(r'"assets/([^"?]+)', text("sw.js")))
    loaded = set(re.findall(r'(?:href|src)="assets/([^"?]+)', text("index.html")))
    assert loaded - {"icon-180.png"} <= listed


def test_the_page_has_nothing_that_its_policy_forbids() -> None:
    html = text("index.html")
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert not re.search(r"(?:href|src|action)=\"/", html), "relative: the stage may be part of the path"
    code = "".join(text(name) for name in TYPES if name.endswith(".js") and name != "docs.js")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", code
    )


@pytest.mark.parametrize(
    ("name", "size"),
    [("icon-180.png", 180), ("icon-192.png", 192), ("icon-512.png", 512), ("icon-maskable.png", 512)],
)
def test_the_icons_are_whole_pictures_of_their_size(name: str, size: int) -> None:
    raw = page(name).body
    assert isinstance(raw, bytes)
    assert raw.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", raw[16:24]) == (size, size)
    start = raw.index(b"IDAT") + 4
    pixels = zlib.decompress(raw[start : start + struct.unpack(">I", raw[start - 8 : start - 4])[0]])
    assert len(pixels) == size * (size + 1)
    assert {0, 0xE6} <= set(pixels)


def test_pictures_survive_the_way_through_chalice() -> None:
    """What a browser asks for as an image comes back as the same bytes, and so does a 304."""

    class Nobody:
        def authenticate(self, headers: object) -> None:
            raise AssertionError("assets need no session")

    app = create_app()
    app.api.binary_types.extend(kind for kind in BINARY_TYPES if kind not in app.api.binary_types)
    gateway = Gateway(Nobody, Unlimited, RandomIds(), logger("test"))  # type: ignore[arg-type]

    @gateway.endpoint(app, "GET", "/assets/{name}", access="anyone", query=AssetQuery, answers={200: "*/*"})
    def asset(call: Call[bytes]) -> Reply:
        return page(call.path["name"], call.headers, call.query.v)

    accept = {"Accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"}
    with Client(app) as client:
        path = f"/assets/icon-192.png?v={current_version()}"
        answer = client.http.get(path, headers=accept)
        assert answer.status_code == 200
        assert answer.body == (FOLDER / "icon-192.png").read_bytes()
        assert "immutable" in answer.headers["Cache-Control"]
        known = client.http.get(path, headers={**accept, "If-None-Match": answer.headers["ETag"]})
        assert (known.status_code, known.body) == (304, b"")
        script = client.http.get("/assets/tip.js?unknown=1", headers={"Accept": "*/*"})
        assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert client.http.get("/assets/nothing.js").status_code == 404
