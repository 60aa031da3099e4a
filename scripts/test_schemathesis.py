"""`make test-schemathesis`: cases made from the whole OpenAPI document, sent to the deployed stack.

No answer may be a 5xx, or another than the document promises: status, headers, content type, shape.
Ends with 1 when one is, or when there were fewer cases than asked for. What was sent stays in
.oo/schemathesis-report.

    make test-schemathesis                                         # at least 2,000 cases, some minutes
    make test-schemathesis ARGS="--include-path /api/signals"      # as Schemathesis' own command takes it
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import httpx

from bench.stack import ask, deployed, react, with_tasks

ROOT: Final = Path(__file__).resolve().parents[1]
REPORT: Final = ROOT / ".oo" / "schemathesis-report"
PYTHON: Final = ROOT / ".oo" / "schemathesis" / "bin" / "python"
CASES: Final = 2_000
EXAMPLES: Final = 60
"""The most of the random cases of one operation; beside them stand those that its schema's limits suggest."""
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "use_after_free",
)


def known(client: httpx.Client) -> dict[str, list[str]]:
    """By path: values of its parameter that lead somewhere. What would end the session is left out."""
    tips = [tip["id"] for tip in client.get("/api/tips").json()["tips"]]
    export = client.post("/api/me/export").json()["export_id"]
    sources = [one["source"] for one in client.get("/api/integrations").json()["integrations"]]
    consents = client.get("/api/profile/consents").json()
    found = {
        "/api/health/{module}": ["gateway", "auth", "events"],
        "/assets/{name}": ["tip.js", "icon.svg", "icon-192.png"],
        "/api/signals/{signal_id}": [s["id"] for s in client.get("/api/signals").json()["signals"]],
        "/api/me/export/{export_id}": [export],
        "/api/me/profile-card/{line}": [
            line["id"] for line in client.get("/api/me/profile-card").json()["lines"]
        ],
        "/api/auth/identities/{id}": [
            one["id"] for one in client.get("/api/auth/identities").json()["identities"]
        ],
        "/api/profile/consents/texts/{version}": [consents["text_version"]],
    }
    found |= {f"/api/tips/{{id}}{rest}": tips for rest in ("", "/exposure", "/reaction")}
    found |= {f"/api/integrations/{{source}}{rest}": sources for rest in ("", "/connect", "/callback")}
    providers = [one["name"] for one in client.get("/api/auth/providers").json()["providers"]]
    found |= {f"/api/auth/{way}/{{provider}}": providers for way in ("login", "callback", "link")}
    return found


def main(arguments: list[str]) -> int:
    """Deploy, sign in, send; the exit code."""
    whole = not any(argument.startswith("--include") for argument in arguments)
    shutil.rmtree(REPORT, ignore_errors=True)
    with deployed() as stack, closing(with_tasks(stack, "schemathesis", 12)) as client:
        react(client, ask(client)["tip"])
        ask(client)
        admin = httpx.post(f"{stack.url}/api/auth/token", json={"token": stack.token}, timeout=30)
        environment = {
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.schemathesis.hooks",
            "PYTHONPATH": f"{ROOT / 'localstack'}:{ROOT}",
            "OO_UNDER_TEST": stack.url,
            "OO_PERSON_SID": client.cookies["sid"],
            "OO_KNOWN": json.dumps(known(client)),
            "OO_ADMIN_SID": admin.raise_for_status().cookies["sid"],
        }
        command = [
            str(PYTHON), "-m", "schemathesis.cli", "run", f"{stack.url}/api/openapi.json",
            "--checks", ",".join(CHECKS), "--max-examples", str(EXAMPLES), "--max-redirects", "0",
            "--continue-on-failure", "--generation-database", "none", "--request-timeout", "30",
            "--report", "ndjson", "--report-dir", str(REPORT), "--no-color", *arguments,
        ]  # fmt: skip
        failed = subprocess.run(command, cwd=REPORT.parent, env=environment, check=False).returncode
    cases = sum(_sent(path) for path in REPORT.glob("*.ndjson"))
    print(f"{cases} cases were sent; what was sent and answered is in {REPORT.relative_to(ROOT)}")
    if whole and cases < CASES:
        print(f"that is fewer than {CASES}", file=sys.stderr)
        return 1
    return int(bool(failed))


def _sent(report: Path) -> int:
    """The cases of a report: one line for each event, with the cases of a scenario in its recorder."""
    count = 0
    for line in report.read_text().splitlines():
        event = json.loads(line)
        for body in event.values():
            if isinstance(body, dict) and "recorder" in body:
                count += len(body["recorder"].get("interactions", ()))
    return count


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
