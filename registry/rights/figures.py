"""How often humans overrule machines, and how long they look: what tells a review from a rubber stamp.

Nobody is named: neither reviewer nor person.

Legal: GDPR Art. 22(3), Art. 39(1)(b); WP251rev.01; R-22-4.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from sqlalchemy import select
from sqlmodel import col

from policies.vocabulary import ReviewOutcome
from registry.context import Registry
from registry.tables import HumanReviewRow

SHORTEST_LOOK_SECONDS = 60.0
ENOUGH_REVIEWS = 10

Done = tuple[str, ReviewOutcome, float]


@dataclass(frozen=True, slots=True)
class ReviewFigures:
    """The reviews of one purpose: how many, how many changed the decision, and the median of the time they took."""

    purpose: str
    decided: int
    changed: int
    median_seconds: float

    @property
    def override_percent(self) -> float:
        """The share of reviews that changed the machine's decision, 0 to 100."""
        return 100 * self.changed / self.decided

    @property
    def looks_like_a_rubber_stamp(self) -> bool:
        """Whether somebody should ask: hardly a look at the case, or enough of them and never another outcome."""
        return self.median_seconds < SHORTEST_LOOK_SECONDS or (self.decided >= ENOUGH_REVIEWS and not self.changed)


def figures_from(done: Iterable[Done]) -> list[ReviewFigures]:
    """Figures by purpose, in the order of their codes.

    Args:
        done: purpose, outcome and seconds of each review.
    """
    of_purpose: dict[str, list[Done]] = defaultdict(list)
    for one in done:
        of_purpose[one[0]].append(one)
    return [
        ReviewFigures(
            purpose,
            len(reviews),
            sum(outcome is ReviewOutcome.CHANGED for _, outcome, _ in reviews),
            median(seconds for _, _, seconds in reviews),
        )
        for purpose, reviews in sorted(of_purpose.items())
    ]


async def review_figures(registry: Registry) -> list[ReviewFigures]:
    """The figures of every review on file; an erasure takes those of the person with it."""
    statement = select(HumanReviewRow).where(col(HumanReviewRow.decided_at).is_not(None))
    async with registry.database.reading() as session:
        rows = list((await session.execute(statement)).scalars())
    return figures_from(
        (row.purpose, ReviewOutcome(row.outcome), (row.decided_at - row.begun_at).total_seconds())
        for row in rows
        if row.begun_at is not None and row.decided_at is not None
    )
