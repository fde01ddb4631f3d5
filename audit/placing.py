"""Makes one batch's leaves out of what waited: bodies, commitments, openings, and the tree that has taken them.

Pure but for the audit keys, which are unwrapped when first needed. An entry that cannot be made changes nothing.

Legal: GDPR Art. 5(2); R-AUD-1, R-AUD-5.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from audit import event, merkle, retention
from audit.drafts import Waiting, new_uid
from audit.event import ACTOR_POSITION
from audit.store import Intent, Leaf, Opening, Quarantined, WrappedKey

MAX_BODY = 0xFFFF

_log = logging.getLogger(__name__)

UnwrapAuditKey = Callable[[UUID, WrappedKey], bytes]


class KeyLockedError(Exception):
    """Raised when a person's audit key cannot be unwrapped now."""


class Keys:
    """Audit keys of one batch, unwrapped when first needed; who has none leaves no trace in an entry."""

    def __init__(self, wrapped: dict[UUID, WrappedKey], unwrap: UnwrapAuditKey) -> None:
        self._wrapped = wrapped
        self._unwrap = unwrap
        self._held: dict[UUID, bytes] = {}

    def of(self, ref: UUID) -> bytes | None:
        """A person's audit key; None = destroyed.

        Raises:
            KeyLockedError: when it cannot be unwrapped now.
        """
        held = self._held.get(ref)
        if held is None and (wrapped := self._wrapped.get(ref)) is not None:
            try:
                held = self._held[ref] = self._unwrap(ref, wrapped)
            except Exception as error:
                raise KeyLockedError(type(error).__name__) from error
        return held


@dataclass(slots=True)
class Placed:
    """What one batch makes of what waited."""

    tree: merkle.CompactRange
    second: int
    leaves: list[Leaf] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    nodes: list[merkle.Subtree] = field(default_factory=list)
    refused: dict[UUID, str] = field(default_factory=dict)
    quarantined: list[Quarantined] = field(default_factory=list)
    waiting: dict[UUID, Intent] = field(default_factory=dict)

    def add(self, one: Waiting, keys: Keys) -> None:
        """Give an entry the next place; changes nothing where it cannot."""
        leaf, openings = _leaf(self.tree.size, one, self.second, keys)
        self.nodes += self.tree.append(leaf.hash)
        self.leaves.append(leaf)
        self.openings += openings

    def refuse(self, one: Waiting, error: Exception) -> None:
        """An entry that could not be made: its caller is refused, its change's intent kept.

        A key may be back with the next batch, or in another process: until then the intent waits where it was.
        """
        if one.intent is None:
            self.refused[one.uid] = type(error).__name__
        elif isinstance(error, KeyLockedError):
            _log.error("an intent waits for a key")
            self.waiting[one.uid] = one.intent
        else:
            self.set_aside(one.intent, f"cannot be placed: {type(error).__name__}")

    def set_aside(self, intent: Intent, why: str) -> None:
        """Keep an intent that cannot be made an entry as it was found; `why` is a code."""
        self.quarantined.append(Quarantined(new_uid(), intent, why))


def _leaf(index: int, one: Waiting, second: int, keys: Keys) -> tuple[Leaf, list[Opening]]:
    """One leaf and its openings; whoever has no audit key any more leaves no trace in it."""
    entry, uid, period = one.entry, one.uid, retention.period_of(one.entry)
    openings: list[Opening] = []
    commitments: list[bytes] = []
    for person in entry.persons:
        key = keys.of(person.ref)
        if key is not None:
            position = len(commitments)
            salt = event.salt(key, uid, position)
            commitments.append(event.commitment(salt, person.ref, person.detail))
            openings.append(Opening(person.ref, index, position, person.detail, period))
    actor = None
    actor_key = keys.of(entry.actor) if entry.actor is not None else None
    if entry.actor is not None and actor_key is not None:
        actor = event.commitment(event.salt(actor_key, uid, ACTOR_POSITION), entry.actor, "")
        openings.append(Opening(entry.actor, index, ACTOR_POSITION, "", period))
    body = event.body(entry, uid, second, commitments, actor)
    if len(body) > MAX_BODY:
        raise OverflowError("an entry does not fit an entry bundle")
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
        reasons=tuple(sorted({*entry.reasons, *entry.sought})),
        commitments=b"".join(commitments) if len(commitments) > 1 else b"",
    )
    return leaf, openings
