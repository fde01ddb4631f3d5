"""When a review still counts, and what its figures say; nothing of it needs a database."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from policies.facts import Item
from policies.vocabulary import Category, FieldName, Origin, PurposeId, ReviewOutcome, ReviewState, SubjectStatus
from registry.database import Gathered, StoredReview, StoredValue, Versions
from registry.facts import facts_from
from registry.rights.figures import ENOUGH_REVIEWS, figures_from

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ROW, OTHER = UUID(int=1), UUID(int=2)
CREDIT = PurposeId("credit_check")


def value(row: UUID, version: int = 1, delete_after: date | None = None) -> StoredValue:
    at = NOW - timedelta(days=1)
    item = Item(row, FieldName("credit_score"), Category.SCORE, CREDIT, Origin.DERIVED, at, delete_after)
    return StoredValue(item, version, 1, b"")


def states(values: tuple[StoredValue, ...], *reviews: StoredReview) -> list[ReviewState]:
    gathered = Gathered(uuid4(), NOW, Versions("", 0, 0), SubjectStatus.ACTIVE, values=values, reviews=reviews)
    return [one.state for one in facts_from(gathered).reviews or ()]


def done(seen: str, hours_ago: int = 1) -> StoredReview:
    return StoredReview(CREDIT, "decided", NOW - timedelta(hours=hours_ago), seen)


SEEN = f"{ROW.hex}:1"


@pytest.mark.parametrize(
    ("values", "seen", "state"),
    [
        ((value(ROW),), SEEN, ReviewState.DECIDED),
        ((value(ROW),), f"{SEEN} {OTHER.hex}:7", ReviewState.DECIDED),
        ((value(ROW, version=2),), SEEN, ReviewState.OUTDATED),
        ((value(ROW), value(OTHER)), SEEN, ReviewState.OUTDATED),
        ((value(ROW), value(OTHER, delete_after=date(2026, 11, 20))), SEEN, ReviewState.DECIDED),
        ((value(ROW), value(OTHER, delete_after=date(2026, 11, 21))), SEEN, ReviewState.OUTDATED),
        ((), SEEN, ReviewState.OUTDATED),
    ],
)
def test_a_review_counts_for_what_the_human_saw(values: tuple[StoredValue, ...], seen: str, state: ReviewState) -> None:
    """R-22-4."""
    assert states(values, done(seen)) == [state]


def test_the_latest_review_counts_and_an_open_one_stands_beside_it() -> None:
    """R-22-3."""
    assert states((value(ROW),), done(SEEN, 1), done("", 2)) == [ReviewState.DECIDED]
    assert states((value(ROW),), done("", 1), done(SEEN, 2)) == [ReviewState.OUTDATED]
    asked = StoredReview(CREDIT, "open", None, "")
    assert set(states((value(ROW),), asked, done(SEEN))) == {ReviewState.OPEN, ReviewState.DECIDED}


def test_not_asked_is_not_known() -> None:
    """R-22-3: unknown bars."""
    facts = facts_from(Gathered(uuid4(), NOW, Versions("", 0, 0), SubjectStatus.ACTIVE))
    assert facts.reviews is None
    assert facts.contested(CREDIT)
    assert not facts.by_human(CREDIT)


def test_figures_tell_a_review_from_a_rubber_stamp() -> None:
    """R-22-4."""
    upheld, changed = ReviewOutcome.UPHELD, ReviewOutcome.CHANGED
    slow = figures_from([("b", upheld, 100.0), ("b", changed, 300.0), ("b", upheld, 200.0), ("a", upheld, 59.0)])
    assert [(one.purpose, one.decided, one.changed, one.median_seconds) for one in slow] == [
        ("a", 1, 0, 59.0),
        ("b", 3, 1, 200.0),
    ]
    assert [round(one.override_percent) for one in slow] == [0, 33]
    assert [one.looks_like_a_rubber_stamp for one in slow] == [True, False]
    (never,) = figures_from([("a", upheld, 600.0)] * ENOUGH_REVIEWS)
    (seldom,) = figures_from([("a", upheld, 600.0)] * (ENOUGH_REVIEWS - 1))
    assert (never.looks_like_a_rubber_stamp, seldom.looks_like_a_rubber_stamp) == (True, False)
    assert figures_from([]) == []
