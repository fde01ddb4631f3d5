"""Behaviour of a person over time: one sealed document an event.

An event may carry the reference under which its source knows it. The same again is then stored once, and something
else under the same reference is refused and listed as a conflict: what was recorded is never replaced by a repeat.

Legal: GDPR Art. 5(1)(c), (d), (e); R-5.1d-1, R-5.1e-1.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

import orjson
from sqlalchemy import select
from sqlmodel import col

from audit.columns import whole
from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.deadlines import local_date, retention_end
from policies.documents import PolicyDocument
from policies.vocabulary import Category, EventKind, FieldName, Origin, PurposeId, Touchpoint
from registry.conflicts import ConflictKind, note_conflict
from registry.context import CLOCK_TOLERANCE, Caller, Change, Registry
from registry.errors import ForbiddenError, InvalidValueError, UnknownFieldError
from registry.retention import relationship_end
from registry.tables import EventRow, SubjectRow
from registry.vault import Place, Sealed, holds, seal

LONGEST_PAYLOAD = 16_384
EVENT_ROW_VERSION = 1


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """An event as it arrives; the payload is a flat JSON document of at most 16 KiB.

    `reference` is the source's own id of the event: unique for one person and one source, and never changed there.
    """

    kind: EventKind
    occurred_at: datetime
    collected_for: PurposeId
    payload: Mapping[str, object] = field(repr=False)
    touchpoint: Touchpoint = Touchpoint.ONLINE_SHOP
    origin: Origin = Origin.OBSERVED
    reference: str | None = field(default=None, repr=False)


class EventStatus(StrEnum):
    """What became of one event that arrived."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class TakenEvent:
    """The outcome for one event; `digest` is the SHA-256 of the ciphertext where one was written."""

    event_id: UUID
    status: EventStatus
    digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class RefusedEvents:
    """Nothing was stored: these of the events, counted from 0, say something else than is stored."""

    conflicts: tuple[int, ...]


def field_of(policy: PolicyDocument, kind: EventKind) -> FieldName:
    """The declared field that holds events of this kind.

    Raises:
        UnknownFieldError: when the policy declares none: an event without category is not stored.
    """
    for name, declared in policy.fields.items():
        if declared.event is kind:
            return FieldName(name)
    raise UnknownFieldError(f"no field holds events of kind {kind.value}")


def check_event(policy: PolicyDocument, given: GivenEvent, now: datetime) -> FieldName:
    """Whether the event may be stored for its purpose; returns its field.

    Raises:
        UnknownFieldError: no field for the kind, or the purpose does not collect it.
        InvalidValueError: in the future, or too large.
    """
    name = field_of(policy, given.kind)
    purpose = policy.purposes.get(given.collected_for)
    if purpose is None or name not in purpose.collectable:
        raise UnknownFieldError(f"field {name} is not collected for this purpose")
    if given.occurred_at > now + CLOCK_TOLERANCE:
        raise InvalidValueError("occurred_at lies in the future")
    if len(orjson.dumps(given.payload)) > LONGEST_PAYLOAD:
        raise InvalidValueError("payload is too large")
    return name


async def write_event(change: Change, subject: SubjectRow, given: GivenEvent, captured_by: str) -> tuple[UUID, bytes]:
    """Store one event of a person whose row is locked; returns its id and the SHA-256 of the ciphertext."""
    name = check_event(change.policy, given, change.now)
    declared = change.policy.fields[name]
    key = await change.data_key(subject.subject_id, declared.category)
    event_id = event_id_of(subject.subject_id, captured_by, given.reference)
    place = Place(subject.subject_id, declared.category, name, event_id, EVENT_ROW_VERSION)
    sealed = seal(orjson.dumps(given.payload), place, key)
    retention = change.policy.retention[declared.retention]
    ended_on = await relationship_end(change, subject.subject_id, retention)
    change.session.add(
        EventRow(
            subject_id=subject.subject_id,
            event_id=event_id,
            kind=given.kind.value,
            field=name,
            category=declared.category.value,
            key_version=key.version,
            sealed=sealed.ciphertext,
            origin=given.origin.value,
            touchpoint=given.touchpoint.value,
            captured_by=captured_by,
            collected_for=given.collected_for,
            occurred_at=given.occurred_at,
            collected_at=change.now,
            retention=declared.retention,
            delete_after=retention_end(local_date(given.occurred_at), retention, ended_on=ended_on),
        ),
    )
    return event_id, sealed.digest


def event_id_of(subject_id: UUID, source: str, reference: str | None) -> UUID:
    """The id of an event: drawn by lot, or following from the reference under which its source knows it.

    So the primary key itself lets a reference in once, and no index of references is kept. The id is a UUID of version
    8 (RFC 9562) over SHA-256 of person, source and reference.
    """
    if reference is None:
        return uuid4()
    digest = hashlib.sha256(subject_id.bytes + source.encode() + b"\0" + reference.encode()).digest()
    number = int.from_bytes(digest[:16]) & ~(0xF << 76) & ~(0x3 << 62)
    return UUID(int=number | (0x8 << 76) | (0x2 << 62))


async def take_events(
    change: Change, subject: SubjectRow, given: Sequence[GivenEvent], captured_by: str
) -> list[TakenEvent]:
    """Store what is new of a person whose row is locked; one outcome for each event, in their order.

    A reference that is known with another content leaves what is stored as it is and lists a conflict.

    Raises:
        UnknownFieldError, InvalidValueError: as `check_event`.
    """
    judged = await _judged(change, subject, given, captured_by)
    return [await _take(change, subject, one, status, captured_by) for one, status in zip(given, judged, strict=True)]


async def _take(
    change: Change, subject: SubjectRow, given: GivenEvent, status: EventStatus, captured_by: str
) -> TakenEvent:
    match status:
        case EventStatus.STORED:
            event_id, digest = await write_event(change, subject, given, captured_by)
            return TakenEvent(event_id, status, digest)
        case EventStatus.CONFLICT:
            name, kind = field_of(change.policy, given.kind), ConflictKind.CHANGED_EVENT
            note_conflict(change, subject.subject_id, kind, name, captured_by, given.occurred_at)
        case EventStatus.UNCHANGED:
            pass
    return TakenEvent(event_id_of(subject.subject_id, captured_by, given.reference), status)


async def _judged(
    change: Change, subject: SubjectRow, given: Sequence[GivenEvent], captured_by: str
) -> list[EventStatus]:
    """What each event is to what is stored and to those before it; writes nothing."""
    stored = await _stored(change, subject.subject_id, given, captured_by)
    before: dict[str, GivenEvent] = {}
    judged: list[EventStatus] = []
    for one in given:
        check_event(change.policy, one, change.now)
        earlier = before.get(one.reference or "")
        row = stored.get(event_id_of(subject.subject_id, captured_by, one.reference))
        if one.reference is None or (earlier is None and row is None):
            judged.append(EventStatus.STORED)
            before |= {one.reference: one} if one.reference else {}
        else:
            same = await _repeats(change, row, one) if row else earlier is not None and _repeated(earlier, one)
            judged.append(EventStatus.UNCHANGED if same else EventStatus.CONFLICT)
    return judged


async def _stored(
    change: Change, subject_id: UUID, given: Sequence[GivenEvent], captured_by: str
) -> Mapping[UUID, EventRow]:
    """Events on file under references that arrive."""
    ids = {event_id_of(subject_id, captured_by, one.reference) for one in given if one.reference is not None}
    if not ids or subject_id in change.created:
        return {}
    statement = select(EventRow).where(col(EventRow.subject_id) == subject_id, col(EventRow.event_id).in_(ids))
    return {row.event_id: row for row in (await change.session.execute(statement)).scalars()}


def _plainly(one: GivenEvent | EventRow) -> tuple[object, ...]:
    """What an event says outside its payload, as it is stored."""
    codes = (str(one.kind), str(one.collected_for), str(one.touchpoint), str(one.origin))
    return (*codes, whole(one.occurred_at))


def _repeated(earlier: GivenEvent, given: GivenEvent) -> bool:
    return _plainly(earlier) == _plainly(given) and orjson.dumps(earlier.payload, option=orjson.OPT_SORT_KEYS) == (
        orjson.dumps(given.payload, option=orjson.OPT_SORT_KEYS)
    )


async def _repeats(change: Change, row: EventRow, given: GivenEvent) -> bool:
    if _plainly(row) != _plainly(given):
        return False
    category = Category(row.category)
    key = await change.data_key(row.subject_id, category)
    place = Place(row.subject_id, category, FieldName(row.field), row.event_id, EVENT_ROW_VERSION)
    return holds(Sealed(place, row.key_version, row.sealed), given.payload, key)


async def add_events(
    registry: Registry, caller: Caller, subject_id: UUID, given: Sequence[GivenEvent]
) -> list[TakenEvent] | RefusedEvents:
    """Store events of one person; all or none.

    Raises:
        UnknownSubjectError: nobody, or no longer.
        UnknownFieldError, InvalidValueError: as `check_event`.
        ForbiddenError: for a purpose that is not the client's, or not in force.
    """
    async with registry.change() as change:
        for one in given:
            check_client_purpose(change.policy, caller, one.collected_for)
        subject = await change.lock_subject(subject_id)
        judged = await _judged(change, subject, given, caller.client)
        conflicts = tuple(number for number, one in enumerate(judged) if one is EventStatus.CONFLICT)
        taken = [
            await _take(change, subject, one, status, caller.client)
            for one, status in zip(given, judged, strict=True)
            if not conflicts or status is EventStatus.CONFLICT
        ]
        change.record(
            Entry(
                EventTag.EVENT_ADD,
                Outcome.DENY if conflicts else Outcome.DONE,
                client=caller.client,
                purpose=given[0].collected_for,
                fields=tuple(sorted({field_of(change.policy, one.kind) for one in given})),
                reasons=(ConflictKind.CHANGED_EVENT.value,) if conflicts else (),
                policy=change.policy.version,
                persons=(PersonRef(subject_id),),
                actor=caller.actor,
                ciphertexts=tuple(one.digest for one in taken if one.digest),
            ),
        )
    return RefusedEvents(conflicts) if conflicts else taken


def check_client_purpose(policy: PolicyDocument, caller: Caller, purpose: str) -> None:
    """Raises ForbiddenError when the purpose is unknown, not in force, or not one of this client's (R-5.1b-1).

    Data and consents are collected for a purpose that is observed too: it is to be decided about them before it counts.
    """
    client = policy.clients.get(caller.client)
    if client is None or purpose not in client.purposes or not policy.purposes[purpose].in_force:
        raise ForbiddenError("this client may not act for this purpose")
