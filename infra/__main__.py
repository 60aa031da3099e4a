"""`python -m infra render|check|tree|deploy|redrive|keys|access`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from infra.function import AWS_STAGES, STAGES
from infra.queues import QUEUES


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("render", help="write the rendered files that are committed")
    commands.add_parser("check", help="fail when a committed file is not what would be rendered")
    tree = commands.add_parser("tree", help="copy the app, ready for `chalice package`")
    tree.add_argument("--stage", choices=STAGES, required=True)
    tree.add_argument("--to", type=Path, required=True)
    tree.add_argument(
        "--output", action="append", default=[], metavar="NAME=VALUE", help="of the infra stack"
    )
    deploy = commands.add_parser("deploy", help="deploy a stage to AWS")
    deploy.add_argument("--stage", choices=AWS_STAGES, required=True)
    deploy.add_argument("--image", default="", help="URI of the scoring image by digest; else it is built")
    deploy.add_argument("--alarm-topic", default="", help="ARN of the topic that alarms go to")
    deploy.add_argument("--plan", action="store_true", help="print the steps, do nothing")
    redrive = commands.add_parser("redrive", help="send dead letters back to their queue")
    redrive.add_argument("--stage", choices=STAGES, required=True)
    redrive.add_argument("queue", choices=[queue.name for queue in QUEUES])
    keys = commands.add_parser("keys", help="new keys for old: see infra/keys.py")
    keys.add_argument("action", choices=("rewrap", "rotate", "reseal", "retire"))
    keys.add_argument("--stage", choices=STAGES, required=True)
    keys.add_argument("--person", default="", help="only this one")
    keys.add_argument("--after", default="", help="go on behind this person")
    access = commands.add_parser("access", help="admins, and signing keys that must go: see infra/access.py")
    access.add_argument("action", choices=("grant", "revoke", "admins", "new-signing-key"))
    access.add_argument("--stage", choices=STAGES, required=True)
    access.add_argument("--person", default="", help="whose role it is")
    options = parser.parse_args(arguments)
    if options.command in {"render", "check"}:
        return _rendered(write=options.command == "render")
    if options.command == "tree":
        from infra.tree import app_tree

        outputs = dict(pair.split("=", 1) for pair in options.output)
        print(app_tree(options.to, options.stage, outputs))
        return 0
    if options.command == "redrive":
        from infra.redrive import main as redrive_queue

        return redrive_queue(options.stage, options.queue)
    if options.command == "keys":
        from infra.keys import main as change_keys

        return change_keys(options.stage, options.action, options.person, options.after)
    if options.command == "access":
        from infra.access import main as change_access

        return change_access(options.stage, options.action, options.person)
    from infra.deploy import Deploy

    return Deploy(options.stage, image=options.image, alarm_topic=options.alarm_topic).run(plan=options.plan)


def _rendered(*, write: bool) -> int:
    from infra.rendering import differing, render

    if write:
        changed = render()
        print("\n".join(f"rendered {path}" for path in changed) or "nothing to render")
        return 0
    wrong = differing()
    for path in wrong:
        print(f"{path} is not what infra/ renders: run `python -m infra render`", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
