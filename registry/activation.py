"""How a policy document comes into force: proposed, reviewed, advised on, decided, each by somebody else.

1. The author proposes the exact bytes; from here on their SHA-256 stands for them, and one version names one text.
2. Legal review: no objection, or back to the author with reasons.
3. The data protection officer's opinion. It advises: an objection does not block, but whoever decides answers it.
4. The controller's management decides, and signs document and steps with a key of their own.

Every step checks everything and tells all that stands against it; a step that is not taken is recorded as refused and
changes nothing. What the gates find stands against proposing and, since laws and clocks move, against deciding.

Legal: GDPR Art. 5(2), Art. 24, Art. 38(3), (6), Art. 39; C-453/21; R-38-1, R-AUD-2.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome
from policies.documents import PolicyDocument, parse
from policies.notices import NoticeText
from registry.activation_bars import Against, Finding, Gates, Signed, Wish, bars
from registry.actors import Staff
from registry.context import Change, Registry
from registry.journal import JournalKind
from registry.notices import publish_within
from registry.policy_steps import (
    Standing,
    Step,
    StepKind,
    StepResult,
    row_of,
    standing_of,
    statement,
    steps_of,
)
from registry.policy_times import begins
from registry.tables import PolicyProposalRow, PolicyVersionRow, StateRow


@dataclass(frozen=True, slots=True)
class Taken:
    """The step was taken; `standing` is where the document is now."""

    digest: str
    version: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The step was not taken; everything that stands against it."""

    reasons: tuple[Against, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ToSign:
    """What a decision signs, and the instant it names (aware, UTC, milliseconds)."""

    statement: bytes = field(repr=False)
    at: datetime


_TAGS = {
    StepKind.PROPOSE: EventTag.POLICY_PROPOSE,
    StepKind.REVIEW: EventTag.POLICY_REVIEW,
    StepKind.ADVISE: EventTag.POLICY_ADVISE,
    StepKind.DECIDE: EventTag.POLICY_DECIDE,
}


async def propose(registry: Registry, staff: Staff, source: bytes, gates: Gates) -> Taken | NotTaken:
    """Submit a document, for the first time or again.

    Args:
        registry: the collaborators.
        staff: an author.
        source: the document's exact bytes.
        gates: what speaks against putting it in force after the one in force now.

    Raises:
        PolicyDocumentError: when it is no lawful document; nothing changes.
    """
    return await _take(registry, staff, Wish(StepKind.PROPOSE, StepResult.SUBMITTED, source, gates=gates))


async def review(
    registry: Registry, staff: Staff, source: bytes, *, objects: bool, reasons: str = ""
) -> Taken | NotTaken:
    """The word of legal review; an objection needs reasons and returns the document. Errors as `propose`."""
    return await _take(registry, staff, Wish(StepKind.REVIEW, _opinion(objects=objects), source, reasons))


async def advise(
    registry: Registry, staff: Staff, source: bytes, *, objects: bool, reasons: str = ""
) -> Taken | NotTaken:
    """The data protection officer's opinion; an objection needs reasons. Errors as `propose`."""
    return await _take(registry, staff, Wish(StepKind.ADVISE, _opinion(objects=objects), source, reasons))


async def prepare_decision(
    registry: Registry, staff: Staff, source: bytes, *, accepts: bool, reasons: str = ""
) -> ToSign:
    """What somebody would sign who decides now. Errors as `propose`."""
    document = parse(source)
    now = await registry.database.now()
    async with registry.database.reading() as session:
        steps = await steps_of(session, document.digest)
        in_force = (await session.execute(select(col(StateRow.policy_digest)))).scalar_one()
    result = StepResult.ACCEPTED if accepts else StepResult.REJECTED
    step = Step(len(steps) + 1, StepKind.DECIDE, staff.staff_id, now, result, reasons, in_force)
    return ToSign(statement(source, steps, step), now)


async def decide(  # noqa: PLR0913 - whatever a decision is about
    registry: Registry,
    staff: Staff,
    source: bytes,
    signed: Signed | None,
    gates: Gates,
    *,
    accepts: bool,
    reasons: str = "",
    texts: Sequence[NoticeText] = (),
) -> Taken | NotTaken:
    """Put a document in force together with its texts, or reject it; in every process from the commit on.

    Args:
        registry: the collaborators.
        staff: a decider who took no other step of it.
        source: the document's exact bytes.
        signed: the signature over what `prepare_decision` returned.
        gates: as `propose`.
        accepts: whether it comes into force.
        reasons: needed for a rejection, and as the answer to an objection of the data protection officer.
        texts: the notices and consent texts the gates saw; those not on file are published in the same change.

    Raises:
        PolicyDocumentError: when it is no lawful document; the one in force stays.
    """
    result = StepResult.ACCEPTED if accepts else StepResult.REJECTED
    return await _take(registry, staff, Wish(StepKind.DECIDE, result, source, reasons, signed, gates, tuple(texts)))


async def _take(registry: Registry, staff: Staff, wish: Wish) -> Taken | NotTaken:
    document = parse(wish.source)
    in_force = wish.result is StepResult.ACCEPTED
    findings = tuple(wish.gates(document, registry.policy)) if wish.gates else ()
    async with registry.change() as change:
        state = (await change.session.execute(select(StateRow).with_for_update())).scalar_one()
        steps = await steps_of(change.session, document.digest)
        at = wish.signed.at if wish.signed else change.now
        signed = wish.signed or Signed("", b"", at)
        step = Step(
            len(steps) + 1,
            wish.kind,
            staff.staff_id,
            at,
            wish.result,
            wish.reasons,
            state.policy_digest,
            signed.fingerprint,
            signed.signature,
        )
        against = await bars(change, staff, document, wish, steps, step)
        against += [Against.NOT_LAWFUL] if findings else []
        outcome = Outcome.DENY if against else Outcome.DONE
        change.record(_entry(_TAGS[wish.kind], outcome, document, staff, [one.value for one in against]))
        if against:
            return NotTaken(tuple(dict.fromkeys(against)), findings)
        if wish.kind is StepKind.PROPOSE and await change.session.get(PolicyProposalRow, document.digest) is None:
            change.session.add(
                PolicyProposalRow(
                    digest=document.digest, version=document.version, document=wish.source, proposed_at=change.now
                ),
            )
        change.session.add(row_of(document.digest, step))
        if in_force:
            await put_in_force(change, state, document, wish.source)
            change.record(_entry(EventTag.POLICY_ACTIVATE, Outcome.DONE, document, staff))
            await publish_within(change, staff.caller, wish.texts)
    if in_force:
        registry.adopt(document)
    return Taken(document.digest, document.version, standing_of([*steps, step]))


async def put_in_force(change: Change, state: StateRow, document: PolicyDocument, source: bytes) -> None:
    """Make a document the one every read and write works with; its step stands in the same change."""
    if await change.session.get(PolicyVersionRow, document.digest) is None:
        change.session.add(
            PolicyVersionRow(
                digest=document.digest, version=document.version, document=source, activated_at=change.now
            ),
        )
    state.policy_digest = document.digest
    await begins(change.session, document.digest, change.now)
    change.policy = document
    change.journal(JournalKind.POLICY, None, document.digest)


def _opinion(*, objects: bool) -> StepResult:
    return StepResult.OBJECTION if objects else StepResult.NO_OBJECTION


def _entry(
    operation: EventTag, outcome: Outcome, document: PolicyDocument, staff: Staff, reasons: Sequence[str] = ()
) -> Entry:
    return Entry(
        operation,
        outcome,
        client=staff.caller.client,
        policy=document.version,
        reasons=tuple(dict.fromkeys(reasons)),
        actor=staff.staff_id,
    )
