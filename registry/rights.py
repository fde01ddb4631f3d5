"""Requests of data subjects: intake, clock, decision, answer.

Every request has a due date from its receipt on. Access is answered at once; objecting to advertising takes effect at
once; rectification and erasure are decided by the controller's decider, never by the DPO and never by a machine.
A refusal cannot be entered without its reasons, and its answer names the authority and the judicial remedy.

States: received -> fulfilled | partly_fulfilled | refused.

Legal: GDPR Art. 12(3), (4), Art. 15-17, Art. 21, Art. 38(6); R-12.3-1, R-12.4-1, R-16-2, R-17.1-1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.deadlines import due_on
from policies.documents import PolicyDocument
from policies.facts import AccessRequest
from policies.vocabulary import (
    Channel,
    ClientCode,
    EventKind,
    FieldName,
    ObjectionState,
    Origin,
    PurposeId,
    SubjectStatus,
    Touchpoint,
)
from registry.context import Caller, Change, Registry
from registry.disclosure import Disclosed, disclose
from registry.erasure import erase_within, erasure_entry, settle
from registry.errors import ForbiddenError, InvalidValueError, RequestStateError, UnknownRequestError
from registry.events import GivenEvent, field_of, write_event
from registry.journal import JournalKind
from registry.letters import erasure, refusal
from registry.objections import write_objection
from registry.records import GivenValue, Value, check_value, write_value
from registry.tables import ObjectionRow, RecordRow, RequestRow, RestrictionRow, SubjectRow

OWN_PURPOSE = PurposeId("data_subject_request")
LONGEST_REASON = 2000
CONTESTED = "18(1)(a)"


class RequestKind(StrEnum):
    """Which right is exercised; stored codes."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    OBJECTION = "objection"


class RequestState(StrEnum):
    """Where a request stands; stored codes (REQUIREMENTS 2.4)."""

    RECEIVED = "received"
    FULFILLED = "fulfilled"
    PARTLY_FULFILLED = "partly_fulfilled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RequestOverview:
    """A request without its content."""

    request_id: UUID
    subject_id: UUID
    kind: RequestKind
    state: RequestState
    touchpoint: Touchpoint
    received_at: datetime
    due_on: date
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for beyond the kind: corrected values, or the purpose objected to (None = advertising)."""

    values: Mapping[FieldName, Value] = field(default_factory=dict, repr=False)
    purpose: PurposeId | None = None
    channel: Channel = Channel.ANY


async def receive_request(
    registry: Registry,
    caller: Caller,
    subject_id: UUID,
    kind: RequestKind,
    wish: Wish,
    touchpoint: Touchpoint = Touchpoint.PORTAL,
) -> RequestOverview:
    """Take a request in; its clock starts now (Art. 12(3)).

    What is contested is restricted from here on (Art. 18(1)(a)); an objection binds from here on.

    Raises:
        UnknownSubjectError: nobody, or no longer.
        UnknownFieldError, InvalidValueError: when a corrected value cannot be stored.
    """
    async with registry.change() as change:
        subject = await change.lock_subject(subject_id)
        request_id = uuid4()
        row = RequestRow(
            subject_id=subject_id,
            request_id=request_id,
            kind=kind.value,
            state=RequestState.RECEIVED.value,
            touchpoint=touchpoint.value,
            received_at=change.now,
            due_on=due_on(change.now),
        )
        match kind:
            case RequestKind.RECTIFICATION:
                await _contest(change, subject, row, wish)
            case RequestKind.OBJECTION:
                await _object(change, subject, row, wish)
            case RequestKind.ACCESS | RequestKind.ERASURE:
                pass
        change.session.add(row)
        change.record(_entry(EventTag.REQUEST_RECEIVE, caller, change.policy, row))
    return _overview(row)


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
        InvalidValueError: when a refusal has no reasons (Art. 12(4)).
    """
    if caller.role != "decider":
        raise ForbiddenError("only the controller's decider decides requests")
    if not accepted and not reasons.strip():
        raise InvalidValueError("a refusal needs its reasons")
    if len(reasons) > LONGEST_REASON:
        raise InvalidValueError("reasons are too long")
    overview = await _open_request(registry, subject_id, request_id)
    if not accepted:
        return await _answer(
            registry, caller, subject_id, request_id, RequestState.REFUSED, refusal(registry.policy, reasons)
        )
    match overview.kind:
        case RequestKind.RECTIFICATION:
            return await _rectify(registry, caller, subject_id, request_id)
        case RequestKind.ERASURE:
            return await _erase(registry, caller, subject_id, request_id)
        case RequestKind.OBJECTION:
            text = {"de": "Ihr Widerspruch ist wirksam.", "en": "Your objection is in force."}
            return await _answer(registry, caller, subject_id, request_id, RequestState.FULFILLED, text)
        case RequestKind.ACCESS:
            text = {"de": "Ihre Auskunft liegt im Portal bereit.", "en": "Your data is ready in the portal."}
            return await _answer(registry, caller, subject_id, request_id, RequestState.FULFILLED, text)


async def fulfil_access(registry: Registry, caller: Caller, subject_id: UUID) -> RequestOverview:
    """Note that a person asked for and got their data in one go: the portal's download (Art. 15)."""
    received = await receive_request(registry, caller, subject_id, RequestKind.ACCESS, Wish())
    text = {"de": "Sie haben Ihre Daten im Portal abgerufen.", "en": "You retrieved your data in the portal."}
    return await _answer(registry, caller, subject_id, received.request_id, RequestState.FULFILLED, text)


async def requests(
    registry: Registry, subject_id: UUID | None = None, *, only_open: bool = False, limit: int = 100
) -> list[RequestOverview]:
    """Requests by due date, of one person or of all."""
    statement = select(RequestRow).order_by(col(RequestRow.due_on), col(RequestRow.received_at)).limit(limit)
    if subject_id is not None:
        statement = statement.where(col(RequestRow.subject_id) == subject_id)
    if only_open:
        statement = statement.where(col(RequestRow.state) == RequestState.RECEIVED.value)
    async with registry.database.reading() as session:
        return [_overview(row) for row in (await session.execute(statement)).scalars()]


async def record_listing(registry: Registry, caller: Caller, listed: Sequence[RequestOverview]) -> None:
    """Record that requests were looked at (R-AUD-3)."""
    entry = Entry(
        EventTag.REQUEST_LIST,
        Outcome.DONE,
        client=caller.client,
        purpose="data_subject_request",
        policy=registry.policy.version,
        persons=tuple(PersonRef(subject_id) for subject_id in {one.subject_id for one in listed}),
        actor=caller.actor,
    )
    await registry.log.append(entry, None)


async def answers_of(registry: Registry, caller: Caller, subject_id: UUID) -> dict[UUID, Mapping[str, str]]:
    """The answers a person got, in German and English, by request; a read like any other."""
    found: dict[UUID, Mapping[str, str]] = {}
    for payload in await _correspondence(registry, caller, subject_id, EventKind.REQUEST_ANSWER):
        found[UUID(str(payload["request_id"]))] = {"de": str(payload["de"]), "en": str(payload["en"])}
    return found


async def _correspondence(
    registry: Registry, caller: Caller, subject_id: UUID, kind: EventKind
) -> list[Mapping[str, object]]:
    """What was written in a person's requests, through the same decision as every read."""
    name = field_of(registry.policy, kind)
    request = AccessRequest(ClientCode(caller.client), OWN_PURPOSE, (name,))
    (outcome,) = await disclose(registry, caller, request, [subject_id])
    if not isinstance(outcome, Disclosed):
        return []
    written = outcome.values[name]
    return written if isinstance(written, list) else []


async def _contest(change: Change, subject: SubjectRow, row: RequestRow, wish: Wish) -> None:
    if not wish.values:
        raise InvalidValueError("a rectification names the values to correct")
    for name, value in wish.values.items():
        check_value(change.policy, name, _rectified(change.policy, name, value))
        change.session.add(
            RestrictionRow(
                subject_id=row.subject_id,
                restriction_id=uuid4(),
                category=change.policy.fields[name].category.value,
                field=name,
                ground=CONTESTED,
                since=change.now,
            ),
        )
        change.journal(JournalKind.RESTRICTION, row.subject_id, name)
    payload = {"request_id": str(row.request_id), "values": dict(wish.values)}
    await _write(change, subject, EventKind.REQUEST_WISH, payload)


async def _write(change: Change, subject: SubjectRow, kind: EventKind, payload: Mapping[str, object]) -> bytes:
    """Keep a letter of a request, sealed; returns the SHA-256 of the ciphertext."""
    letter = GivenEvent(kind, change.now, OWN_PURPOSE, payload, Touchpoint.PORTAL, Origin.PROVIDED)
    return (await write_event(change, subject, letter, "registry"))[1]


async def _object(change: Change, subject: SubjectRow, row: RequestRow, wish: Wish) -> None:
    if wish.purpose is not None and wish.purpose not in change.policy.purposes:
        raise InvalidValueError("no such purpose")
    await write_objection(change, subject.subject_id, wish.purpose, wish.channel)
    if wish.purpose is None or change.policy.purposes[wish.purpose].direct_marketing:
        text = {
            "de": "Ihr Widerspruch gegen Werbung gilt ab sofort.",
            "en": "Your objection to advertising is in force.",
        }
        await _write_answer(change, subject, row, text)
        row.state = RequestState.FULFILLED.value
        row.answered_at = change.now


def _rectified(policy: PolicyDocument, name: FieldName, value: Value) -> GivenValue:
    """A corrected value is provided by the person; it serves the first purpose that collects the field."""
    for purpose_id, purpose in policy.purposes.items():
        if name in purpose.collectable:
            return GivenValue(value, PurposeId(purpose_id), Origin.PROVIDED, Touchpoint.PORTAL)
    return GivenValue(value, PurposeId(""), Origin.PROVIDED, Touchpoint.PORTAL)


async def _rectify(registry: Registry, caller: Caller, subject_id: UUID, request_id: UUID) -> RequestOverview:
    letters = await _correspondence(registry, caller, subject_id, EventKind.REQUEST_WISH)
    wish = next((letter["values"] for letter in letters if letter["request_id"] == str(request_id)), None)
    if not isinstance(wish, dict):
        raise UnknownRequestError("the wish of this request is not on file")
    async with registry.change() as change:
        subject = await change.lock_subject(subject_id)
        row = await _locked(change, subject_id, request_id)
        digests: list[bytes] = []
        for name, value in wish.items():
            given = await _with_purpose(change, subject_id, FieldName(name), value)
            written = await write_value(change, subject, FieldName(name), given, caller.client, rectified=True)
            if isinstance(written, bytes):
                digests.append(written)
            change.journal(JournalKind.RECTIFICATION, subject_id, name)
        await _lift(change, row)
        text = {
            "de": "Wir haben Ihre Daten berichtigt; die Einschränkung während der Prüfung ist aufgehoben.",
            "en": "We have corrected your data; the restriction during the check is lifted.",
        }
        digests.append(await _write_answer(change, subject, row, text))
        _close(change, row, caller, RequestState.FULFILLED)
        change.record(_entry(EventTag.RECTIFY, caller, change.policy, row, tuple(wish), tuple(digests)))
    return _overview(row)


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
        return _rectified(change.policy, name, value)
    return GivenValue(value, PurposeId(row.collected_for), Origin.PROVIDED, Touchpoint.PORTAL)


async def _erase(registry: Registry, caller: Caller, subject_id: UUID, request_id: UUID) -> RequestOverview:
    """Erase and answer in one transaction; the letter to the last known address leaves afterwards."""
    address = await _address(registry, caller, subject_id)
    ends = await registry.settling.ends()
    async with registry.change(erasing=True) as change:
        subject, erased = await erase_within(change, subject_id)
        row = await _locked(change, subject_id, request_id)
        text = erasure(change.policy, erased, None if ends.overdue else ends.backups_by)
        digest = await _write_answer(change, subject, row, text)
        subject.status = SubjectStatus.RETAINED.value  # the case file stays
        state = RequestState.PARTLY_FULFILLED if erased.kept else RequestState.FULFILLED
        _close(change, row, caller, state)
        change.record(erasure_entry(caller, change.policy, subject_id, erased))
        change.record(_entry(EventTag.REQUEST_DECIDE, caller, change.policy, row, digests=(digest,)))
    await settle(registry)
    if address:
        await registry.mailer.send(
            address, "Ihr Antrag auf Löschung / Your erasure request", f"{text['de']}\n\n{text['en']}\n"
        )
    return _overview(row)


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
        row = await _locked(change, subject_id, request_id)
        if row.kind == RequestKind.RECTIFICATION.value:
            await _lift(change, row)
        if row.kind == RequestKind.OBJECTION.value:
            await _settle_objection(change, row, state)
        digest = await _write_answer(change, subject, row, text)
        _close(change, row, caller, state)
        change.record(_entry(EventTag.REQUEST_DECIDE, caller, change.policy, row, digests=(digest,)))
    return _overview(row)


async def _write_answer(change: Change, subject: SubjectRow, row: RequestRow, text: Mapping[str, str]) -> bytes:
    return await _write(change, subject, EventKind.REQUEST_ANSWER, {"request_id": str(row.request_id), **text})


def _close(change: Change, row: RequestRow, caller: Caller, state: RequestState) -> None:
    row.state = state.value
    row.decided_at = change.now
    row.decided_by = caller.actor
    row.answered_at = change.now


async def _open_request(registry: Registry, subject_id: UUID, request_id: UUID) -> RequestOverview:
    async with registry.database.reading() as session:
        row = await session.get(RequestRow, (subject_id, request_id))
        if row is None:
            raise UnknownRequestError("no such request")
        if row.state != RequestState.RECEIVED.value:
            raise RequestStateError("this request is decided")
        return _overview(row)


async def _locked(change: Change, subject_id: UUID, request_id: UUID) -> RequestRow:
    statement = (
        select(RequestRow)
        .where(col(RequestRow.subject_id) == subject_id, col(RequestRow.request_id) == request_id)
        .with_for_update()
    )
    row = (await change.session.execute(statement)).scalar_one_or_none()
    if row is None:
        raise UnknownRequestError("no such request")
    if row.state != RequestState.RECEIVED.value:
        raise RequestStateError("this request is decided")
    return row


def _overview(row: RequestRow) -> RequestOverview:
    return RequestOverview(
        request_id=row.request_id,
        subject_id=row.subject_id,
        kind=RequestKind(row.kind),
        state=RequestState(row.state),
        touchpoint=Touchpoint(row.touchpoint),
        received_at=row.received_at,
        due_on=row.due_on,
        answered_at=row.answered_at,
    )


def _entry(
    operation: EventTag,
    caller: Caller,
    policy: PolicyDocument,
    row: RequestRow,
    fields: tuple[str, ...] = (),
    digests: tuple[bytes, ...] = (),
) -> Entry:
    return Entry(
        operation,
        Outcome.DENY if row.state == RequestState.REFUSED.value else Outcome.DONE,
        client=caller.client,
        purpose="data_subject_request",
        fields=fields,
        policy=policy.version,
        persons=(PersonRef(row.subject_id, f"{row.kind}:{row.state}"),),
        actor=caller.actor,
        ciphertexts=digests,
    )
