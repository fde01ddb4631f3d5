"""What the facts themselves say: open relationships, notices that arrived, a human's review."""

from datetime import datetime

import pytest

from policies.facts import Relationship, Review
from policies.vocabulary import PurposeId, RelationshipKind, ReviewState
from tests.unit.policies.people import NOW, ORDERS, customer, days, delivered

OPEN, DECIDED, OUTDATED = ReviewState.OPEN, ReviewState.DECIDED, ReviewState.OUTDATED
BEFORE, BEHIND = PurposeId("a_purpose"), PurposeId("z_purpose")  # of other names on both sides of the alphabet


@pytest.mark.gdpr("6(1)(b)")
@pytest.mark.parametrize("kind", list(RelationshipKind))
@pytest.mark.parametrize(
    ("opened_at", "closed_at", "is_open"),
    [
        (days(10), None, True),
        (NOW, None, True),
        (days(-0.001), None, False),
        (days(10), days(-0.001), True),
        (days(10), NOW, False),
        (days(10), days(1), False),
    ],
)
def test_a_relationship_is_open_from_its_first_instant_until_the_one_that_closes_it(
    kind: RelationshipKind,
    opened_at: datetime,
    closed_at: datetime | None,
    is_open: bool,  # noqa: FBT001 - a column
) -> None:
    facts = customer(relationships=(Relationship(kind, opened_at, closed_at),))
    assert facts.has_open([kind]) is is_open
    assert not facts.has_open(set(RelationshipKind) - {kind})
    assert not facts.has_open([])


def test_one_open_relationship_of_several_is_enough_and_unknown_ones_are_none() -> None:
    over = Relationship(RelationshipKind.CONTRACT, days(90), days(60))
    running = Relationship(RelationshipKind.CONTRACT, days(9), None)
    for held in [(over, running), (running, over)]:
        assert customer(relationships=held).has_open({RelationshipKind.CONTRACT})
    assert not customer(relationships=None).has_open(set(RelationshipKind))


@pytest.mark.gdpr("13(1)(d)")
@pytest.mark.parametrize(
    ("notice", "at", "names", "told"),
    [
        ("privacy_notice", days(2), {ORDERS}, True),
        ("privacy_notice", days(1), {ORDERS, BEFORE}, True),
        ("privacy_notice", days(0.999), {ORDERS}, False),
        ("privacy_notice", days(2), {BEFORE, BEHIND}, False),
        ("a_notice", days(2), {ORDERS}, False),
        ("z_notice", days(2), {ORDERS}, False),
    ],
)
def test_a_notice_told_of_a_purpose_when_a_version_that_names_it_had_arrived(
    notice: str,
    at: datetime,
    names: set[str],
    told: bool,  # noqa: FBT001 - a column
) -> None:
    """R-6.1f-2: asked of the day before."""
    facts = customer(notices=delivered(notice, at=at, names=frozenset(names)))
    assert facts.was_told(ORDERS, "privacy_notice", days(1)) is told


def test_unknown_notices_told_nobody() -> None:
    assert not customer(notices=None).was_told(ORDERS, "privacy_notice", NOW)


@pytest.mark.gdpr("22(3)")
@pytest.mark.parametrize(
    ("states", "by_human", "contested"),
    [
        ([], False, False),
        ([OPEN], False, True),
        ([DECIDED], True, False),
        ([OUTDATED], False, False),
        ([OUTDATED, DECIDED], True, False),
        ([DECIDED, OPEN], False, True),
        ([OPEN, OUTDATED], False, True),
    ],
)
def test_a_case_is_a_humans_once_decided_and_while_nobody_contests_it(
    states: list[ReviewState],
    by_human: bool,  # noqa: FBT001 - a column
    contested: bool,  # noqa: FBT001 - likewise
) -> None:
    """R-22-3, R-22-4: of this purpose alone."""
    facts = customer(reviews=tuple(Review(ORDERS, state) for state in states))
    assert (facts.by_human(ORDERS), facts.contested(ORDERS)) == (by_human, contested)
    for other in (BEFORE, BEHIND):
        assert (facts.by_human(other), facts.contested(other)) == (False, False)


@pytest.mark.gdpr("22(3)")
def test_reviews_that_nobody_knows_are_contested_and_decided_by_no_human() -> None:
    facts = customer(reviews=None)
    assert facts.contested(ORDERS)
    assert not facts.by_human(ORDERS)
