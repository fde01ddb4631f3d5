"""The age threshold, judged by the month of coming of age."""

from datetime import UTC, date, datetime

import pytest

from policies.rules import child
from policies.vocabulary import ReasonCode, SubjectKind
from tests.unit.policies.people import (
    NEWSLETTER,
    NEWSLETTER_READ,
    ORDER_READ,
    RECOMMENDATION_READ,
    customer,
    decide,
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
    assert child.check_person(purpose_of(NEWSLETTER), born_on_a_leap_day) == ()


@pytest.mark.gdpr("8(1)")
@pytest.mark.parametrize(("judged", "expected"), [("adult", []), ("deny", [ReasonCode.MINOR])])
def test_an_unknown_age_is_judged_as_the_document_says(judged: str, expected: list[ReasonCode]) -> None:
    document = with_purpose(NEWSLETTER, unknown_age=judged)
    assert reasons(decide(NEWSLETTER_READ, customer(majority_month=None), document)) == expected


def test_a_purpose_without_a_minimum_age_asks_nobodys_age() -> None:
    assert not reasons(decide(ORDER_READ, customer(majority_month=date(2040, 1, 1))))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (SubjectKind.PERSON, [ReasonCode.MINOR]),
        (SubjectKind.SOLE_TRADER, [ReasonCode.MINOR]),
        (SubjectKind.CONTACT_PERSON, [ReasonCode.MINOR]),
        (SubjectKind.ORGANISATION, []),
    ],
)
def test_only_an_organisation_has_no_age(kind: SubjectKind, expected: list[ReasonCode]) -> None:
    """R-4.1-1."""
    facts = customer(majority_month=date(2040, 1, 1), kind=kind)
    assert reasons(decide(NEWSLETTER_READ, facts)) == expected


@pytest.mark.parametrize(("age", "young"), [(9, False), (20, False), (21, True)])
def test_a_threshold_beyond_majority_or_far_below_it_counts_from_birth_too(age: int, *, young: bool) -> None:
    document = with_purpose(NEWSLETTER, minimum_age=age)
    facts = customer(majority_month=date(2023, 11, 1))
    assert (reasons(decide(NEWSLETTER_READ, facts, document)) == [ReasonCode.MINOR]) is young
