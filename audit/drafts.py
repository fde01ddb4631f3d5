"""Packs an entry as the bytes an intent carries, and makes one of them again; and tells which of them can be placed.

Legal: GDPR Art. 5(2); R-AUD-5.
"""

import json
import secrets
from typing import NamedTuple
from uuid import UUID

from audit import event
from audit.event import Entry, EventTag, Outcome, PersonRef
from audit.store import Intent


class Waiting(NamedTuple):
    """An entry that waits for its place; `intent` where a change left it."""

    uid: UUID
    entry: Entry
    intent: Intent | None = None


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
            "prv": entry.predecessor,
            "fnd": list(entry.sought),
        },
    )


def unpack(draft: bytes) -> Entry:
    """The entry that `pack` wrote, now or in an earlier release.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: when it is none.
    """
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
        predecessor=tree.get("prv", ""),
        sought=tuple(tree.get("fnd", ())),
    )


def closes(draft: bytes) -> bool:
    """Whether a waiting intent closes openings; one that cannot be read closes none."""
    try:
        return bool(json.loads(draft)["cls"])
    except (ValueError, LookupError, TypeError):
        return False
