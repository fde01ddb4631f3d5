"""Bounds of a policy document that no rule could make good later, each refused on its line."""

import pytest

from tests.unit.policies.test_documents import SMALL, changed, refusal

CONTRACT = "      master: {article: A6-1-b, why: the contract, rests_on: [contract]}\n"
INTEREST = "      master: {article: A6-1-f, why: we want to, assessment: IA-1}\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (CONTRACT, CONTRACT.replace("A6-1-b,", "A6-1-b, explicit: yes,"), "only a consent can be explicit"),
        (
            CONTRACT + "    fields: {master: [email]}\n    objection: not_applicable\n",
            INTEREST + "    fields: {master: [email]}\n    notice: n\n    objection: not_applicable\n",
            "can be objected to",
        ),
        (
            CONTRACT + "    fields: {master: [email]}\n    objection: not_applicable\n",
            INTEREST
            + "    fields: {master: [email]}\n    notice: n\n    direct_marketing: yes\n    objection: weighed\n",
            "can be objected to",
        ),
        ("explicit: yes, why: named", "why: named", "profiling rests on explicit consent"),
        ("    channels: [email]\n", "    channels: [email]\n    while_restricted: yes\n", "only a duty of law"),
        ("    channels: [email]\n", "    channels: [email]\n    from_any_purpose: yes\n", "only a duty of law"),
        ("    look_back: {behavioural: P24M}\n", "", "look back without end on behavioural"),
        (
            "    recipients: [carrier]\n",
            "    collects: {behavioural: [allergy]}\n    recipients: [carrier]\n",
            "no legal basis for behavioural",
        ),
        ("period: P3Y", "period: P9999Y", "period"),
        ('valid_from: "2026-11-01"', "valid_from: soon", "valid_from"),
        ('date: "2026-10-01"', "date: 2026-13-01", "date"),
        ("    recipients: [carrier]\n", "", "client bote: carrier is no recipient of orders"),
        ("clients:\n", "digest: 00\nclients:\n", "computed, never written"),
    ],
)
def test_a_bound_is_kept(old: str, new: str, message: str) -> None:
    source, _ = changed(old, new)
    assert message in str(refusal(source))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("email: {category: master, retention: plain", "email: {category: master, retention: eternal", "email: {"),
        ("    fields: {behavioural: [allergy]}\n", "    fields: {behavioural: [mood]}\n", "fields: {behavioural"),
        ("    recipients: [carrier]\n", "    recipients: [stranger]\n", "recipients: [stranger]"),
        ("compatible_from: [{purpose: orders", "compatible_from: [{purpose: whim", "compatible_from"),
        ("purposes: [orders, news, allergies]", "purposes: [orders, whim]", "till: {"),
        ("recipient: carrier}", "recipient: stranger}", "bote: {"),
    ],
)
def test_a_dangling_reference_is_refused_on_its_line(old: str, new: str, key: str) -> None:
    source, _ = changed(old, new)
    line = source.decode().splitlines()[refusal(source).line - 1]
    assert line.strip().startswith(key)


def test_a_comment_is_not_taken_for_the_line() -> None:
    source = ("# purposes: news: channels: and so on\n" + SMALL).replace("channels: [email]", "channels: [smoke]")
    assert "channels: [smoke]" in source.splitlines()[refusal(source.encode()).line - 1]
