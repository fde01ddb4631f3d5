"""Customers come in: created or updated by the external id of the system that knows them.

What is absent stays untouched, null clears, and nothing that arrives undoes a withdrawal, objection, rectification or
erasure. An erased identifier stays blocked until a registration newer than the erasure; who comes back under it wants
no advertising if they wanted none before.

Legal: GDPR Art. 5(1)(d), Art. 17, Art. 21(3), Art. 25; R-17.1-2, R-17-4, R-21.2-2, R-25-1.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from audit.event import Entry, EventTag, Outcome, PersonRef
from audit.log import create_person_key
from policies.vocabulary import FieldName, PurposeId, SubjectKind, SubjectStatus, Touchpoint
from registry import external_ids, notices
from registry.conflicts import ConflictKind
from registry.consents import Grant, RefusedGrant, write_grants
from registry.context import Caller, Change, Registry
from registry.errors import NotReadyError, UnknownSubjectError
from registry.events import EventStatus, GivenEvent, check_client_purpose, take_events
from registry.lookup import IdentifierKind, normalise
from registry.objections import newly_theirs, object_again, suppressions_of
from registry.organisations import check_kind
from registry.records import GivenValue, Kept, check_no_human, check_value, write_value
from registry.relationships import GivenRelationship, write_relationship
from registry.retention import last_end, settle_retention
from registry.scores import scores_last
from registry.suppression import ADVERTISING, Scope, Suppressed, suppressed
from registry.tables import SubjectRow

# Before the fields of an entry that one person's values were written to: a bit each, in their order, hexadecimal.
WROTE = "wrote:"
_TRIES = 5


class Status(StrEnum):
    """What became of one customer that arrived."""

    CREATED = "created"
    UPDATED = "updated"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class GivenSubject:
    """One customer as a source system sends it; without `kind` somebody new is a person, others stay as is.

    `collected_for` is what the customer as a whole is sent for, beside the purposes of its parts.
    """

    external_id: str = field(repr=False)
    source: str
    kind: SubjectKind | None = None
    language: str = "de"
    country: str = "DE"
    registered_at: datetime | None = None
    values: Mapping[FieldName, GivenValue] = field(default_factory=dict, repr=False)
    relationships: Sequence[GivenRelationship] = ()
    events: Sequence[GivenEvent] = field(default=(), repr=False)
    consents: Sequence[Grant] = field(default=(), repr=False)
    notices: Sequence[str] = ()
    collected_for: PurposeId | None = None


@dataclass(frozen=True, slots=True)
class Upserted:
    """The outcome for one customer; blocked customers have no id. Events are told by their place, counted from 0."""

    subject_id: UUID | None
    status: Status
    kept: tuple[Kept, ...] = ()
    refused_consents: tuple[PurposeId, ...] = ()
    unchanged_events: tuple[int, ...] = ()
    refused_events: tuple[int, ...] = ()


async def upsert(registry: Registry, caller: Caller, given: Sequence[GivenSubject]) -> list[Upserted]:
    """Create or update customers, all or none, with one audit entry.

    Raises:
        ForbiddenError: when a value was collected for a purpose that is not the client's.
        UnknownFieldError, InvalidValueError, UnknownNoticeError, InvalidConsentError: when one of them cannot be
            stored; nothing was changed.
    """
    for subject in given:
        check_given(registry, caller, subject)
    for _ in range(_TRIES):
        with suppress(_ReleasedError):
            return await _upsert(registry, caller, given)
    raise NotReadyError("identifiers are released faster than they can be asked for")


class _ReleasedError(Exception):
    """Raised when an erasure released an identifier while somebody was being made under it."""


async def _upsert(registry: Registry, caller: Caller, given: Sequence[GivenSubject]) -> list[Upserted]:
    """One try; blocks are asked for once more when everybody new has their identifier for themselves.

    An erasure releases and blocks an identifier in one commit. Who takes it after that sees the block, if not the first
    time, then the second.
    """
    async with registry.change() as change:
        digests: list[bytes] = []
        await change.hold_keys()
        held = await _suppressed(change, given)
        # an update of somebody here is not stopped by what another person left behind
        known = await external_ids.on_file(change, {one for subject in given for one in _external(change, subject)})
        with change.session.no_autoflush:
            outcomes = [
                Upserted(None, Status.BLOCKED)
                if not _external(change, one) & known and _is_blocked(change, one, held)
                else await _upsert_one(change, caller, one, held, digests)
                for one in given
            ]
        created = [one for one, outcome in zip(given, outcomes, strict=True) if outcome.status is Status.CREATED]
        if created:
            since_then = await _suppressed(change, created)
            if any(_is_blocked(change, one, since_then) for one in created):
                raise _ReleasedError
        change.record(_entry(caller, change, given, outcomes, digests))
    return outcomes


def check_given(registry: Registry, caller: Caller, given: GivenSubject) -> None:
    """Refuse what no transaction needs to be opened for; errors as `upsert`."""
    policy = registry.policy
    purposes = {value.collected_for for value in given.values.values()}
    purposes |= {event.collected_for for event in given.events} | {grant.purpose for grant in given.consents}
    purposes |= {given.collected_for} if given.collected_for is not None else set()
    for purpose in purposes:
        check_client_purpose(policy, caller, purpose)
    for name, value in given.values.items():
        check_value(policy, name, value)
        check_kind(policy, given.kind, name, value.value)
    _normalised(given)


def _normalised(given: GivenSubject) -> str:
    """The external id as it is looked up; InvalidValueError where it cannot be one."""
    return normalise(IdentifierKind.EXTERNAL_ID, given.external_id, given.source)


def _external(change: Change, given: GivenSubject) -> set[bytes]:
    return external_ids.digests_of(change, _normalised(given))


async def _suppressed(change: Change, given: Sequence[GivenSubject]) -> Suppressed:
    """Which of the arriving identifiers are blocked or kept for a wish, and since when."""
    digests = {digest for one in given for same in _suppressions(change, one).values() for digest in same}
    return await suppressed(change, sorted(digests))


async def _upsert_one(
    change: Change,
    caller: Caller,
    given: GivenSubject,
    held: Suppressed,
    digests: list[bytes],
) -> Upserted:
    try:
        subject, created = await _reserve(change, given)
    except UnknownSubjectError:
        return Upserted(None, Status.BLOCKED)
    for notice in given.notices:
        await notices.deliver(change, subject.subject_id, notice, None, change.now, Touchpoint.ONLINE_SHOP)
    if created:
        change.ends[subject.subject_id] = (
            None if given.consents else last_end(one.closed_at for one in given.relationships)
        )
    for relationship in given.relationships:
        await write_relationship(change, subject.subject_id, relationship)
    became = given.kind is not None and subject.kind != given.kind.value
    subject.kind = given.kind.value if given.kind else subject.kind
    arriving = _suppressions(change, given) if any(held[scope] for scope in ADVERTISING.values()) else {}
    theirs = await newly_theirs(change, subject.subject_id, arriving, held)
    kept = await _write_values(change, caller, subject, given, digests)
    await object_again(change, caller, subject.subject_id, theirs, {one.field for one in kept})
    if became and given.kind is SubjectKind.ORGANISATION:
        await check_no_human(change, subject)
    taken = await take_events(change, subject, given.events, caller.client)
    digests.extend(one.digest for one in taken if one.digest)
    granted = await write_grants(change, subject, given.consents, caller.client) if given.consents else []
    if _needs_settling(given, created=created):
        await settle_retention(change, subject.subject_id)
    digests.extend([digest for _, digest in granted if digest])
    refused = [
        grant.purpose
        for grant, (outcome, _) in zip(given.consents, granted, strict=True)
        if isinstance(outcome, RefusedGrant)
    ]
    subject.version += 0 if created else 1
    status = Status.CREATED if created else Status.UPDATED
    return Upserted(
        subject.subject_id,
        status,
        tuple(kept),
        tuple(refused),
        tuple(number for number, one in enumerate(taken) if one.status is EventStatus.UNCHANGED),
        tuple(number for number, one in enumerate(taken) if one.status is EventStatus.CONFLICT),
    )


def _is_blocked(change: Change, given: GivenSubject, held: Suppressed) -> bool:
    """Whether an identifier was erased, and the person has not registered anew since."""
    blocked = held[Scope.ERASED]
    of_given = _suppressions(change, given).values() if blocked else ()
    since = [blocked[digest] for same in of_given for digest in same if digest in blocked]
    return bool(since) and (given.registered_at is None or given.registered_at <= max(since))


def _needs_settling(given: GivenSubject, *, created: bool) -> bool:
    """Whether values may have been dated before all that holds them was known."""
    if not created:
        return bool(given.relationships or given.consents)
    return bool(given.consents) and all(one.closed_at is not None for one in given.relationships)


async def _write_values(
    change: Change, caller: Caller, subject: SubjectRow, given: GivenSubject, digests: list[bytes]
) -> list[Kept]:
    kept: list[Kept] = []
    for name, value in scores_last(change.policy, given.values):
        written = await write_value(change, subject, name, value, caller.client)
        if isinstance(written, Kept):
            kept.append(written)
        else:
            digests.append(written)
    return kept


async def _reserve(change: Change, given: GivenSubject) -> tuple[SubjectRow, bool]:
    """The person behind an external id, made if nobody has it yet; the identifier is reserved first.

    While an index key is being replaced, an older digest may stand for it: asked first, because only digests of one
    version are unique among each other.
    """
    digests = _external(change, given)
    subject_id = uuid4()
    known = await external_ids.holder(change, digests) if len(digests) > 1 else None
    if known is None and not await external_ids.take(change, _normalised(given), subject_id):
        known = await external_ids.holder(change, digests)
        if known is None:
            raise UnknownSubjectError("the identifier was released at this moment")
    if known is not None:
        if known in change.created:
            await change.session.flush()
            change.created.discard(known)
        return await change.lock_subject(known), False
    row = SubjectRow(
        subject_id=subject_id,
        kind=(given.kind or SubjectKind.PERSON).value,
        language=given.language,
        country=given.country,
        status=SubjectStatus.ACTIVE.value,
        created_at=change.now,
        version=1,
    )
    change.session.add(row)
    await create_person_key(change.session, subject_id, await change.new_audit_key(subject_id))
    change.created.add(subject_id)
    return row, True


def _suppressions(change: Change, given: GivenSubject) -> dict[str, list[bytes]]:
    """What may be kept of each arriving identifier, by kind or field: its digests under every version of the key."""
    kind = IdentifierKind.EXTERNAL_ID
    own = {kind.value: [one.value for one in change.ring.suppression_digests(kind.value, _normalised(given))]}
    return own | suppressions_of(change, {name: one.value for name, one in given.values.items()})


def _entry(
    caller: Caller,
    change: Change,
    given: Sequence[GivenSubject],
    outcomes: Sequence[Upserted],
    digests: Sequence[bytes],
) -> Entry:
    created = any(outcome.status is Status.CREATED for outcome in outcomes)
    blocked = any(outcome.status is Status.BLOCKED for outcome in outcomes)
    purposes = {value.collected_for for subject in given for value in subject.values.values()}
    fields = sorted({name for subject in given for name in subject.values})
    return Entry(
        EventTag.IMPORT if len(given) > 1 else (EventTag.SUBJECT_CREATE if created else EventTag.SUBJECT_UPDATE),
        Outcome.DENY if all(outcome.status is Status.BLOCKED for outcome in outcomes) else Outcome.DONE,
        client=caller.client,
        purpose=" ".join(sorted(purposes)),
        fields=tuple(fields),
        reasons=(ConflictKind.ERASED_IDENTIFIER.value,) if blocked else (),
        policy=change.policy.version,
        persons=tuple(
            PersonRef(outcome.subject_id, _detail(subject, outcome, fields if len(given) > 1 else ()))
            for subject, outcome in zip(given, outcomes, strict=True)
            if outcome.subject_id is not None
        ),
        actor=caller.actor,
        ciphertexts=tuple(digests),
    )


def _detail(given: GivenSubject, outcome: Upserted, fields: Sequence[str]) -> str:
    """What an entry says of one person; where it wrote many, also which of its fields were theirs (`WROTE`)."""
    kept = {one.field for one in outcome.kept}
    theirs = sum(1 << at for at, name in enumerate(fields) if name in given.values and name not in kept)
    wrote = [f"{WROTE}{theirs:x}"] if fields else []
    return ",".join([outcome.status.value, *wrote, *(f"kept:{one.field}" for one in outcome.kept)])
