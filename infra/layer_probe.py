"""Run isolated: tries light packages, with nothing but the given folders and the standard library in reach.

    python -I layer_probe.py LANGUAGE,... FOLDER...

Every client of `runtime/aws.py` makes a call, to which an empty answer comes; every language says a day. All
of that is pure Python, so a layer for another processor can be tried. Prints calls and days as JSON.
"""

from __future__ import annotations

import io
import json
import os
import sys
from datetime import date
from typing import Any, Final

CALLS: Final = {
    "dynamodb": "list_tables",
    "functions": "list_functions",
    "kms": "list_keys",
    "s3": "list_buckets",
    "sns": "list_topics",
    "sqs": "list_queues",
    "ssm": "describe_parameters",
}
"""By the function of `runtime/aws.py` that makes the client."""
_IN_XML: Final = {"s3": b"<ListAllMyBucketsResult/>", "sns": b"<A><ListTopicsResult/><ResponseMetadata/></A>"}


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> list[bytes]:
        return [self.read()]


def called(name: str) -> str:
    """Make a client and a call; the address that the call was for."""
    from botocore.awsrequest import AWSResponse

    from chalicelib.runtime import aws

    asked: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        asked.append(request.url)
        return AWSResponse(request.url, 200, {}, _Raw(_IN_XML.get(name, b"{}")))  # type: ignore[arg-type]

    client: Any = aws.functions(1.0) if name == "functions" else getattr(aws, name)()
    client.meta.events.register("before-send", answer)
    getattr(client, CALLS[name])()
    return asked[0]


def said(language: str) -> str:
    """A day as a language says it."""
    from babel.core import Locale
    from babel.dates import format_skeleton

    return str(format_skeleton("MMMMd", date(2026, 12, 3), locale=Locale(language)))


def main(languages: str, *folders: str) -> None:
    """Try all; the first thing that fails ends it with its traceback."""
    sys.path[:] = [*folders, *(path for path in sys.path if "site-packages" not in path)]
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    sys.stdout.write(
        json.dumps(
            {
                "calls": {name: called(name) for name in CALLS},
                "days": {language: said(language) for language in languages.split(",")},
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
