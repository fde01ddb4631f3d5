"""Behaviour of a person over time: one sealed document an event.

Legal: GDPR Art. 5(1)(c), (d), (e); R-5.1d-1, R-5.1e-1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import orjson

from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.deadlines import local_date, retention_end
from policies.documents import PolicyDocument
from policies.vocabulary import EventKind, FieldName, Origin, PurposeId, Touchpoint
from registry.context import Caller, Change, Registry
from registry.errors import ForbiddenError, InvalidValueError, UnknownFieldError
from registry.tables import EventRow, SubjectRow
from registry.vault import Place, seal

LONGEST_PAYLOAD = 16_384
CLOCK_TOLERANCE = timedelta(minutes=5)
EVENT_ROW_VERSION = 1


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """An event as it arrives; the payload is a flat JSON document of at most 16 KiB."""

    kind: EventKind
    occurred_at: datetime
    collected_for: PurposeId
    payload: Mapping[str, object] = field(repr=False)
    touchpoint: Touchpoint = Touchpoint.ONLINE_SHOP
    origin: Origin = Origin.OBSERVED


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
    event_id = uuid4()
    place = Place(subject.subject_id, declared.category, name, event_id, EVENT_ROW_VERSION)
    sealed = seal(orjson.dumps(given.payload), place, key)
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
            delete_after=retention_end(local_date(given.occurred_at), change.policy.retention[declared.retention]),
        ),
    )
    return event_id, sealed.digest


async def add_events(registry: Registry, caller: Caller, subject_id: UUID, given: Sequence[GivenEvent]) -> list[UUID]:
    """Store events of one person; all or none.

    Raises:
        UnknownSubjectError: nobody, or no longer.
        UnknownFieldError, InvalidValueError: as `check_event`.
        ForbiddenError: for a purpose that is not the client's.
    """
    for one in given:
        check_client_purpose(registry.policy, caller, one.collected_for)
    async with registry.change() as change:
        subject = await change.lock_subject(subject_id)
        written = [await write_event(change, subject, one, caller.client) for one in given]
        change.record(
            Entry(
                EventTag.EVENT_ADD,
                Outcome.DONE,
                client=caller.client,
                purpose=given[0].collected_for,
                fields=tuple(sorted({field_of(change.policy, one.kind) for one in given})),
                policy=change.policy.version,
                persons=(PersonRef(subject_id),),
                actor=caller.actor,
                ciphertexts=tuple(digest for _, digest in written),
            ),
        )
    return [event_id for event_id, _ in written]


def check_client_purpose(policy: PolicyDocument, caller: Caller, purpose: str) -> None:
    """Raises ForbiddenError when the purpose is unknown or not one of this client's."""
    client = policy.clients.get(caller.client)
    if client is None or purpose not in client.purposes:
        raise ForbiddenError("this client may not act for this purpose")
