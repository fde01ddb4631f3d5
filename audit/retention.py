"""Says how long an opening is kept, and takes those away whose time is over.

Two periods (R-AUD-8, R-DE-UWG-5): an ordinary access is shown until the end of the calendar year after it; what proves
a consent or its use until five years after the person's last such entry, so that the proof of the grant outlives the
last call made under it. The entries themselves stay; only who they speak of goes.

Times run forward in the log, so a period's end is an index: everything below it is due.

Legal: GDPR Art. 5(1)(e), Art. 17(3)(e); §7a UWG; §76(4) BDSG as benchmark; R-AUD-8, R-DE-UWG-5.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from uuid import UUID

from sqlalchemy import BigInteger, case, delete, exists, func, literal, select, tuple_
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from audit.columns import EPOCH
from audit.event import ACTOR_POSITION, Entry, EventTag, Outcome
from audit.tables import LeafRow, OpeningRow, PersonKeyRow

ORDINARY = 0
CONSENT_USE = 1
CONSENT_YEARS = 5
CONSENT_BASES = frozenset({"A6-1-a"})
CONSENT_OPERATIONS = frozenset(tag for tag in EventTag if tag.value.startswith("consent-"))


@dataclass(frozen=True, slots=True)
class Due:
    """Below which index openings of each period are due."""

    ordinary: int
    consent_use: int


def period_of(entry: Entry) -> int:
    """Which period the openings of an entry have."""
    used = entry.outcome is Outcome.PERMIT and not CONSENT_BASES.isdisjoint(entry.bases)
    return CONSENT_USE if used or entry.operation in CONSENT_OPERATIONS else ORDINARY


def ordinary_until(today: date) -> date:
    """The first day whose accesses are still kept: everything of the year before last and older is due."""
    return date(today.year - 1, 1, 1)


def consent_use_until(today: date) -> date:
    """The first day whose uses of a consent are still kept; a use on 29 February counts to 1 March."""
    try:
        return today.replace(year=today.year - CONSENT_YEARS)
    except ValueError:
        return date(today.year - CONSENT_YEARS, 3, 1)


async def due(session: AsyncSession, today: date, zone: tzinfo) -> Due:
    """What is due on a day of the controller's calendar."""
    return Due(
        await first_at(session, datetime.combine(ordinary_until(today), datetime.min.time(), zone)),
        await first_at(session, datetime.combine(consent_use_until(today), datetime.min.time(), zone)),
    )


async def first_at(session: AsyncSession, instant: datetime) -> int:
    """The index of the first entry at or after an instant; the size of the log if there is none.

    Times run forward with the index, so it is found by halving: no second index is kept for it.
    """
    second = int((instant.astimezone(UTC) - EPOCH).total_seconds())
    last = (await session.execute(select(func.max(col(LeafRow.index))))).scalar_one_or_none()
    size = 0 if last is None else last + 1
    low, high = literal(0, BigInteger).label("low"), literal(size, BigInteger).label("high")
    halves = select(low, high).cte("halves", recursive=True)
    middle, earlier = col(LeafRow.index), col(LeafRow.second) < second
    halves = halves.union_all(
        select(case((earlier, middle + 1), else_=halves.c.low), case((earlier, halves.c.high), else_=middle))
        .select_from(halves.join(LeafRow, middle == (halves.c.low + halves.c.high) // 2))
        .where(halves.c.low < halves.c.high)
    )
    found = await session.execute(select(halves.c.low).where(halves.c.low == halves.c.high))
    index: int | None = found.scalar_one_or_none()
    if index is None:  # an entry is missing where a half ends: then every one is looked at
        slow = await session.execute(select(func.min(middle)).where(col(LeafRow.second) >= second))
        index = slow.scalar_one_or_none()
    return size if index is None else index


async def count_due(session: AsyncSession, until: Due) -> int:
    """How many openings are due."""
    statement = select(func.count()).select_from(OpeningRow)
    return sum(
        [int((await session.execute(statement.where(*rule))).scalar_one()) for rule in _rules(until)],
    )


async def take_due(session: AsyncSession, until: Due, most: int) -> int:
    """Delete at most `most` openings that are due, in the caller's transaction; returns how many."""
    for rule in _rules(until):
        page = select(*_KEY).where(*rule).order_by(col(OpeningRow.leaf), col(OpeningRow.position)).limit(most)
        taken = _rows(await session.execute(delete(OpeningRow).where(tuple_(*_KEY).in_(page))))
        if taken:
            return taken
    return 0


async def take_all_of(session: AsyncSession, person: UUID) -> int:
    """Delete every opening of a person whose audit key is gone, in the caller's transaction; returns how many."""
    result = await session.execute(delete(OpeningRow).where(col(OpeningRow.person_ref) == person))
    return _rows(result)


async def destroy_key(session: AsyncSession, person: UUID) -> bool:
    """Destroy a person's audit key: nobody can open their part of any entry again; False = it was gone."""
    return bool(_rows(await session.execute(delete(PersonKeyRow).where(col(PersonKeyRow.person_ref) == person))))


async def without_key(session: AsyncSession, most: int) -> list[UUID]:
    """Persons who have openings and no key: a closing that broke off in between."""
    held = exists().where(col(PersonKeyRow.person_ref) == col(OpeningRow.person_ref))
    statement = select(col(OpeningRow.person_ref)).where(~held).distinct().limit(most)
    return list((await session.execute(statement)).scalars())


def is_open(person: Mapped[UUID]) -> ColumnElement[bool]:
    """The condition that some entry can still be found by the person in this column."""
    return exists().where(col(OpeningRow.person_ref) == person)


_KEY = (col(OpeningRow.person_ref), col(OpeningRow.leaf), col(OpeningRow.position))


def _rules(until: Due) -> tuple[tuple[ColumnElement[bool], ...], tuple[ColumnElement[bool], ...]]:
    later = aliased(OpeningRow)
    used_later = exists().where(
        col(later.person_ref) == col(OpeningRow.person_ref),
        col(later.leaf) >= until.consent_use,
        col(later.keep) == CONSENT_USE,
        col(later.position) < ACTOR_POSITION,
    )
    return (
        (col(OpeningRow.leaf) < until.ordinary, col(OpeningRow.keep) == ORDINARY),
        (
            col(OpeningRow.leaf) < until.consent_use,
            col(OpeningRow.keep) == CONSENT_USE,
            (col(OpeningRow.position) == ACTOR_POSITION) | ~used_later,
        ),
    )


def _rows(result: object) -> int:
    assert isinstance(result, CursorResult)  # noqa: S101 - what a deletion returns
    return int(result.rowcount)
