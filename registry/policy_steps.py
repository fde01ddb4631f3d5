"""The steps of a policy document into force, what a decision signs, and which documents can be trusted.

    propose -> review -> advise -> decide          the order the law gives the roles
    found                                          setup put the first document of an empty registry in force

1. A step is appended and never changed; the standing of a document is what its newest round of steps says.
2. The data protection officer advises: an objection does not block, it must be answered (Art. 38(6); C-453/21).
3. A decision signs the exact bytes of the document and every step before it, with the key of the person who decides.
4. A document is trusted only where its bytes are those of its digest and its newest decision verifies. Nothing else
   is ever loaded.

A document can go through the steps again: what was returned, rejected or retired, and what setup put in force.

Legal: GDPR Art. 5(2), Art. 24, Art. 38(3), (6), Art. 39.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.columns import to_milliseconds
from audit.event import canonical
from policies.documents import PolicyDocument, PolicyDocumentError, parse
from registry.errors import KeyUnavailableError
from registry.journal import FileJournal, JournalKind
from registry.keys import KeyRing
from registry.keys.signatures import Signature, ed25519_keys
from registry.signing import fingerprint_of, verifies
from registry.tables import JournalOutboxRow, PolicyStepRow, PolicyVersionRow, SigningKeyRow

STATEMENT_LABEL = b"registry-policy-decision/1\0"

Enrolled = Callable[[str], bool]


class StepKind(StrEnum):
    """What was done; stored codes."""

    FOUND = "found"
    PROPOSE = "propose"
    REVIEW = "review"
    ADVISE = "advise"
    DECIDE = "decide"


class StepResult(StrEnum):
    """How a step ended; stored codes."""

    SUBMITTED = "submitted"
    NO_OBJECTION = "no_objection"
    OBJECTION = "objection"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Standing(StrEnum):
    """Where a document is on its way."""

    UNKNOWN = "unknown"
    PROPOSED = "proposed"
    RETURNED = "returned"
    REVIEWED = "reviewed"
    ADVISED = "advised"
    REJECTED = "rejected"
    DECIDED = "decided"
    FOUNDED = "founded"


_STANDING = {
    (StepKind.FOUND, StepResult.ACCEPTED): Standing.FOUNDED,
    (StepKind.PROPOSE, StepResult.SUBMITTED): Standing.PROPOSED,
    (StepKind.REVIEW, StepResult.NO_OBJECTION): Standing.REVIEWED,
    (StepKind.REVIEW, StepResult.OBJECTION): Standing.RETURNED,
    (StepKind.ADVISE, StepResult.NO_OBJECTION): Standing.ADVISED,
    (StepKind.ADVISE, StepResult.OBJECTION): Standing.ADVISED,
    (StepKind.DECIDE, StepResult.ACCEPTED): Standing.DECIDED,
    (StepKind.DECIDE, StepResult.REJECTED): Standing.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: who, when (aware, UTC, milliseconds), with which result and reasons."""

    number: int
    kind: StepKind
    staff_id: UUID | None
    at: datetime
    result: StepResult
    reasons: str
    previous: str
    fingerprint: str = ""
    signature: bytes = field(default=b"", repr=False)

    @property
    def puts_in_force(self) -> bool:
        """Whether the document is in force from this step on."""
        return self.result is StepResult.ACCEPTED

    def told(self) -> dict[str, object]:
        """The step as a statement names it."""
        return {
            "n": self.number,
            "step": self.kind.value,
            "person": str(self.staff_id or ""),
            "at": to_milliseconds(self.at),
            "result": self.result.value,
            "reasons": self.reasons,
            "previous": self.previous,
        }


def round_of(steps: Sequence[Step]) -> Sequence[Step]:
    """The newest round: from the last proposal, or from what setup did, on."""
    starts = [at for at, step in enumerate(steps) if step.kind in {StepKind.PROPOSE, StepKind.FOUND}]
    return steps[starts[-1] :] if starts else []


def standing_of(steps: Sequence[Step]) -> Standing:
    """Where a document with these steps stands."""
    return _STANDING[steps[-1].kind, steps[-1].result] if steps else Standing.UNKNOWN


def statement(document: bytes, before: Sequence[Step], deciding: Step) -> bytes:
    """What a decision signs: the bytes of the document, every step before, and the decision itself.

    Label, length of the document (8 bytes, big endian), document, and the facts as canonical JSON (RFC 8785).
    """
    facts = {
        "v": 1,
        "digest": hashlib.sha256(document).hexdigest(),
        "steps": [step.told() for step in before],
        "decision": deciding.told(),
    }
    return STATEMENT_LABEL + len(document).to_bytes(8, "big") + document + canonical(facts)


async def steps_of(session: AsyncSession, digest: str) -> list[Step]:
    """All steps of a document, in order."""
    rows = select(PolicyStepRow).where(col(PolicyStepRow.digest) == digest).order_by(col(PolicyStepRow.number))
    return [
        Step(
            row.number,
            StepKind(row.step),
            row.staff_id,
            row.at,
            StepResult(row.result),
            row.reasons,
            row.previous,
            row.fingerprint,
            row.signature,
        )
        for row in (await session.execute(rows)).scalars()
    ]


def row_of(digest: str, step: Step) -> PolicyStepRow:
    """The row that keeps a step."""
    return PolicyStepRow(
        digest=digest,
        number=step.number,
        step=step.kind.value,
        staff_id=step.staff_id,
        at=step.at,
        result=step.result.value,
        reasons=step.reasons,
        previous=step.previous,
        fingerprint=step.fingerprint,
        signature=step.signature,
    )


async def enrolled_keys(session: AsyncSession, journal: FileJournal) -> Enrolled:
    """Which signing keys the journal knows, by fingerprint, or will know once the outbox is flushed."""
    waiting = select(col(JournalOutboxRow.about)).where(col(JournalOutboxRow.kind) == JournalKind.SIGNING_KEY.value)
    known = set((await session.execute(waiting)).scalars())
    known |= {entry.about for _, entry in journal.read() if entry.kind is JournalKind.SIGNING_KEY}
    return known.__contains__


async def trusted(session: AsyncSession, ring: KeyRing, digest: str, enrolled: Enrolled) -> PolicyDocument | None:
    """The document with this digest, if its bytes are whole and somebody entitled decided them.

    Args:
        session: reads.
        ring: holds the key of setup.
        digest: SHA-256 of the document, hex.
        enrolled: whether a public key, by fingerprint, was enrolled according to the journal outside the database.
    """
    row = await session.get(PolicyVersionRow, digest)
    if row is None:
        return None
    try:
        if hashlib.sha256(row.document).hexdigest() != digest:
            return None
        steps = await steps_of(session, digest)
        deciding = max((step for step in steps if step.puts_in_force), key=lambda step: step.number, default=None)
        if deciding is None:
            return None
        public_key = await _public_key(session, ring, deciding, enrolled)
        said = statement(row.document, [step for step in steps if step.number < deciding.number], deciding)
        return parse(row.document) if verifies(public_key, deciding.signature, said) else None
    except (PolicyDocumentError, KeyUnavailableError, ValueError, TypeError):
        # A changed row may hold anything; SQLite keeps any type in any column.
        return None


async def last_good(session: AsyncSession, ring: KeyRing, enrolled: Enrolled) -> PolicyDocument | None:
    """The document that was put in force last and can be trusted."""
    accepted = select(col(PolicyStepRow.digest)).where(col(PolicyStepRow.result) == StepResult.ACCEPTED.value)
    digests = (await session.execute(accepted.order_by(col(PolicyStepRow.at).desc()))).scalars()
    for digest in dict.fromkeys(digests):
        document = await trusted(session, ring, digest, enrolled)
        if document is not None:
            return document
    return None


async def _public_key(session: AsyncSession, ring: KeyRing, deciding: Step, enrolled: Enrolled) -> bytes:
    """The key a decision was signed with; empty where it was not this person's at the time."""
    if deciding.kind is StepKind.FOUND:
        of_setup = [key.public_key().public_bytes_raw() for key in ed25519_keys(ring, Signature.SETUP)]
        return next((one for one in of_setup if fingerprint_of(one) == deciding.fingerprint), b"")
    row = await session.get(SigningKeyRow, (deciding.staff_id, deciding.fingerprint))
    if row is None or fingerprint_of(row.public_key) != deciding.fingerprint or not enrolled(deciding.fingerprint):
        return b""
    was_in_use = row.enrolled_at <= deciding.at and (row.retired_at is None or deciding.at < row.retired_at)
    return row.public_key if was_in_use else b""
