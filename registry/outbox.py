"""Carries facts that a restore must not undo from the database into the journal outside of it.

They are committed with the change that they come from, as rows of the outbox, and written to the journal before that
change is answered. A process that ends in between leaves them in the outbox, and the next one writes them.

Legal: GDPR Art. 5(1)(f), Art. 17(1); R-DEL-6.
"""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from registry.database import Database
from registry.errors import NotReadyError
from registry.journal import FileJournal, JournalEntry, JournalKind
from registry.tables import JournalOutboxRow, StateRow

_TRIES = 3
_TABLE = SQLModel.metadata.tables[JournalOutboxRow.__tablename__]


async def add(session: AsyncSession, facts: Sequence[dict[str, object]]) -> None:
    """Commit facts with the change that they come from."""
    await session.execute(insert(_TABLE), facts)


async def flush(database: Database, journal: FileJournal) -> None:
    """Bring the outbox into the journal; idempotent."""
    async with database.transaction() as session:
        statement = select(JournalOutboxRow).order_by(col(JournalOutboxRow.at), col(JournalOutboxRow.entry_id))
        rows = list((await session.execute(statement)).scalars())
        if not rows:
            return
        sequence = journal.append(
            JournalEntry(row.entry_id, JournalKind(row.kind), row.subject_id, row.about, row.at) for row in rows
        )
        ids = [row.entry_id for row in rows]
        await session.execute(delete(JournalOutboxRow).where(col(JournalOutboxRow.entry_id).in_(ids)))
        await session.execute(
            update(StateRow).where(col(StateRow.journal_sequence) < sequence).values(journal_sequence=sequence),
        )


async def check(database: Database, journal: FileJournal) -> None:
    """Refuse data that is older than the journal (R-DEL-6).

    Raises:
        NotReadyError: when the journal holds facts the database has forgotten, or is shorter than it was.
    """
    async with database.reading() as session:
        known = (await session.execute(select(col(StateRow.journal_sequence)))).scalar_one()
        waiting = set((await session.execute(select(col(JournalOutboxRow.entry_id)))).scalars())
    written = {entry.entry_id for number, entry in journal.read() if number > known}
    if journal.sequence < known:
        raise NotReadyError("the journal is shorter than the database remembers")
    if written - waiting:
        raise NotReadyError("the database is older than its journal: run `registry replay` before serving")


async def check_policy(database: Database, journal: FileJournal) -> None:
    """Refuse a database that names another policy as in force than the journal names last.

    Whoever can write rows could name a retired document, which was decided and signed like any other; the journal lies
    outside. Somebody else may be putting one in force right now: so it is looked at more than once.

    Raises:
        NotReadyError: when they differ.
    """
    digest = last = ""
    for _ in range(_TRIES):
        await flush(database, journal)
        named = [entry.about for _, entry in journal.read() if entry.kind is JournalKind.POLICY]
        last = named[-1] if named else ""
        async with database.reading() as session:
            digest = (await session.execute(select(col(StateRow.policy_digest)))).scalar_one()
        if digest == last:
            return
    raise NotReadyError(
        f"the database has the policy {digest[:16]}… in force, and its journal says {last[:16]}…:"
        " the database was changed, or is not the one of this journal"
    )
