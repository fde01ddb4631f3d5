"""Holds the log to the checkpoints that lie outside the database, and lays new ones there.

At a start the log must have at least as many entries as the newest pin, and the same ones. Later, every interval, it is
asked again, then a new pin is laid. A log that is shorter than its pin or another one, and a pin that cannot be laid,
stop the log: nothing is recorded, so nothing is answered. It goes on by itself when the cause is gone.

Legal: GDPR Art. 5(2), Art. 32; R-AUD-4, R-AUD-5.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from audit.checkpoint import Checkpoint, NoteError
from audit.event import Entry, EventTag, Outcome
from audit.log import AuditLog
from audit.merkle import ProofError
from audit.pins import PinFolder
from audit.store import AuditUnavailableError

RETRY_SECONDS = 2.0

Clock = Callable[[], Awaitable[datetime]]

_log = logging.getLogger(__name__)


class PinnedLogError(AuditUnavailableError):
    """Raised when the log is shorter than its newest pin, or not the log that was pinned."""


class PinNotLaidError(AuditUnavailableError):
    """Raised when a checkpoint cannot be laid outside the database."""


class NothingToReopenError(AuditUnavailableError):
    """Raised when a log that agrees with its pin is to be given up."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """What became of a log: its last checkpoint, how many entries the restore brought back, its successor's name."""

    sealed: Checkpoint
    survived: int
    origin: str

    @property
    def lost(self) -> int:
        """How many pinned entries are gone."""
        return max(0, self.sealed.size - self.survived)


class Watch:
    """The pins of one process's log; `clock` tells the database's time."""

    def __init__(self, log: AuditLog, folder: PinFolder, clock: Clock) -> None:
        self._log = log
        self._folder = folder
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._stands = False

    async def check(self) -> None:
        """Compare the log with its newest pin; an installation that never laid one passes.

        Raises:
            PinnedLogError: when the log is shorter, another one, or the pin is not signed by it.
        """
        pinned = self._pinned()
        if pinned is None:
            return
        try:
            root = await self._log.root_at(pinned.size)
        except ProofError:
            raise PinnedLogError("the log's stored hashes do not lead to its root") from None
        if pinned.origin != self._log.origin:
            raise PinnedLogError("the log outside the database has another name")
        if root is None:
            raise PinnedLogError(f"the log is shorter than the {pinned.size} entries pinned outside the database")
        if root != pinned.root:
            raise PinnedLogError(f"the first {pinned.size} entries are not those pinned outside the database")

    async def pin(self) -> None:
        """Check, then lay a pin over what is committed now.

        Raises:
            PinnedLogError: as `check`.
            PinNotLaidError: when the folder does not take it.
        """
        await self.check()
        note = await self._log.checkpoint()
        try:
            await asyncio.to_thread(self._folder.put, note, await self._clock())
        except OSError as error:
            raise PinNotLaidError(f"a checkpoint cannot be pinned: {type(error).__name__}") from error

    def start(self, interval_seconds: float) -> None:
        """Pin at this interval until `stop`."""
        self._task = asyncio.create_task(self._run(interval_seconds), name="audit-pins")

    async def stop(self) -> None:
        """End, with a last pin where one can be laid."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self.look()

    async def look(self) -> None:
        """Pin, and stop the log or let it go on, by what that showed.

        A database that does not answer stops nothing here: no batch gets past it anyway, and it comes back unasked.
        """
        try:
            await self.pin()
        except (PinnedLogError, PinNotLaidError) as error:
            _log.error("the audit log stands still: %s", error)
            self._stands = True
            self._log.sequencer.halt(str(error))
        except Exception as error:  # noqa: BLE001 - see above
            _log.error("no checkpoint was pinned: %s", type(error).__name__)
        else:
            self._stands = False
            self._log.sequencer.halt("")

    def earlier(self) -> list[str]:
        """The notes in the folder that this log continues: what an export is checked against."""
        found = []
        for note in self._folder.notes():
            with suppress(NoteError):
                pinned = self._log.open_note(note)
                if pinned.size and self._log.names.continues(pinned.origin, pinned.size):
                    found.append(note)
        return found

    async def reopen(self) -> "Reopened":
        """Give up a log that fell behind its pin, after a restore, and go on as its successor.

        1. The old log is sealed at its newest pin, which stays in the folder.
        2. What the restore brought back goes on under another name; the first entry made under it holds the old
           log's last checkpoint, and so says what is lost.
        3. The successor's first checkpoint is pinned.

        Raises:
            NothingToReopenError: when nothing was pinned, or the log agrees with its pin.
            AuditUnavailableError: when that could not be recorded; nothing has changed, or it can be repeated.
        """
        pinned = self._pinned()
        if pinned is None:
            raise NothingToReopenError("no checkpoint is pinned")
        try:
            await self.check()
        except PinnedLogError:
            pass
        else:
            raise NothingToReopenError("the log agrees with its newest pin")
        survived = await self._log.size()
        if self._log.origin != self._log.names.after(pinned.origin):  # else: broken off between 2 and 3
            entry = Entry(
                EventTag.LOG_REOPEN,
                Outcome.DONE,
                client="registry",
                purpose="privacy_control",
                predecessor=pinned.to_text(),
            )
            recorded = await self._log.append(entry, None)  # 2
            self._log.names.succeed(pinned.origin, recorded.index)
        note = await self._log.checkpoint()
        await asyncio.to_thread(self._folder.seal, note)  # 1 and 3
        return Reopened(pinned, survived, self._log.origin)

    def _pinned(self) -> Checkpoint | None:
        try:
            note = self._folder.latest()
            if note is None:
                return None
            return self._log.open_note(note)
        except (OSError, UnicodeDecodeError) as error:
            raise PinnedLogError(f"the newest pin cannot be read: {type(error).__name__}") from error
        except NoteError as error:
            raise PinnedLogError(f"the newest pin is not this log's: {type(error).__name__}") from error

    async def _run(self, interval_seconds: float) -> None:
        while True:
            await asyncio.sleep(min(interval_seconds, RETRY_SECONDS) if self._stands else interval_seconds)
            await self.look()
