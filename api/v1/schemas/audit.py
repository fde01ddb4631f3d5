"""The audit log on the wire: entries, proofs, checkpoints."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from api.v1.schemas.shape import Identifier, In, Instant, Out, example
from audit.event import EventTag, Outcome

_ENTRY = {
    "index": 42,
    "at": "2026-11-01T09:30:00Z",
    "operation": "disclose",
    "outcome": "permit",
    "client": "mailer",
    "purpose": "newsletter",
    "bases": ["A6-1-a"],
    "categories": ["master"],
    "fields": ["email"],
    "reasons": [],
    "policy": "2026-11-01",
    "persons": 1,
}
_NOTE = (
    "registry.example.com/audit\n43\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— registry.example.com/audit …\n"
)
_HASH = "5f2b5f8f0c7c6d0a3f0e8f5a1e2d3c4b5a69788796a5b4c3d2e1f00112233445"
_MEMBER = {"subject_id": "0b9f8a1e-6f0c-4d57-9c3a-2f6f3b8f1c11", "position": 0, "detail": "permit:email"}


class AuditQuery(In):
    """What to look for: `person` was touched, `actor` acted; `cursor` comes from the page before."""

    person: UUID | None = None
    actor: UUID | None = None
    purpose: Identifier | None = None
    client: Identifier | None = None
    operation: EventTag | None = None
    outcome: Outcome | None = None
    reason: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,62}$")] | None = None
    since: Instant | None = None
    until: Instant | None = None
    cursor: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class EntryQuery(In):
    """Whose membership to prove."""

    person: UUID | None = None


class CheckpointQuery(In):
    """How many entries a checkpoint counted that was kept earlier."""

    since: Annotated[int, Field(ge=1, le=2**62)] | None = None


class EntryOut(Out):
    """What one call is remembered as; `persons` counts whom it touched."""

    index: int
    at: datetime
    operation: str
    outcome: str
    client: str
    purpose: str
    bases: list[str]
    categories: list[str]
    fields: list[str]
    reasons: list[str]
    policy: str
    persons: int


class EntriesOut(Out):
    """Newest first; `next_cursor` is null on the last page."""

    model_config = example({"entries": [_ENTRY], "next_cursor": "42"})

    entries: list[EntryOut]
    next_cursor: str | None


class InclusionOut(Out):
    """Shows that the entry stands in the tree that the checkpoint signs; hashes in hex, from the leaf up."""

    size: int
    hashes: list[str]
    checkpoint: str


class MemberOut(Out):
    """Whom the entry touched, as far as their part of the log is open, and what the call meant for them."""

    subject_id: UUID
    position: int
    detail: str


class MembershipOut(MemberOut):
    """Opens this person's commitment: shows that the entry speaks of them (`sub` in the body)."""

    salt: str
    hashes: list[str]


class ProvenEntryOut(EntryOut):
    """An entry with its canonical bytes, and what an outsider needs to check it."""

    model_config = example(
        {
            **_ENTRY,
            "body": '{"cli":"mailer","op":"disclose"}',
            "hash": _HASH,
            "inclusion": {"size": 43, "hashes": [_HASH], "checkpoint": _NOTE},
            "members": [_MEMBER],
            "membership": {**_MEMBER, "salt": _HASH, "hashes": []},
        }
    )

    body: str
    hash: str
    inclusion: InclusionOut
    members: list[MemberOut]
    membership: MembershipOut | None


class CheckpointOut(Out):
    """A signed note over the whole log, the key to check it with, and the proof that it continues an older one."""

    model_config = example(
        {"checkpoint": _NOTE, "verifier_key": "registry.example.com/audit+5f2b5f8f+AQ…", "consistency": [_HASH]}
    )

    checkpoint: str
    verifier_key: str
    consistency: list[str]


class ReadyOut(Out):
    """This process may serve."""

    model_config = example({"ready": True})

    ready: bool


class TileOut(Out):
    """Hashes of the tree of `size` entries, in hex; fewer than 256 in the last tile of a level."""

    model_config = example({"level": 0, "number": 0, "size": 1, "hashes": [_HASH]})

    level: int
    number: int
    size: int
    hashes: list[str]
