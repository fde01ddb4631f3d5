"""What stands against a step of a policy document; everything is told, not the first thing alone.

The order of the steps, four eyes on each of them, the bytes that were proposed, and a signature that fits.

Legal: GDPR Art. 38(3), (6), Art. 39; C-453/21; R-38-1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy import select
from sqlmodel import col

from policies.documents import PolicyDocument
from policies.notices import NoticeText
from registry.actors import Action, Staff
from registry.context import Change
from registry.policy_steps import Standing, Step, StepKind, StepResult, round_of, standing_of, statement
from registry.signing import verifies
from registry.tables import PolicyProposalRow, SigningKeyRow

LONGEST_REASONS = 4000


class Finding(Protocol):
    """What a gate says against a document: on which line (1-based, 0 = none), under which rule."""

    @property
    def line(self) -> int:
        """1-based; 0 where no single line is to blame."""

    @property
    def rule(self) -> str:
        """The requirement."""

    @property
    def message(self) -> str:
        """In words."""


Gates = Callable[[PolicyDocument, PolicyDocument | None], Sequence[Finding]]


class Against(StrEnum):
    """What stands against a step; stored codes of the log."""

    WRONG_ROLE = "WRONG_ROLE"
    SAME_PERSON = "SAME_PERSON"
    UNKNOWN_DOCUMENT = "UNKNOWN_DOCUMENT"
    CHANGED_BYTES = "CHANGED_BYTES"
    VERSION_TAKEN = "VERSION_TAKEN"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    IN_FORCE_ALREADY = "IN_FORCE_ALREADY"
    BASE_MOVED = "BASE_MOVED"
    NOT_LAWFUL = "NOT_LAWFUL"
    REASONS_MISSING = "REASONS_MISSING"
    OPINION_UNANSWERED = "OPINION_UNANSWERED"
    UNSIGNED = "UNSIGNED"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    RETIRED_KEY = "RETIRED_KEY"
    BROKEN_SIGNATURE = "BROKEN_SIGNATURE"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature (Ed25519, 64 bytes) under the key with this fingerprint, for the instant it names."""

    fingerprint: str
    signature: bytes = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """One step somebody wants to take, on exactly these bytes."""

    kind: StepKind
    result: StepResult
    source: bytes
    reasons: str = ""
    signed: Signed | None = None
    gates: Gates | None = None
    texts: tuple[NoticeText, ...] = ()


_ACTIONS = {
    StepKind.PROPOSE: Action.PROPOSE_POLICY,
    StepKind.REVIEW: Action.REVIEW_POLICY,
    StepKind.ADVISE: Action.ADVISE_ON_POLICY,
    StepKind.DECIDE: Action.DECIDE_POLICY,
}
_AFTER = {
    StepKind.REVIEW: Standing.PROPOSED,
    StepKind.ADVISE: Standing.REVIEWED,
    StepKind.DECIDE: Standing.ADVISED,
}
_UNDER_WAY = frozenset({Standing.PROPOSED, Standing.REVIEWED, Standing.ADVISED})


async def bars(
    change: Change, staff: Staff, document: PolicyDocument, wish: Wish, steps: Sequence[Step], step: Step
) -> list[Against]:
    """Everything that stands against a step, but for what the gates find.

    Args:
        change: the unit of work; holds the state row.
        staff: who wants to take it.
        document: the document it is about.
        wish: what is wanted.
        steps: the steps the document has.
        step: the one that would be added; `previous` is the digest in force.
    """
    return [
        *_against_person(staff, wish, steps),
        *await _against_document(change, document, wish, steps, step.previous),
        *_against_result(wish, steps),
        *(await _against_signature(change, wish, steps, step) if wish.kind is StepKind.DECIDE else []),
    ]


def _against_person(staff: Staff, wish: Wish, steps: Sequence[Step]) -> list[Against]:
    """Somebody of the right role, who took no other step of this round."""
    found = [] if staff.may(_ACTIONS[wish.kind]) else [Against.WRONG_ROLE]
    if wish.kind is not StepKind.PROPOSE and staff.staff_id in {step.staff_id for step in round_of(steps)}:
        found.append(Against.SAME_PERSON)
    return found


async def _against_document(
    change: Change, document: PolicyDocument, wish: Wish, steps: Sequence[Step], in_force: str
) -> list[Against]:
    """The bytes that were proposed, at the right point of their way, and on top of what is in force still."""
    named = select(col(PolicyProposalRow.digest)).where(col(PolicyProposalRow.version) == document.version)
    others = set((await change.session.execute(named)).scalars()) - {document.digest}
    standing = standing_of(steps)
    moved = standing in _UNDER_WAY and round_of(steps)[0].previous != in_force
    if wish.kind is StepKind.PROPOSE:
        found = [Against.VERSION_TAKEN] if others else []
        if standing is Standing.DECIDED and document.digest == in_force:
            found.append(Against.IN_FORCE_ALREADY)
        elif standing in _UNDER_WAY and not moved:
            found.append(Against.OUT_OF_ORDER)
        return found
    if standing is Standing.UNKNOWN:
        return [Against.CHANGED_BYTES if others else Against.UNKNOWN_DOCUMENT]
    found = [] if standing is _AFTER[wish.kind] else [Against.OUT_OF_ORDER]
    return [*found, Against.BASE_MOVED] if moved else found


def _against_result(wish: Wish, steps: Sequence[Step]) -> list[Against]:
    """An objection and a rejection have reasons; an objection of the data protection officer has an answer."""
    if wish.reasons.strip() and len(wish.reasons) <= LONGEST_REASONS:
        return []
    if wish.reasons or wish.result in {StepResult.OBJECTION, StepResult.REJECTED}:
        return [Against.REASONS_MISSING]
    advice = [step.result for step in round_of(steps) if step.kind is StepKind.ADVISE]
    return [Against.OPINION_UNANSWERED] if wish.kind is StepKind.DECIDE and StepResult.OBJECTION in advice else []


async def _against_signature(change: Change, wish: Wish, steps: Sequence[Step], step: Step) -> list[Against]:
    """A signature of a key the person has in use, over these bytes and steps, made since the last of them."""
    if wish.signed is None:
        return [Against.UNSIGNED]
    row = await change.session.get(SigningKeyRow, (step.staff_id, step.fingerprint))
    if row is None:
        return [Against.UNKNOWN_KEY]
    if row.retired_at is not None:
        return [Against.RETIRED_KEY]
    earliest = max([row.enrolled_at, *(one.at for one in steps[-1:])])
    timely = earliest <= step.at <= change.now
    fits = verifies(row.public_key, step.signature, statement(wish.source, steps, step))
    return [] if timely and fits else [Against.BROKEN_SIGNATURE]
