"""The audit log as the rest of the product sees it: append, intend, find, prove.

A read is recorded before anything leaves (`append` returns only when the entry is durable and in the tree). A
write leaves an intent in its own transaction (`intend`), so that a change without an entry cannot last and an
entry for a change that was rolled back cannot appear; `integrate` gives it its place before the answer.

Legal: GDPR Art. 5(2), Art. 15(1)(c), Art. 32; R-AUD-1 to R-AUD-9.
"""

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit import checkpoint, merkle, proofs, search, snapshot
from audit.checkpoint import Checkpoint
from audit.drafts import new_uid, pack
from audit.event import Entry, EventTag, Recorded
from audit.export import write_export
from audit.placing import UnwrapAuditKey
from audit.proofs import PersonProof, Proof, head_of
from audit.reconcile import Reconciled, closing_waits, reconcile
from audit.search import PAGE, Filters, Logged, PersonEntry, Recipient
from audit.sequencer import Sequencer
from audit.store import AuditUnavailableError, Opening, WrappedKey
from audit.tables import HeadRow, IntentRow, LeafRow, PersonKeyRow

__all__ = [
    "PAGE",
    "AuditLog",
    "Filters",
    "Logged",
    "PersonEntry",
    "PersonProof",
    "Proof",
    "Recipient",
    "create_log",
    "create_person_key",
    "intend",
    "split",
]

T = TypeVar("T")
Reading = Callable[[], AbstractAsyncContextManager[AsyncSession]]
Signers = Callable[[], Sequence[Ed25519PrivateKey]]
SIGNATURES = 2
_SNAPSHOTS_TRIED = 20


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of hashes of the tree of `size` entries; fewer than 256 in the last one of a level."""

    size: int
    hashes: tuple[bytes, ...]


class Names:
    """What a log is called: `name` first; where it was given up after a restore, `name/2`, then `name/3`."""

    def __init__(self, first: str) -> None:
        self._first = first
        self._generation = 1
        self._ended: dict[str, int] = {}

    @property
    def current(self) -> str:
        """The name now."""
        return self._name(self._generation)

    @property
    def all(self) -> list[str]:
        """Every name, the newest first."""
        return [self._name(generation) for generation in range(self._generation, 0, -1)]

    def after(self, name: str) -> str:
        """The name of the log that goes on where `name` was given up."""
        return self._name(self._generation_of(name) + 1)

    def succeed(self, name: str, index: int) -> None:
        """The log called `name` was given up, and what survived of it ends before `index`."""
        self._generation = self._generation_of(name) + 1
        for one in self.all[1:]:
            self._ended[one] = min(index, self._ended.get(one, index))

    def continues(self, name: str, size: int) -> bool:
        """Whether the first `size` entries of the log called `name` are the first ones of this log."""
        return name == self.current or size <= self._ended.get(name, 0)

    def _name(self, generation: int) -> str:
        return self._first if generation == 1 else f"{self._first}/{generation}"

    def _generation_of(self, name: str) -> int:
        number = name.removeprefix(f"{self._first}/")
        return int(number) if number != name and number.isdecimal() else 1


def intend(session: AsyncSession, entry: Entry, now: datetime) -> UUID:
    """Add the entry of a change to the change's own transaction; returns the entry's uid."""
    uid = new_uid()
    session.add(IntentRow(uid=uid, created_at=now, draft=pack(entry)))
    return uid


class AuditLog:
    """Append and read; one per process. `origin` is its name, under which checkpoints are signed.

    `signers` tells the keys that sign now or did before, the newest first. The newest two sign: a process, or an
    outsider, that has not heard of the newest one verifies by the other.
    """

    def __init__(
        self, sequencer: Sequencer, reading: Reading, origin: str, signers: Signers, unwrap: UnwrapAuditKey
    ) -> None:
        self.sequencer = sequencer
        self.names = Names(origin)
        self._reading = reading
        self._signers = signers
        self._unwrap = unwrap

    async def append(self, entry: Entry, value: T) -> Recorded[T]:
        """Record a call before its result may leave.

        Returns:
            `value`, marked as recorded.

        Raises:
            AuditUnavailableError: when the entry is not durable; nothing may be answered then.
        """
        uid = new_uid()
        index = await self.sequencer.submit(entry, uid)
        return Recorded(value, index, uid)

    async def integrate(self, intents: Collection[UUID] = ()) -> None:
        """Bring all intents into the tree; the caller depends on those it names.

        Raises:
            AuditUnavailableError: when that failed; the change stands and its intent waits for the next batch.
        """
        await self.sequencer.integrate(intents)

    async def check_writable(self) -> None:
        """Pass where an entry could be recorded now.

        Raises:
            AuditUnavailableError: when it could not: the database, its durability, the clock or the pins.
        """
        await self.sequencer.probe()

    async def learn_origin(self) -> None:
        """Take the name that the log itself says it has: a log reopened after a restore has another (`reopening`)."""
        statement = (
            select(col(LeafRow.index), col(LeafRow.body))
            .where(col(LeafRow.operation) == EventTag.LOG_REOPEN.value)
            .order_by(col(LeafRow.index))
        )
        async with self._reading() as session:
            for index, body in (await session.execute(statement)).all():
                self.names.succeed(Checkpoint.parse(json.loads(body)["prv"]).origin, index)

    @property
    def origin(self) -> str:
        """The name under which checkpoints are signed now."""
        return self.names.current

    @property
    def verifier_key(self) -> str:
        """What an outsider needs to check checkpoints of this log."""
        return checkpoint.verifier_key(self.origin, self._signers()[0].public_key())

    @property
    def verifier_keys(self) -> list[str]:
        """The same, for each log that this one succeeded, and for each key that was replaced."""
        return [checkpoint.verifier_key(name, one.public_key()) for one in self._signers() for name in self.names.all]

    async def checkpoint(self) -> str:
        """A signed note over the committed tree as of now."""
        async with self._reading() as session:
            return self._sign(await head_of(session))

    async def root_at(self, size: int) -> bytes | None:
        """The root over the first `size` entries; None where there are fewer.

        Raises:
            ProofError: when the stored hashes do not lead to the root that batches go on from.
        """
        async with self._reading() as session:
            head = await head_of(session)
            if await proofs.root_at(session, head.size) != head.root:
                raise merkle.ProofError("the stored hashes do not lead to the root")
            return await proofs.root_at(session, size) if size <= head.size else None

    async def size(self) -> int:
        """How many entries the tree has."""
        async with self._reading() as session:
            return (await head_of(session)).size

    async def search(self, filters: Filters, limit: int = PAGE) -> list[Logged]:
        """Entries that match all filters, newest first, at most `limit`; page on with `before`."""
        async with self._reading() as session:
            return await search.search(session, filters, limit)

    async def entries_of(
        self,
        person: UUID,
        before: int | None = None,
        limit: int = PAGE,
        *,
        operation: str | None = None,
        detail: str | None = None,
    ) -> list[PersonEntry]:
        """A person's entries, newest first; with `operation` and `detail` only those that say so of them."""
        async with self._reading() as session:
            return await search.entries_of(session, person, before, limit, operation, detail)

    async def recipients_of(self, person: UUID) -> list[Recipient]:
        """Who got data of a person, for what, when."""
        async with self._reading() as session:
            return await search.recipients_of(session, person)

    async def persons_of(self, index: int) -> list[Opening]:
        """Whose entry this is, as far as their part of the log is still open."""
        async with self._reading() as session:
            return await proofs.openings_of(session, index)

    async def entry(self, index: int) -> Logged | None:
        """One entry, or None."""
        async with self._reading() as session:
            row = await session.get(LeafRow, index)
            return search.logged(row) if row else None

    async def prove(self, index: int) -> Proof:
        """The inclusion proof of an entry in the tree as committed now.

        Raises:
            ProofError: when the tree has no such entry.
        """
        async with self._reading() as session:
            head = await head_of(session)
            return Proof(index, head.size, await proofs.inclusion(session, index, head.size), self._sign(head))

    async def prove_person(self, index: int, person: UUID) -> PersonProof | None:
        """Opens a person's commitment in an entry; None where their part of the log is closed or not there."""
        async with self._reading() as session:
            return await proofs.membership(session, index, person, self._unwrap)

    async def prove_growth(self, old: int) -> Proof:
        """The proof that the tree as committed now begins with the tree of `old` entries.

        Raises:
            ProofError: when `old` is 0, or more than there are.
        """
        async with self._reading() as session:
            head = await head_of(session)
            return Proof(old, head.size, await proofs.consistency(session, old, head.size), self._sign(head))

    async def tile(self, level: int, number: int) -> Tile:
        """One tile of hashes (C2SP tlog-tiles) of the tree as committed now."""
        async with self._reading() as session:
            size = (await head_of(session)).size
            return Tile(size, tuple(await proofs.tile(session, level, number, size)))

    async def reconcile(self) -> Reconciled:
        """Compare entries, openings and the tree with each other (R-AUD-4).

        Raises:
            AuditUnavailableError: when closings that wait for their entries do not get them.
        """
        for _ in range(_SNAPSHOTS_TRIED):
            await self.integrate()
            async with self._reading() as session:
                if not await closing_waits(session):
                    return await reconcile(session)
        raise AuditUnavailableError("closings wait for their entries")

    async def export(self, directory: Path, *, with_salts: bool = False, earlier: Sequence[str] = ()) -> int:
        """Write everything an outsider needs to check the log; returns the number of entries.

        Taken from one snapshot, so that entries and openings agree. Without salts an outsider can check the tree and
        the count of openings, but not whom they name; salts are for those who may know. `earlier` are signed notes.

        Raises:
            AuditUnavailableError: as `reconcile`.
        """
        for _ in range(_SNAPSHOTS_TRIED):
            await self.integrate()
            async with self._reading() as session:
                if await closing_waits(session):
                    continue
                head = await head_of(session)
                await write_export(
                    directory,
                    note=self._sign(head),
                    verifier_keys=self.verifier_keys,
                    leaves=snapshot.leaves(session),
                    openings=snapshot.openings(session),
                    salts=snapshot.salts(session, self._unwrap) if with_salts else None,
                    commitments=snapshot.commitments(session),
                    earlier=earlier,
                )
                return head.size
        raise AuditUnavailableError("closings wait for their entries")

    async def stop(self) -> None:
        """Record what waits, then stop."""
        await self.sequencer.stop()

    def open_note(self, note: str) -> Checkpoint:
        """What a note says that this log signed, under whichever name.

        Raises:
            NoteError: when this log did not sign it.
        """
        name = note.partition("\n")[0]
        return checkpoint.open_note(note, [checkpoint.verifier_key(name, one.public_key()) for one in self._signers()])

    def _sign(self, head: HeadRow) -> str:
        signers = self._signers()[:SIGNATURES]
        return checkpoint.sign(Checkpoint(self.origin, head.size, head.root), self.origin, *signers)


async def create_log(session: AsyncSession) -> None:
    """Start an empty tree; part of the transaction that prepares a database."""
    session.add(HeadRow(id=1, size=0, stack=b"", root=merkle.EMPTY_ROOT, second=0))


def split(recorded: Recorded[Sequence[T]]) -> list[Recorded[T]]:
    """The parts of a call that was recorded as a whole."""
    return [Recorded(value, recorded.index, recorded.uid) for value in recorded.value]


async def create_person_key(session: AsyncSession, ref: UUID, wrapped: WrappedKey) -> None:
    """Open a person's part of the log; part of the transaction that creates the person."""
    await session.execute(
        insert(PersonKeyRow).values(person_ref=ref, epoch=wrapped.epoch, wrapped=wrapped.wrapped),
    )
