"""The front tells a wrong method from a wrong path by the contract."""

from __future__ import annotations

import json

from oo_local.contract import Contract

DOCUMENT = json.dumps(
    {"paths": {"/api/tips": {"get": {}}, "/api/{any}": {"put": {}}, "/api/tips/{id}/reaction": {"post": {}}}}
).encode()


def test_methods_of_paths_and_templates() -> None:
    contract = Contract()
    assert contract.methods("a", "/api/tips", lambda: DOCUMENT) == ("GET",)
    assert contract.methods("a", "/api/other", lambda: DOCUMENT) == ("PUT",)
    assert contract.methods("a", "/api/tips/x.y/reaction", lambda: DOCUMENT) == ("POST",)
    assert contract.methods("a", "/api/tips/x/y/reaction", lambda: DOCUMENT) == ()


def test_the_contract_is_asked_for_once_and_again_after_a_deploy() -> None:
    asked: list[str] = []

    def fetch() -> bytes:
        asked.append("")
        return DOCUMENT

    contract = Contract()
    for api_id in ("a", "a", "b"):
        contract.methods(api_id, "/api/tips", fetch)
    assert len(asked) == 2


def test_without_a_contract_every_path_is_unknown() -> None:
    assert Contract().methods("a", "/api/tips", lambda: b"<html>") == ()
