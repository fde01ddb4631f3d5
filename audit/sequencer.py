"""One queue, one batch in flight: every waiting entry gets its place in the tree in the next commit.

A batch forms while the previous one is being flushed; there is no timer. It takes the queue and the intents
that other transactions have left, gives each the next index, and commits; only then are the callers told. An entry
is acknowledged when it is durable and in the tree, or not at all.

Time never runs backwards in the log; a clock that steps back further than five seconds stops it.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from audit import event, merkle
from audit.event import ACTOR_POSITION, Entry, EventTag, Outcome, PersonRef
from audit.store import AuditUnavailableError, Batch, Head, Leaf, Opening, Store, WrappedKey

MOST_PER_BATCH = 256
MOST_WAITING = 8192
TOLERATED_STEP_BACK_SECONDS = 5

UnwrapAuditKey = Callable[[UUID, WrappedKey], bytes]


@dataclass(slots=True)
class Draft:
    """An entry on its way, with the caller that waits for its index; no entry = only the intents."""

    uid: UUID
    entry: Entry | None
    done: "asyncio.Future[int]"


def new_uid() -> UUID:
    """A random identifier for an entry."""
    return UUID(bytes=secrets.token_bytes(16))


def pack(entry: Entry) -> bytes:
    """An entry as an intent's bytes; `unpack` reads it back."""
    return event.canonical(
        {
            "op": entry.operation.value,
            "out": entry.outcome.value,
            "cli": entry.client,
            "pur": entry.purpose,
            "bas": list(entry.bases),
            "cat": list(entry.categories),
            "fld": list(entry.fields),
            "why": list(entry.reasons),
            "pol": entry.policy,
            "per": [[person.ref.hex, person.detail] for person in entry.persons],
            "act": entry.actor.hex if entry.actor else "",
            "cts": [digest.hex() for digest in entry.ciphertexts],
            "cls": entry.closes,
        },
    )


def unpack(draft: bytes) -> Entry:
    """The entry that `pack` wrote."""
    tree = json.loads(draft)
    return Entry(
        operation=EventTag(tree["op"]),
        outcome=Outcome(tree["out"]),
        client=tree["cli"],
        purpose=tree["pur"],
        bases=tuple(tree["bas"]),
        categories=tuple(tree["cat"]),
        fields=tuple(tree["fld"]),
        reasons=tuple(tree["why"]),
        policy=tree["pol"],
        persons=tuple(PersonRef(UUID(hex=ref), detail) for ref, detail in tree["per"]),
        actor=UUID(hex=tree["act"]) if tree["act"] else None,
        ciphertexts=tuple(bytes.fromhex(digest) for digest in tree["cts"]),
        closes=tree["cls"],
    )


class Sequencer:
    """Gives entries their place; one per process."""

    def __init__(self, store: Store, unwrap: UnwrapAuditKey) -> None:
        self._store = store
        self._unwrap = unwrap
        self._queue: list[Draft] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

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

    async def integrate(self) -> None:
        """Give all intents their place.

        Raises:
            AuditUnavailableError: when the tree could not be written.
        """
        await self._enqueue(UUID(int=0), None)

    async def _enqueue(self, uid: UUID, entry: Entry | None) -> int:
        if self._task is None or self._task.done() or self._stopping or len(self._queue) >= MOST_WAITING:
            raise AuditUnavailableError("the log takes no entries")
        draft = Draft(uid, entry, asyncio.get_running_loop().create_future())
        self._queue.append(draft)
        self._wake.set()
        return await asyncio.shield(draft.done)

    async def _run(self) -> None:
        while not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                taken, self._queue = self._queue[:MOST_PER_BATCH], self._queue[MOST_PER_BATCH:]
                await self._flush(taken)

    async def _flush(self, taken: list[Draft]) -> None:
        try:
            async with self._store.batch() as batch:
                indexes = await self._append(batch, taken)
        except AuditUnavailableError as error:
            await self._resolve(taken, error)
            return
        except Exception as error:  # noqa: BLE001 - whatever failed, nobody may wait for ever or be answered
            await self._resolve(taken, AuditUnavailableError(type(error).__name__))
            return
        for draft in taken:
            if not draft.done.done():
                draft.done.set_result(indexes.get(draft.uid, -1))

    async def _append(self, batch: Batch, taken: Sequence[Draft]) -> dict[UUID, int]:
        second = self._second(batch.head)
        waiting = [(draft.uid, draft.entry) for draft in taken if draft.entry is not None]
        while intents := await batch.take_intents(MOST_PER_BATCH):
            waiting += [(uid, unpack(draft)) for uid, draft in intents]
        if not waiting:
            return {}
        refs = {person.ref for _, entry in waiting for person in entry.persons}
        refs |= {entry.actor for _, entry in waiting if entry.actor is not None}
        keys = {ref: self._unwrap(ref, key) for ref, key in (await batch.keys(sorted(refs))).items()}
        tree = merkle.CompactRange.from_bytes(batch.head.size, batch.head.stack)
        leaves: list[Leaf] = []
        openings: list[Opening] = []
        nodes: list[merkle.Subtree] = []
        for uid, entry in waiting:
            leaf, of_leaf = _leaf(tree.size, uid, entry, second, keys)
            nodes += tree.append(leaf.hash)
            leaves.append(leaf)
            openings += of_leaf
        head = Head(tree.size, tree.to_bytes(), second, batch.head.now)
        await batch.write(leaves, openings, nodes, head, tree.root())
        return {leaf.uid: leaf.index for leaf in leaves}

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


def _leaf(index: int, uid: UUID, entry: Entry, second: int, keys: dict[UUID, bytes]) -> tuple[Leaf, list[Opening]]:
    """One leaf and its openings; whoever has no audit key any more leaves no trace in it."""
    openings: list[Opening] = []
    commitments: list[bytes] = []
    for person in entry.persons:
        key = keys.get(person.ref)
        if key is not None:
            position = len(commitments)
            salt = event.salt(key, uid, position)
            commitments.append(event.commitment(salt, person.ref, person.detail))
            openings.append(Opening(person.ref, index, position, person.detail))
    actor = None
    if entry.actor is not None and entry.actor in keys:
        salt = event.salt(keys[entry.actor], uid, ACTOR_POSITION)
        actor = event.commitment(salt, entry.actor, "")
        openings.append(Opening(entry.actor, index, ACTOR_POSITION, ""))
    body = event.body(entry, uid, second, commitments, actor)
    leaf = Leaf(
        index=index,
        uid=uid,
        hash=merkle.leaf_hash(body),
        body=body,
        second=second,
        operation=entry.operation.value,
        outcome=entry.outcome.value,
        purpose=entry.purpose,
        client=entry.client,
    )
    return leaf, openings
