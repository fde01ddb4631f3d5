"""Objections: absolute against direct marketing, weighed elsewhere, overridden only by a later consent."""

import pytest

from policies.documents import PolicyDocument
from policies.facts import AccessRequest, Objection, Permission
from policies.vocabulary import Channel, ConsentState, ObjectionState, ReasonCode
from tests.unit.policies.people import (
    NEWSLETTER,
    NEWSLETTER_READ,
    NOW,
    ORDER_READ,
    ORDERS,
    POSTAL,
    POSTAL_READ,
    RECOMMENDATION_READ,
    RECOMMENDATIONS,
    ask,
    customer,
    days,
    decide,
    objection,
    permission,
    reasons,
    with_purpose,
)

WEIGHED = with_purpose(POSTAL, direct_marketing=False, objection="weighed")
ABSOLUTE = with_purpose(POSTAL, direct_marketing=False)
BY_MAIL_TOO = with_purpose(POSTAL, channels=(Channel.POST, Channel.EMAIL))


@pytest.mark.gdpr("21(3)")
@pytest.mark.parametrize("state", list(ObjectionState))
@pytest.mark.parametrize("request_", [POSTAL_READ, NEWSLETTER_READ, RECOMMENDATION_READ])
def test_an_objection_to_direct_marketing_bars_it_whatever_became_of_it(
    request_: AccessRequest, state: ObjectionState
) -> None:
    """R-21.2-1: absolute; also its profiling. Nobody may reject it."""
    facts = customer(objections=(objection(state=state),))
    assert reasons(decide(request_, facts)) == [ReasonCode.DM_OBJECTION]


@pytest.mark.gdpr("21(3)")
def test_an_objection_to_direct_marketing_leaves_the_contract_alone() -> None:
    assert not reasons(decide(ORDER_READ, customer(objections=(objection(),))))


@pytest.mark.gdpr("21(2)")
@pytest.mark.parametrize("direct_marketing", [True, False])
def test_an_objection_to_one_marketing_purpose_is_honoured_as_stated(
    direct_marketing: bool,  # noqa: FBT001 - both ways of entering it
) -> None:
    facts = customer(objections=(objection(POSTAL, direct_marketing=direct_marketing),))
    assert reasons(decide(POSTAL_READ, facts)) == [ReasonCode.DM_OBJECTION]
    assert not reasons(decide(NEWSLETTER_READ, facts))


@pytest.mark.gdpr("21(2)")
def test_an_objection_to_one_channel_is_honoured_as_stated() -> None:
    """R-21.2-1: unclear means all, limited means limited; a question without a channel is about all of them."""
    facts = customer(objections=(objection(channel=Channel.EMAIL),))
    assert not reasons(decide(POSTAL_READ, facts))
    assert reasons(decide(NEWSLETTER_READ, facts)) == [ReasonCode.DM_OBJECTION]
    assert reasons(decide(RECOMMENDATION_READ, facts)) == [ReasonCode.DM_OBJECTION]
    by_post = ask("post_house", POSTAL, "street", channel=Channel.POST)
    assert not reasons(decide(by_post, facts, BY_MAIL_TOO))
    assert reasons(decide(POSTAL_READ, facts, BY_MAIL_TOO)) == [ReasonCode.DM_OBJECTION]


@pytest.mark.gdpr("21(3)")
@pytest.mark.parametrize(
    ("given", "objected", "expected"),
    [
        (100, 1, [ReasonCode.DM_OBJECTION]),
        (1, 1, [ReasonCode.DM_OBJECTION]),
        (1, 100, []),
    ],
)
def test_only_a_later_consent_overrides_an_objection(given: int, objected: int, expected: list[ReasonCode]) -> None:
    """R-21.2-2: consent 2025-05, objection 2026-01: denied; consent 2026-03: allowed. A tie is denied."""
    facts = customer(permissions=(permission(since=days(given)),), objections=(objection(since=days(objected)),))
    assert reasons(decide(NEWSLETTER_READ, facts)) == expected


@pytest.mark.gdpr("21(3)")
@pytest.mark.parametrize(
    "declared",
    [
        (permission(POSTAL, since=days(1), channel=Channel.SMS),),
        (permission(POSTAL, since=days(1), channel=Channel.POST, expires_at=NOW),),
        (permission(POSTAL, since=days(-0.1), channel=Channel.POST),),
        (permission(POSTAL, ConsentState.REQUESTED, days(1), Channel.POST),),
        (permission(NEWSLETTER, since=days(1), channel=Channel.ANY),),
        (
            permission(POSTAL, since=days(1), channel=Channel.ANY),
            permission(POSTAL, ConsentState.WITHDRAWN, days(0.5), Channel.POST),
        ),
        None,
    ],
    ids=["another channel", "over", "not yet", "only asked", "another purpose", "withdrawn again", "unknown"],
)
def test_what_is_no_later_consent_does_not_override_an_objection(declared: tuple[Permission, ...] | None) -> None:
    facts = customer(permissions=declared, objections=(objection(since=days(10)),))
    assert reasons(decide(POSTAL_READ, facts))[0] is ReasonCode.DM_OBJECTION


@pytest.mark.gdpr("21(3)")
def test_a_later_consent_for_one_channel_overrides_on_that_channel_alone() -> None:
    facts = customer(
        permissions=(permission(POSTAL, since=days(1), channel=Channel.POST),),
        objections=(objection(since=days(10)),),
    )
    by_post = ask("post_house", POSTAL, "street", channel=Channel.POST)
    assert not reasons(decide(by_post, facts, BY_MAIL_TOO))
    assert reasons(decide(POSTAL_READ, facts, BY_MAIL_TOO)) == [ReasonCode.DM_OBJECTION]


@pytest.mark.gdpr("21(1)")
@pytest.mark.parametrize(
    ("document", "state", "expected"),
    [
        (WEIGHED, ObjectionState.OPEN, [ReasonCode.OBJECTION]),
        (WEIGHED, ObjectionState.UPHELD, [ReasonCode.OBJECTION]),
        (WEIGHED, ObjectionState.REJECTED, []),
        (ABSOLUTE, ObjectionState.OPEN, [ReasonCode.OBJECTION]),
        (ABSOLUTE, ObjectionState.UPHELD, [ReasonCode.OBJECTION]),
        (ABSOLUTE, ObjectionState.REJECTED, [ReasonCode.OBJECTION]),
    ],
)
def test_another_objection_bars_while_open_or_upheld(
    document: PolicyDocument, state: ObjectionState, expected: list[ReasonCode]
) -> None:
    """R-21.1-1: at once, before anybody has weighed it; an absolute one cannot be rejected."""
    facts = customer(objections=(objection(POSTAL, state=state, direct_marketing=False),))
    assert reasons(decide(POSTAL_READ, facts, document)) == expected


@pytest.mark.gdpr("21(1)")
@pytest.mark.parametrize("against", [objection(), objection(NEWSLETTER, direct_marketing=False)])
def test_an_objection_to_something_else_does_not_bar(against: Objection) -> None:
    assert not reasons(decide(POSTAL_READ, customer(objections=(against,)), WEIGHED))


@pytest.mark.gdpr("7(3)")
def test_an_objection_to_a_purpose_on_consent_ends_it_until_a_later_consent() -> None:
    document = with_purpose(RECOMMENDATIONS, direct_marketing=False)
    objected = objection(RECOMMENDATIONS, since=days(10), direct_marketing=False)
    older = permission(RECOMMENDATIONS, since=days(20), channel=Channel.ANY, explicit=True)
    newer = permission(RECOMMENDATIONS, since=days(5), channel=Channel.ANY, explicit=True)
    barred = decide(RECOMMENDATION_READ, customer(permissions=(older,), objections=(objected,)), document)
    assert reasons(barred) == [ReasonCode.OBJECTION]
    again = decide(RECOMMENDATION_READ, customer(permissions=(newer,), objections=(objected,)), document)
    assert not reasons(again)


@pytest.mark.gdpr("21")
@pytest.mark.parametrize(
    ("request_", "document", "expected"),
    [
        (POSTAL_READ, None, [ReasonCode.DM_OBJECTION]),
        (NEWSLETTER_READ, None, [ReasonCode.DM_OBJECTION]),
        (POSTAL_READ, WEIGHED, [ReasonCode.OBJECTION]),
        (ORDER_READ, None, []),
    ],
)
def test_unknown_objections_bar_what_can_be_objected_to(
    request_: AccessRequest, document: PolicyDocument | None, expected: list[ReasonCode]
) -> None:
    assert reasons(decide(request_, customer(objections=None), document)) == expected


@pytest.mark.gdpr("21(1)")
def test_a_contract_cannot_be_objected_to() -> None:
    facts = customer(objections=(objection(ORDERS, direct_marketing=False),))
    assert not reasons(decide(ORDER_READ, facts))
