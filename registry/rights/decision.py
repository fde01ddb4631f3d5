"""Carries out what the controller's decider decided about a request.

Access is answered at once; objecting to advertising takes effect at once; rectification and erasure are decided by the
controller's decider, never by the DPO and never by a machine. A refusal cannot be entered without its reasons, and its
answer names the authority and the judicial remedy.

Legal: GDPR Art. 12(4), Art. 16, 17, 18(3), Art. 21(1), Art. 38(6); R-12.4-1, R-16-2, R-17.1-1.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col

from audit.event import EventTag
from policies.facts import AccessRequest
from policies.vocabulary import (
    ClientCode,
    EventKind,
    FieldName,
    ObjectionState,
    Origin,
    PurposeId,
    SubjectStatus,
    Touchpoint,
)
from registry import letters
from registry.context import Caller, Change, Registry
from registry.disclosure import Disclosed, disclose
from registry.erasure import erase_within, erasure_entry, settle
from registry.errors import ForbiddenError, InvalidValueError, UnknownRequestError
from registry.journal import JournalKind
from registry.objections import newly_theirs, object_again, suppressions_of
from registry.post import Letter, queue_letter, send_waiting
from registry.records import GivenValue, Value, write_value
from registry.rights.answer import correspondence, write_answer
from registry.rights.cases import (
    OWN_PURPOSE,
    RequestKind,
    RequestOverview,
    RequestState,
    close,
    entry_of,
    locked,
    open_request,
    overview_of,
)
from registry.rights.intake import CONTESTED, Wish, provided, receive_request
from registry.scores import scores_last
from registry.tables import ObjectionRow, RecordRow, RequestRow, RestrictionRow

LONGEST_REASON = 2000


async def decide_request(
    registry: Registry,
    caller: Caller,
    subject_id: UUID,
    request_id: UUID,
    *,
    accepted: bool,
    reasons: str = "",
) -> RequestOverview:
    """The controller's decision, carried out.

    Args:
        registry: the collaborators.
        caller: a member of staff with the role of decider.
        subject_id: whose request.
        request_id: which one.
        accepted: False = refused.
        reasons: needed for a refusal; told to the person.

    Raises:
        ForbiddenError: when the caller is not a decider (Art. 38(6)).
        UnknownRequestError: no such request.
        RequestStateError: when it is already decided.
        InvalidValueError: when a refusal has no reasons (Art. 12(4)), or a review is asked for: `decide_review`.
    """
    if caller.role != "decider":
        raise ForbiddenError("only the controller's decider decides requests")
    if not accepted and not reasons.strip():
        raise InvalidValueError("a refusal needs its reasons")
    if len(reasons) > LONGEST_REASON:
        raise InvalidValueError("reasons are too long")
    overview = await open_request(registry, subject_id, request_id)
    if overview.kind is RequestKind.HUMAN_REVIEW:
        raise InvalidValueError("a review ends with its outcome")
    if not accepted:
        text = letters.refusal(registry.policy, reasons)
        return await _answer(registry, caller, subject_id, request_id, RequestState.REFUSED, text)
    match overview.kind:
        case RequestKind.RECTIFICATION:
            return await _rectify(registry, caller, subject_id, request_id)
        case RequestKind.ERASURE:
            return await _erase(registry, caller, subject_id, request_id)
        case RequestKind.OBJECTION | RequestKind.ACCESS as kind:
            told = letters.OBJECTION if kind is RequestKind.OBJECTION else letters.ACCESS_READY
            return await _answer(registry, caller, subject_id, request_id, RequestState.FULFILLED, told)


async def fulfil_access(registry: Registry, caller: Caller, subject_id: UUID) -> RequestOverview:
    """Note that a person asked for and got their data in one go: the portal's download (Art. 15)."""
    received = await receive_request(registry, caller, subject_id, RequestKind.ACCESS, Wish())
    fulfilled, text = RequestState.FULFILLED, letters.ACCESS_RETRIEVED
    return await _answer(registry, caller, subject_id, received.request_id, fulfilled, text)


async def _rectify(registry: Registry, caller: Caller, subject_id: UUID, request_id: UUID) -> RequestOverview:
    wishes = await correspondence(registry, caller, subject_id, EventKind.REQUEST_WISH)
    wish = next((one["values"] for one in wishes if one["request_id"] == str(request_id)), None)
    if not isinstance(wish, dict):
        raise UnknownRequestError("the wish of this request is not on file")
    async with registry.change() as change:
        subject = await change.lock_subject(subject_id)
        row = await locked(change, subject_id, request_id)
        digests: list[bytes] = []
        await change.hold_keys()
        theirs = await newly_theirs(change, subject_id, suppressions_of(change, wish))
        for name, value in scores_last(change.policy, wish):
            given = await _with_purpose(change, subject_id, FieldName(name), value)
            written = await write_value(change, subject, FieldName(name), given, caller.client, rectified=True)
            if isinstance(written, bytes):
                digests.append(written)
            change.journal(JournalKind.RECTIFICATION, subject_id, name)
        await object_again(change, caller, subject_id, theirs)
        await _lift(change, row)
        digests.append(await write_answer(change, subject, row, letters.RECTIFIED))
        close(change, row, caller, RequestState.FULFILLED)
        change.record(entry_of(EventTag.RECTIFY, caller, change.policy, row, tuple(wish), tuple(digests)))
    return overview_of(row)


async def _lift(change: Change, row: RequestRow) -> None:
    """End the restriction that a rectification began; the answer tells the person (Art. 18(3))."""
    await change.session.execute(
        update(RestrictionRow)
        .where(
            col(RestrictionRow.subject_id) == row.subject_id,
            col(RestrictionRow.since) == row.received_at,
            col(RestrictionRow.ground) == CONTESTED,
            col(RestrictionRow.lifted_at).is_(None),
        )
        .values(lifted_at=change.now),
    )


async def _settle_objection(change: Change, row: RequestRow, state: RequestState) -> None:
    """What was decided about an objection that had to be weighed (Art. 21(1))."""
    upheld = ObjectionState.REJECTED if state is RequestState.REFUSED else ObjectionState.UPHELD
    await change.session.execute(
        update(ObjectionRow)
        .where(
            col(ObjectionRow.subject_id) == row.subject_id,
            col(ObjectionRow.since) == row.received_at,
            col(ObjectionRow.state) == ObjectionState.OPEN.value,
        )
        .values(state=upheld.value),
    )


async def _with_purpose(change: Change, subject_id: UUID, name: FieldName, value: Value) -> GivenValue:
    """A correction keeps what the value was collected for."""
    row = await change.session.get(RecordRow, (subject_id, name))
    if row is None:
        return provided(change.policy, name, value)
    return GivenValue(value, PurposeId(row.collected_for), Origin.PROVIDED, Touchpoint.PORTAL)


async def _erase(registry: Registry, caller: Caller, subject_id: UUID, request_id: UUID) -> RequestOverview:
    """Erase and answer in one transaction, with the letter to the last known address waiting in it.

    The address goes with the erasure, so the letter is the only place that has it until it is sent.
    """
    address = await _address(registry, caller, subject_id)
    ends = await registry.settling.ends()
    async with registry.change(erasing=True) as change:
        subject, erased = await erase_within(change, caller, subject_id)
        row = await locked(change, subject_id, request_id)
        text = letters.erasure(change.policy, erased, None if ends.overdue else ends.backups_by)
        digest = await write_answer(change, subject, row, text)
        if address:
            whole = f"{text['de']}\n\n{text['en']}\n"
            await queue_letter(change, subject_id, Letter(address, letters.ERASURE_SUBJECT, whole))
        subject.status = SubjectStatus.RETAINED.value  # the case file stays
        state = RequestState.PARTLY_FULFILLED if erased.kept else RequestState.FULFILLED
        close(change, row, caller, state)
        change.record(erasure_entry(caller, change.policy, subject_id, erased))
        change.record(entry_of(EventTag.REQUEST_DECIDE, caller, change.policy, row, digests=(digest,)))
    await settle(registry)
    await send_waiting(registry)
    return overview_of(row)


async def _address(registry: Registry, caller: Caller, subject_id: UUID) -> str:
    request = AccessRequest(ClientCode(caller.client), OWN_PURPOSE, (FieldName("email"),))
    (outcome,) = await disclose(registry, caller, request, [subject_id])
    found = outcome.values.get(FieldName("email")) if isinstance(outcome, Disclosed) else None
    return found if isinstance(found, str) else ""


async def _answer(
    registry: Registry,
    caller: Caller,
    subject_id: UUID,
    request_id: UUID,
    state: RequestState,
    text: Mapping[str, str],
) -> RequestOverview:
    async with registry.change() as change:
        subject = await change.lock_subject(subject_id)
        row = await locked(change, subject_id, request_id)
        if row.kind == RequestKind.RECTIFICATION.value:
            await _lift(change, row)
        if row.kind == RequestKind.OBJECTION.value:
            await _settle_objection(change, row, state)
        digest = await write_answer(change, subject, row, text)
        close(change, row, caller, state)
        change.record(entry_of(EventTag.REQUEST_DECIDE, caller, change.policy, row, digests=(digest,)))
    return overview_of(row)
