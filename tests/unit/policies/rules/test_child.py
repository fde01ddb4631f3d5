"""The age threshold, judged by the month of coming of age."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from policies.facts import Permission
from policies.rules import child
from policies.vocabulary import Channel, ConsentState, ReasonCode, SubjectKind
from tests.unit.policies.people import (
    NEWSLETTER,
    NEWSLETTER_READ,
    NOW,
    ORDER_READ,
    ORDERS,
    RECOMMENDATION_READ,
    RECOMMENDATIONS,
    customer,
    days,
    decide,
    permission,
    purpose_of,
    reasons,
    with_purpose,
)


@pytest.mark.gdpr("8(1)")
@pytest.mark.parametrize(
    ("majority_month", "sixteen", "eighteen"),
    [
        (date(2026, 10, 1), [], []),
        (date(2026, 11, 1), [], [ReasonCode.MINOR]),
        (date(2026, 12, 1), [], [ReasonCode.MINOR]),
        (date(2028, 10, 1), [], [ReasonCode.MINOR]),
        (date(2028, 11, 1), [ReasonCode.MINOR], [ReasonCode.MINOR]),
        (date(2040, 1, 1), [ReasonCode.MINOR], [ReasonCode.MINOR]),
    ],
)
def test_the_whole_month_of_the_birthday_still_counts_as_younger(
    majority_month: date, sixteen: list[ReasonCode], eighteen: list[ReasonCode]
) -> None:
    """R-8-1, R-8-3: asked on 21 November 2026."""
    facts = customer(majority_month=majority_month)
    assert reasons(decide(NEWSLETTER_READ, facts)) == sixteen
    assert reasons(decide(RECOMMENDATION_READ, facts)) == eighteen


@pytest.mark.gdpr("8(1)")
def test_a_leap_day_does_not_break_the_month() -> None:
    born_on_a_leap_day = customer(majority_month=date(2028, 2, 29), as_of=datetime(2026, 3, 1, tzinfo=UTC))
    assert child.check_person(NEWSLETTER_READ, purpose_of(NEWSLETTER), born_on_a_leap_day) == ()


@pytest.mark.gdpr("8(1)")
@pytest.mark.parametrize(("judged", "expected"), [("adult", []), ("deny", [ReasonCode.MINOR])])
def test_an_unknown_age_is_judged_as_the_document_says(judged: str, expected: list[ReasonCode]) -> None:
    document = with_purpose(NEWSLETTER, unknown_age=judged)
    assert reasons(decide(NEWSLETTER_READ, customer(majority_month=None), document)) == expected


BY_PARENTS = replace(permission(), parental=True)
CHILD = date(2031, 5, 1)  # fifteen, or younger


@pytest.mark.gdpr("8(1)")
@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ((BY_PARENTS,), []),
        ((permission(),), [ReasonCode.MINOR]),
        ((replace(BY_PARENTS, channel=Channel.POST),), [ReasonCode.CONSENT_MISSING, ReasonCode.MINOR]),
        ((replace(BY_PARENTS, purpose=RECOMMENDATIONS),), [ReasonCode.CONSENT_MISSING, ReasonCode.MINOR]),
        ((replace(BY_PARENTS, expires_at=NOW),), [ReasonCode.CONSENT_EXPIRED, ReasonCode.MINOR]),
        (
            (BY_PARENTS, permission(state=ConsentState.WITHDRAWN, since=days(1))),
            [ReasonCode.CONSENT_WITHDRAWN, ReasonCode.MINOR],
        ),
        ((BY_PARENTS, permission(since=days(1))), [ReasonCode.MINOR]),
        (None, [ReasonCode.CONSENT_MISSING, ReasonCode.MINOR]),
    ],
)
def test_a_child_is_reached_where_the_parents_consented_and_only_there(
    permissions: tuple[Permission, ...] | None, expected: list[ReasonCode]
) -> None:
    """R-8-1: for this purpose and channel, as the last word."""
    facts = customer(majority_month=CHILD, permissions=permissions)
    assert reasons(decide(NEWSLETTER_READ, facts)) == expected


@pytest.mark.gdpr("8(1)")
def test_parents_open_neither_profiles_nor_what_rests_on_something_else() -> None:
    """R-8-3: nobody under eighteen is profiled, whoever agrees; a contract is not theirs to consent to."""
    explicit = replace(permission(RECOMMENDATIONS, channel=Channel.ANY, explicit=True), parental=True)
    facts = customer(majority_month=CHILD, permissions=(BY_PARENTS, explicit))
    assert ReasonCode.MINOR in reasons(decide(RECOMMENDATION_READ, facts))
    by_contract = with_purpose(ORDERS, minimum_age=16)
    assert reasons(decide(ORDER_READ, facts, by_contract)) == [ReasonCode.MINOR]
    deciding = with_purpose(NEWSLETTER, significant_decision=True, human_review="not_required", adm_exception="law")
    assert reasons(decide(NEWSLETTER_READ, facts, deciding)) == [ReasonCode.MINOR]


@pytest.mark.gdpr("8(1)")
def test_parents_do_not_stand_in_for_an_age_that_nobody_told() -> None:
    document = with_purpose(NEWSLETTER, unknown_age="deny")
    facts = customer(majority_month=None, permissions=(BY_PARENTS,))
    assert reasons(decide(NEWSLETTER_READ, facts, document)) == [ReasonCode.MINOR]


def test_what_parents_consented_to_goes_on_when_the_child_is_old_enough() -> None:
    """R-8-2: until the young person changes it."""
    assert not reasons(decide(NEWSLETTER_READ, customer(majority_month=date(2028, 10, 1), permissions=(BY_PARENTS,))))


def test_a_purpose_without_a_minimum_age_asks_nobodys_age() -> None:
    assert not reasons(decide(ORDER_READ, customer(majority_month=date(2040, 1, 1))))


@pytest.mark.gdpr("8(1)")
@pytest.mark.parametrize("kind", [*SubjectKind, None])
@pytest.mark.parametrize("unknown_age", ["adult", "deny"])
def test_an_organisation_has_no_age_and_whoever_has_one_is_no_organisation(
    kind: SubjectKind | None, unknown_age: str
) -> None:
    """R-4.1-1, R-8-1: a child whom a system lists as an organisation is still a child."""
    document = with_purpose(NEWSLETTER, unknown_age=unknown_age)
    for month, young in [
        (date(2040, 1, 1), True),
        (date(2001, 1, 1), False),
        (None, unknown_age == "deny" and kind is not SubjectKind.ORGANISATION),
    ]:
        found = reasons(decide(NEWSLETTER_READ, customer(majority_month=month, kind=kind), document))
        assert found == ([ReasonCode.MINOR] if young else []), month


@pytest.mark.parametrize(("age", "young"), [(9, False), (20, False), (21, True)])
def test_a_threshold_beyond_majority_or_far_below_it_counts_from_birth_too(age: int, *, young: bool) -> None:
    document = with_purpose(NEWSLETTER, minimum_age=age)
    facts = customer(majority_month=date(2023, 11, 1))
    assert (reasons(decide(NEWSLETTER_READ, facts, document)) == [ReasonCode.MINOR]) is young
