"""One queue, one batch in flight: every waiting entry gets its place in the tree in the next commit.

A batch forms while the previous one is being flushed; there is no timer. It takes the queue and the intents
that other transactions have left, gives each the next index, and commits; only then are the callers told. An entry
is acknowledged when it is durable and in the tree, or not at all. One that cannot be made an entry takes nobody
else with it: its caller is refused, or, where a change left it, it goes into quarantine and an entry says so.

Time never runs backwards in the log; a clock that steps back further than five seconds stops it.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from audit import merkle
from audit.drafts import Waiting, unpack
from audit.event import Entry, EventTag, Outcome
from audit.placing import Keys, Placed, UnwrapAuditKey
from audit.store import AuditUnavailableError, Batch, Head, Quarantined, Store

MOST_PER_BATCH = 256
MOST_WAITING = 8192
TOLERATED_STEP_BACK_SECONDS = 5
CLIENT = "registry"

_log = logging.getLogger(__name__)

LearnEpochs = Callable[[Collection[int]], Awaitable[None]]


async def learn_nothing(_epochs: Collection[int]) -> None:
    """For who holds every key there is."""


@dataclass(slots=True)
class Draft:
    """An entry on its way, with the caller that waits for its index; no entry = the intents, these above all.

    `probes` = write even where there is nothing to say, to see that it can be done.
    """

    uid: UUID
    entry: Entry | None
    done: "asyncio.Future[int]"
    intents: frozenset[UUID] = frozenset()
    probes: bool = False


class Sequencer:
    """Gives entries their place; one per process.

    Args:
        store: where the log is.
        unwrap: opens a person's audit key.
        learn: told the epochs of the keys that are about to be opened: another process may have wrapped them anew.
    """

    def __init__(self, store: Store, unwrap: UnwrapAuditKey, learn: LearnEpochs = learn_nothing) -> None:
        self._store = store
        self._unwrap = unwrap
        self._learn = learn
        self._queue: list[Draft] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._halted = ""

    def halt(self, why: str) -> None:
        """Take no entries until the cause is gone; empty = go on. What waits is still recorded."""
        self._halted = why

    def start(self) -> None:
        """Begin to take batches; needs a running loop."""
        self._task = asyncio.create_task(self._run(), name="audit-sequencer")

    async def stop(self) -> None:
        """Take no more entries, record those that wait, and release the store."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self._store.close()

    async def submit(self, entry: Entry, uid: UUID) -> int:
        """Wait until the entry is durable and in the tree.

        Returns:
            Its index.

        Raises:
            AuditUnavailableError: when it could not be recorded; nothing may be answered then.
        """
        return await self._enqueue(uid, entry)

    async def integrate(self, intents: Collection[UUID] = ()) -> None:
        """Give all intents their place; the caller depends on those it names.

        Raises:
            AuditUnavailableError: when the tree could not be written, or one of those named still waits.
        """
        await self._enqueue(UUID(int=0), None, frozenset(intents))

    async def probe(self) -> None:
        """Write the head as it is: passes where an entry could be recorded now.

        Raises:
            AuditUnavailableError: when it could not.
        """
        await self._enqueue(UUID(int=0), None, probes=True)

    async def _enqueue(
        self, uid: UUID, entry: Entry | None, intents: frozenset[UUID] = frozenset(), *, probes: bool = False
    ) -> int:
        if self._task is None or self._task.done() or self._stopping or len(self._queue) >= MOST_WAITING:
            raise AuditUnavailableError("the log takes no entries")
        if self._halted:
            raise AuditUnavailableError(self._halted)
        draft = Draft(uid, entry, asyncio.get_running_loop().create_future(), intents, probes)
        self._queue.append(draft)
        self._wake.set()
        return await draft.done  # whoever does not wait any more changes nothing: the entry is on its way

    async def _run(self) -> None:
        while not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                taken, self._queue = self._queue[:MOST_PER_BATCH], self._queue[MOST_PER_BATCH:]
                await self._flush(taken)
                await asyncio.sleep(0)  # whoever was told now can still join the next batch

    async def _flush(self, taken: list[Draft]) -> None:
        refs = {ref for draft in taken if draft.entry is not None for ref in _named(draft.entry)}
        try:
            async with self._store.batch(refs, MOST_PER_BATCH) as batch:
                placed = await self._append(batch, taken)
        except AuditUnavailableError as error:
            await self._resolve(taken, error)
            return
        except Exception as error:  # noqa: BLE001 - whatever failed, nobody may wait for ever or be answered
            await self._resolve(taken, AuditUnavailableError(type(error).__name__))
            return
        indexes = {leaf.uid: leaf.index for leaf in placed.leaves}
        for draft in taken:
            if draft.uid in placed.refused:
                self._refuse([draft], AuditUnavailableError(placed.refused[draft.uid]))
            elif not draft.intents.isdisjoint(placed.waiting):
                self._refuse([draft], AuditUnavailableError("an entry waits for a key"))
            elif not draft.done.done():
                draft.done.set_result(indexes.get(draft.uid, -1))

    async def _append(self, batch: Batch, taken: Sequence[Draft]) -> Placed:
        placed = Placed(merkle.CompactRange.from_bytes(batch.head.size, batch.head.stack), self._second(batch.head))
        intents = await self._intents(batch, placed)
        waiting = [Waiting(draft.uid, draft.entry) for draft in taken if draft.entry is not None] + intents
        probes = any(draft.probes for draft in taken)
        if not waiting and not placed.quarantined and not probes:
            return placed
        further = {ref for one in intents for ref in _named(one.entry)} - batch.held.keys()
        held = batch.held | await batch.keys(further) if further else batch.held
        await self._learn({key.epoch for key in held.values()})
        keys = Keys(held, self._unwrap)
        for one in waiting:
            try:
                placed.add(one, keys)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one entry, the others go on
                placed.refuse(one, error)
        for found in placed.quarantined:
            _log.error("an intent is in quarantine: %s", found.why)
            placed.add(Waiting(found.entry, _quarantine_entry(found)), keys)
        await batch.quarantine(placed.quarantined)
        await batch.put_back(list(placed.waiting.values()))
        if placed.leaves or probes:
            head = Head(placed.tree.size, placed.tree.to_bytes(), placed.second, batch.head.now)
            await batch.write(placed.leaves, placed.openings, placed.nodes, head, placed.tree.root())
        return placed

    @staticmethod
    async def _intents(batch: Batch, placed: Placed) -> list[Waiting]:
        waiting: list[Waiting] = []
        intents = batch.intents
        while intents:
            known = await batch.known([intent.uid for intent in intents])
            for intent in intents:
                if intent.uid in known:
                    placed.set_aside(intent, "recorded before")
                    continue
                try:
                    waiting.append(Waiting(intent.uid, unpack(intent.draft), intent))
                except Exception as error:  # noqa: BLE001 - whatever stands there, the others go on
                    placed.set_aside(intent, f"unreadable: {type(error).__name__}")
            full = len(intents) == MOST_PER_BATCH
            intents = await batch.more_intents(MOST_PER_BATCH) if full else ()
        return waiting

    def _second(self, head: Head) -> int:
        now = int(head.now.timestamp())
        if now < head.second - TOLERATED_STEP_BACK_SECONDS:
            raise AuditUnavailableError(f"the clock stepped back by {head.second - now} seconds")
        return max(now, head.second)

    async def _resolve(self, taken: Sequence[Draft], error: AuditUnavailableError) -> None:
        """After a failed or unknown commit: what is in the tree is acknowledged, the rest refused."""
        try:
            found = await self._store.find([draft.uid for draft in taken])
        except AuditUnavailableError:
            found = {}
        for draft in taken:
            if draft.uid in found and not draft.done.done():
                draft.done.set_result(found[draft.uid])
        self._refuse(taken, error)

    @staticmethod
    def _refuse(drafts: Sequence[Draft], error: AuditUnavailableError) -> None:
        for draft in drafts:
            if not draft.done.done():
                draft.done.set_exception(error)
                draft.done.exception()


def _quarantine_entry(found: Quarantined) -> Entry:
    return Entry(
        EventTag.INTENT_QUARANTINE,
        Outcome.DENY,
        client=CLIENT,
        reasons=("UNREADABLE_INTENT",),
        ciphertexts=(hashlib.sha256(found.intent.draft).digest(),),
    )


def _named(entry: Entry) -> list[UUID]:
    """Whose audit keys an entry needs."""
    refs = [person.ref for person in entry.persons]
    return refs if entry.actor is None else [*refs, entry.actor]
