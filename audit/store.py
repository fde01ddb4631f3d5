"""Where batches of entries become durable: one small interface, two engines.

A batch is one transaction that holds the head row: whoever holds it is alone in deciding what the next leaf
is. `commit` returns only when the rows are durable.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from audit.merkle import Subtree


class AuditUnavailableError(Exception):
    """Raised when an entry could not be made durable: nothing may be answered."""


class Head(NamedTuple):
    """The tree as of the last batch, and the database's clock."""

    size: int
    stack: bytes
    second: int
    now: datetime


class WrappedKey(NamedTuple):
    """A person's audit key under its epoch."""

    epoch: int
    wrapped: bytes


class Intent(NamedTuple):
    """What a change left to be recorded: packed by `intend`."""

    uid: UUID
    created_at: datetime
    draft: bytes


class Quarantined(NamedTuple):
    """An intent that could not be made an entry, why, in a code, and the uid of the entry that says so."""

    entry: UUID
    intent: Intent
    why: str


@dataclass(slots=True)
class Leaf:
    """One row of the tree; `commitments` are kept where there are several, 32 bytes each."""

    index: int
    uid: UUID
    hash: bytes
    body: bytes
    second: int
    operation: str
    outcome: str
    purpose: str
    client: str
    reasons: tuple[str, ...] = ()
    commitments: bytes = b""


class Opening(NamedTuple):
    """Finds one person's part of one entry; `keep` as in `audit.retention`."""

    person_ref: UUID
    leaf: int
    position: int
    detail: str
    keep: int = 0


class Batch(Protocol):
    """One open transaction that holds the head.

    `held` are the audit keys, still there once the head was locked, of those the batch was opened for; `intents` the
    oldest that waited, removed.
    """

    head: Head
    held: dict[UUID, WrappedKey]
    intents: Sequence[Intent]

    async def more_intents(self, most: int) -> Sequence[Intent]:
        """Remove and return further intents, oldest first."""

    async def known(self, uids: Sequence[UUID]) -> set[UUID]:
        """Which of these are in the tree already."""

    async def put_back(self, intents: Sequence[Intent]) -> None:
        """Let intents wait for a later batch."""

    async def quarantine(self, found: Sequence[Quarantined]) -> None:
        """Keep intents that could not be made entries."""

    async def keys(self, refs: Collection[UUID]) -> dict[UUID, WrappedKey]:
        """The audit keys of others that are still there."""

    async def write(
        self, leaves: Sequence[Leaf], openings: Sequence[Opening], nodes: Sequence[Subtree], head: Head, root: bytes
    ) -> None:
        """Append the leaves, which end at the head's size and have its second, and move the head."""


class Store(Protocol):
    """The log's place in a database."""

    def batch(self, refs: Collection[UUID] = (), most: int = 0) -> AbstractAsyncContextManager[Batch]:
        """Lock the head, then read what a batch needs; commits at the end, rolls back on an exception.

        Args:
            refs: whose audit keys will be needed.
            most: how many intents to take.

        Raises:
            AuditUnavailableError: when the database cannot be reached, locked or trusted to be durable.
        """

    async def find(self, uids: Sequence[UUID]) -> dict[UUID, int]:
        """Which of these entries are in the tree; asked after a commit whose end is unknown."""

    async def close(self) -> None:
        """Release the connection."""
