"""Stores customers in chunks: one change for many rows, and one bad row never costs the others theirs.

A row that cannot be stored is found before its chunk is opened where that is possible; where it is not, the chunk
rolls back as a whole and each of its rows is stored alone. Nothing is tried again when a change stands that could not
be recorded.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.deps import Call
from api.problems import kind_of
from api.v1.schemas.consents import GivenConsentIn
from api.v1.schemas.events import EventIn
from api.v1.schemas.relationships import RelationshipIn
from api.v1.schemas.subjects import SubjectIn, ValueIn
from audit.event import EventTag
from policies.documents import PolicyDocument
from policies.vocabulary import FieldName, PurposeId
from registry.consents import Grant, ParentalAuthorisation, QuotedNotice
from registry.errors import (
    ForbiddenError,
    InvalidConsentError,
    InvalidValueError,
    RegistryError,
    RelationshipPeriodError,
    UnknownFieldError,
    UnknownNoticeError,
)
from registry.events import GivenEvent
from registry.organisations import check_kind
from registry.records import GivenValue, check_value
from registry.relationships import GivenRelationship
from registry.scores import NO_MODEL, ModelRef
from registry.subjects import GivenSubject, Upserted, check_given, upsert

MOST_ROWS = 20
MOST_SEALED = 600
OF_ONE_ROW = (
    ForbiddenError,
    UnknownFieldError,
    InvalidValueError,
    UnknownNoticeError,
    InvalidConsentError,
    RelationshipPeriodError,
)


@dataclass(frozen=True, slots=True)
class Failed:
    """A row that was not stored: the slug of the problem and where in the row it lies."""

    error: str
    places: tuple[dict[str, str], ...] = ()


def given_subject(row: SubjectIn) -> GivenSubject:
    """A customer as the registry takes it; what a value leaves out comes from the row."""
    return GivenSubject(
        external_id=row.external_id,
        source=row.source,
        kind=row.kind if "kind" in row.model_fields_set else None,
        language=row.language,
        country=row.country,
        registered_at=row.registered_at,
        values={FieldName(name): _given_value(value or ValueIn(value=None), row) for name, value in row.values.items()},
        relationships=[given_relationship(one) for one in row.relationships],
        events=[given_event(one) for one in row.events],
        consents=[given_consent(one) for one in row.consents],
        notices=tuple(dict.fromkeys(row.notices)),
        collected_for=PurposeId(row.collected_for) if row.collected_for else None,
    )


def _given_value(value: ValueIn, row: SubjectIn) -> GivenValue:
    return GivenValue(
        value.value,
        PurposeId(value.collected_for or row.collected_for or ""),
        value.origin,
        value.touchpoint or row.touchpoint,
        value.observed_at or row.collected_at,
        ModelRef(value.model.name, value.model.version) if value.model else NO_MODEL,
    )


def given_relationship(one: RelationshipIn) -> GivenRelationship:
    """A relationship as the registry takes it."""
    return GivenRelationship(one.kind, one.reference, one.source, one.opened_at, one.closed_at)


def given_event(one: EventIn) -> GivenEvent:
    """An event as the registry takes it."""
    return GivenEvent(
        one.kind,
        one.occurred_at,
        PurposeId(one.collected_for),
        one.payload,
        one.touchpoint,
        one.origin,
        one.event_ref,
    )


def given_consent(one: GivenConsentIn) -> Grant:
    """A declaration as the registry takes it; without a whole quote it proves nothing."""
    quoted = None
    if one.version is not None and one.language is not None and one.sha256 is not None:
        quoted = QuotedNotice(one.notice, one.version, one.language, one.sha256)
    return Grant(
        PurposeId(one.purpose),
        one.channel,
        one.method,
        one.touchpoint,
        one.given_at,
        quoted,
        one.explicit,
        one.expires_at,
        one.evidence,
        ParentalAuthorisation(one.parental.holder, one.parental.act, one.parental.verification)
        if one.parental
        else None,
    )


def chunks(given: Iterable[GivenSubject]) -> Iterator[list[GivenSubject]]:
    """Rows in their order, at most 20 and at most 600 values to seal together, nobody twice."""
    chunk: list[GivenSubject] = []
    for row in given:
        if chunk and not fits(chunk, row):
            yield chunk
            chunk = []
        chunk.append(row)
    if chunk:
        yield chunk


def fits(chunk: Sequence[GivenSubject], row: GivenSubject) -> bool:
    """Whether the row may join the chunk."""
    known = {(one.source, one.external_id) for one in chunk}
    sealed = sum(map(_sealed, chunk)) + _sealed(row)
    return len(chunk) < MOST_ROWS and sealed <= MOST_SEALED and (row.source, row.external_id) not in known


def _sealed(row: GivenSubject) -> int:
    return len(row.values) + len(row.events) + len(row.consents)


async def store(call: Call, chunk: Sequence[GivenSubject]) -> list[Upserted | Failed]:
    """Store what can be stored of a chunk; one outcome for each row, in their order.

    Raises:
        AuditUnavailableError: when rows were stored and could not be recorded: their outcome is unknown.
        NotReadyError: when the registry is out of reach.
    """
    outcomes: dict[int, Upserted | Failed] = {}
    sound: dict[int, GivenSubject] = {}
    for number, row in enumerate(chunk):
        try:
            check_contracts(call, row)
            check_given(call.registry, call.caller, row)
            sound[number] = row
        except OF_ONE_ROW as error:
            outcomes[number] = await _failed(call, row, error)
    # Everybody locks in the same order, so that two imports of the same people cannot block each other.
    ordered = sorted(sound, key=lambda number: (sound[number].source, sound[number].external_id))
    try:
        stored = await upsert(call.registry, call.caller, [sound[number] for number in ordered]) if ordered else []
        outcomes |= dict(zip(ordered, stored, strict=True))
    except OF_ONE_ROW as error:
        for number in ordered:
            outcomes[number] = (
                await _failed(call, sound[number], error)
                if len(ordered) == 1
                else (await store(call, [sound[number]]))[0]
            )
    return [outcomes[number] for number in range(len(chunk))]


def outcome_of(one: Upserted | Failed) -> dict[str, Any]:
    """One outcome as it is told."""
    if isinstance(one, Failed):
        return {"status": "failed", "error": one.error, "errors": one.places}
    return {
        "subject_id": one.subject_id,
        "status": one.status,
        "kept": [{"field": kept.field, "why": kept.why} for kept in one.kept],
        "refused_consents": one.refused_consents,
        "unchanged_events": one.unchanged_events,
        "refused_events": one.refused_events,
    }


async def _failed(call: Call, row: GivenSubject, error: RegistryError) -> Failed:
    if isinstance(error, ForbiddenError):
        await call.record_refusal(EventTag.IMPORT, error)
    return Failed(kind_of(error).slug, tuple(places_of(call.policy, row)))


def places_of(policy: PolicyDocument, row: GivenSubject) -> Iterator[dict[str, str]]:
    """Which values of a row cannot be stored; a field the policy does not declare is not named."""
    for name, value in row.values.items():
        try:
            check_value(policy, name, value)
            check_kind(policy, row.kind, name, value.value)
        except (UnknownFieldError, InvalidValueError) as error:
            shown = name if name in policy.fields else "*"
            yield {"pointer": f"/values/{shown}", "code": kind_of(error).slug}


def check_contracts(call: Call, row: GivenSubject) -> None:
    """Raises ForbiddenError when the row opens contracts and the client may not (see `require_contracts`)."""
    if row.relationships:
        require_contracts(call)


def require_contracts(call: Call) -> None:
    """Only a client with a purpose that rests on contracts may say that one exists.

    Raises:
        ForbiddenError: for everybody else: it would make a legal basis out of nothing.
    """
    purposes = [call.policy.purposes[purpose] for purpose in call.own_purposes]
    if not any(basis.rests_on for purpose in purposes for basis in purpose.basis.values()):
        raise ForbiddenError("this client has no purpose that rests on contracts")
