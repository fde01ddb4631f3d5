"""Says what of an erasure is gone when, and brings deleted bytes out of the files until they are.

What is gone with the commit, what with the files, what with the epoch: three instants, told apart. On SQLite the
write-ahead log still holds deleted pages; a reader can keep it from being emptied, so the attempt is repeated at every
start and every minute until it has succeeded.

Legal: GDPR Art. 12(1), Art. 17(1); R-DEL-4, R-DEL-7.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from policies.deadlines import local_date
from registry.database import Database
from registry.errors import NotReadyError
from registry.tables import EpochState, KeyEpochRow

RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ErasureEnds:
    """How far erasures are.

    `rows`: deleted and, with their keys, invisible to every read since the commit: always true once answered.
    `files`: no deleted byte is left in the database's own files (PostgreSQL: as far as the operator can see from here;
    old row versions and write-ahead log end with the epoch).
    `backups_by`: the day from which no backup and no old log can be opened any more, if epochs are retired on time;
    None = no plan is set. `overdue`: that day has passed and the epoch was not retired.
    """

    rows: bool
    files: bool
    backups_by: date | None
    overdue: bool


class Settling:
    """Empties the files after erasures; one per process."""

    def __init__(self, database: Database, epoch_days: int = 0, destruction_delay_days: int = 0) -> None:
        self._database = database
        self._epoch_days = epoch_days
        self._delay_days = destruction_delay_days
        self._pending = True
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def pending(self) -> bool:
        """Whether deleted bytes may still lie in the files."""
        return self._pending

    async def settle(self) -> bool:
        """Try now; False = pending, a reader is in the way, and it is tried again by itself."""
        self._pending = True
        try:
            await self._database.settle_erasure()
        except NotReadyError:
            self._wake.set()
            return False
        self._pending = False
        return True

    def start(self) -> None:
        """Begin to repeat what is pending; needs a running loop. What a crash left is tried at once."""
        self._wake.set()
        self._task = asyncio.create_task(self._run(), name="settling")

    async def stop(self) -> None:
        """Stop repeating."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._pending and not await self.settle():
                await asyncio.sleep(RETRY_SECONDS)

    async def ends(self) -> ErasureEnds:
        """How far erasures are that were answered before now."""
        now = await self._database.now()
        opened = await self._oldest_epoch()
        by = opened + timedelta(days=self._epoch_days + self._delay_days) if self._epoch_days and opened else None
        overdue = by is not None and by < now
        return ErasureEnds(True, not self._pending, local_date(by) if by else None, overdue)

    async def _oldest_epoch(self) -> datetime | None:
        """When the oldest epoch that is not destroyed was opened: what was deleted hangs under it or a later one."""
        statement = (
            select(col(KeyEpochRow.created_at))
            .where(col(KeyEpochRow.state) != EpochState.DESTROYED.value)
            .order_by(col(KeyEpochRow.epoch))
            .limit(1)
        )
        async with self._database.reading() as session:
            return (await session.execute(statement)).scalar()
