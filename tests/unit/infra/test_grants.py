from __future__ import annotations

import json

import pytest

from infra import grants
from infra.functions import FUNCTIONS, function


def test_reading_a_table_with_an_index_includes_the_index() -> None:
    assert grants.read("items", "profiles").resources == ("table:items", "index:items", "table:profiles")


def test_an_arn_is_of_its_stage_and_account() -> None:
    assert grants.arn("queue:settle-dlq", "prod", region="eu-central-1", account="1") == (
        "arn:aws:sqs:eu-central-1:1:oo-prod-settle-dlq"
    )


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        grants.arn("planet:mars", "dev")


def test_opening_keys_is_limited_to_the_stages_aliases() -> None:
    [statement] = grants.document([grants.unseal()], "dev")["Statement"]
    assert statement["Condition"] == {
        "ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/oo-dev-persons*"}
    }


def test_a_queue_consumer_may_read_its_own_queue_and_no_other() -> None:
    statements = function("events-store").policy("dev")["Statement"]
    [taking] = [s for s in statements if "sqs:ReceiveMessage" in s["Action"]]
    assert taking["Resource"] == ["arn:aws:sqs:*:*:oo-dev-signals"]


def test_who_opens_words_and_who_reads_secrets() -> None:
    able = {
        action: {fn.name for fn in FUNCTIONS if action in json.dumps(fn.policy("prod"))}
        for action in ("kms:Decrypt", "ssm:GetParameter", "lambda:InvokeFunction")
    }
    assert able == {
        # A copy is in words; what ends a connection opens its tokens once more, to have them revoked; who
        # words tips opens the titles in them.
        "kms:Decrypt": {
            "api",
            "profile-export",
            "profile-erase",
            "integrations-revoke",
            "export",
            "generate",
        },
        # Who revokes shows the client's secret to the third party, who words a key to the models' proxy.
        "ssm:GetParameter": {"api", "integrations-revoke", "generate"},
        "lambda:InvokeFunction": {"api"},
    }


def test_a_role_fits_into_what_iam_accepts() -> None:
    """Inline policies of a role hold at most 10,240 characters without white space."""
    for fn in FUNCTIONS:
        policy = fn.policy("prod", region="ap-southeast-2", account="123456789012")
        assert len(json.dumps(policy, separators=(",", ":"))) < 10_240, fn.name


def test_who_words_tips_reads_the_proxys_key_and_no_other_secret() -> None:
    statements = function("generate").policy("prod")["Statement"]
    read = [s["Resource"] for s in statements if "ssm:GetParameter" in s["Action"]]
    assert read == [["arn:aws:ssm:*:*:parameter/oo/prod/litellm-key"]]
