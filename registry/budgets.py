"""How many different people a client looks at for a purpose on one day, counted before anything is told.

One row a day counts; a row for each person says who was counted already, so that asking twice costs once. The counting
row is locked while it is counted: two calls at the same time never share the last place. A place is taken before the
answer is recorded: if recording fails, the place is lost and nothing was told. Once the last place is taken, nobody who
was not counted is told about, a refusal neither: that the number alone stands in the way would say that all else is in
order.

Legal: GDPR Art. 5(1)(f), Art. 25(2), Art. 32(1).
"""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Date, String, bindparam, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from policies.deadlines import local_date
from registry.context import Registry
from registry.tables import BudgetDayRow, BudgetUseRow

_OPEN = text(
    "INSERT INTO budget_day (client, purpose, day, used) VALUES (:client, :purpose, :day, 0) ON CONFLICT DO NOTHING"
).bindparams(bindparam("client", type_=String), bindparam("purpose", type_=String), bindparam("day", type_=Date))


async def take_places(
    registry: Registry, client: str, purpose: str, people: Mapping[UUID, bool], subjects_per_day: int
) -> frozenset[UUID]:
    """Count people for today (the database's, in Germany) and say about whom anything may be told.

    Args:
        registry: the collaborators.
        client: who asks.
        purpose: what for.
        people: whom the question is about, in its order, and whether they take a place: who is refused takes none.
        subjects_per_day: the number the policy document states for client and purpose.

    Returns:
        Those counted before, and of the others everybody up to the one who took the last place.
    """
    async with registry.database.transaction() as session:
        day = local_date(await registry.database.clock(session))
        used = await _used(session, client, purpose, day)
        known = await _known(session, client, purpose, day, people)
        told, fresh = set(known), list[UUID]()
        for one, takes_a_place in people.items():
            if one in known or used + len(fresh) >= subjects_per_day:
                continue
            told.add(one)
            if takes_a_place:
                fresh.append(one)
        if fresh:
            rows = [{"subject_id": one, "client": client, "purpose": purpose, "day": day} for one in fresh]
            await session.execute(insert(BudgetUseRow), rows)
            await session.execute(update(BudgetDayRow).where(*_of(client, purpose, day)).values(used=used + len(fresh)))
        return frozenset(told)


async def _used(session: AsyncSession, client: str, purpose: str, day: date) -> int:
    """The day's count, its row locked; a new day forgets the days before it."""
    opened = await session.execute(_OPEN, {"client": client, "purpose": purpose, "day": day})
    if opened.rowcount:  # type: ignore[attr-defined]  # a statement that writes has it
        for table in (BudgetDayRow, BudgetUseRow):
            await session.execute(
                delete(table).where(col(table.client) == client, col(table.purpose) == purpose, col(table.day) < day)
            )
    statement = select(col(BudgetDayRow.used)).where(*_of(client, purpose, day)).with_for_update()
    return int((await session.execute(statement)).scalar_one())


async def _known(session: AsyncSession, client: str, purpose: str, day: date, people: Collection[UUID]) -> set[UUID]:
    statement = select(col(BudgetUseRow.subject_id)).where(
        col(BudgetUseRow.subject_id).in_(people),
        col(BudgetUseRow.client) == client,
        col(BudgetUseRow.purpose) == purpose,
        col(BudgetUseRow.day) == day,
    )
    return set((await session.execute(statement)).scalars())


def _of(client: str, purpose: str, day: date) -> tuple[ColumnElement[bool], ...]:
    return (
        col(BudgetDayRow.client) == client,
        col(BudgetDayRow.purpose) == purpose,
        col(BudgetDayRow.day) == day,
    )
