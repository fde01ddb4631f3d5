"""How things stand, in numbers for whoever operates the registry: what waits, what is due, how long the log is.

Legal: GDPR Art. 12(3), Art. 32(1)(d).
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import col

from policies.deadlines import local_date
from registry.context import Registry
from registry.rights import RequestState
from registry.tables import LetterOutboxRow, RequestRow


@dataclass(frozen=True, slots=True)
class Standing:
    """Counts over everybody; they name nobody."""

    letters_waiting: int
    requests_open: int
    requests_overdue: int
    journal_entries: int


async def standing(registry: Registry) -> Standing:
    """Count what waits now.

    Raises:
        NotReadyError: when the database does not answer.
    """
    today = local_date(await registry.database.now())
    is_open = col(RequestRow.state) == RequestState.RECEIVED.value
    async with registry.database.reading() as session:
        letters = (await session.execute(select(func.count()).select_from(LetterOutboxRow))).scalar_one()
        opened = select(func.count()).select_from(RequestRow).where(is_open)
        overdue = opened.where(col(RequestRow.due_on) < today)
        return Standing(
            letters,
            (await session.execute(opened)).scalar_one(),
            (await session.execute(overdue)).scalar_one(),
            registry.journal.sequence,
        )
