"""Values of fields: stored sealed, with origin, touchpoint, purpose of collection, time and retention.

An older value never replaces a newer one, and an undated value never replaces one that the person had
rectified: what is not taken is kept as a conflict. A value was collected when it was first given: a repeat changes
nothing of that, so that no later notice counts as told at collection. A birth date that is cleared leaves a child a
child: only a decision about a request for rectification makes the age unknown again.

Legal: GDPR Art. 5(1)(d), (e), Art. 8, Art. 13(1), Art. 16; § 7(3) no. 4 UWG; R-5.1d-1, R-5.1e-1, R-8-1, R-DE-UWG-4.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import delete, select
from sqlmodel import col

from policies.deadlines import local_date, retention_end
from policies.documents import PolicyDocument
from policies.rules.child import MAJORITY_YEARS, has_reached, least_age
from policies.vocabulary import Category, FieldName, Origin, PurposeId, Touchpoint
from registry.conflicts import ConflictKind, note_conflict
from registry.contact_changes import address_changed
from registry.context import CLOCK_TOLERANCE, Change
from registry.errors import InvalidValueError, SealBrokenError, UnknownFieldError
from registry.lookup import INDEXED_FIELDS, NORMALISATION, IdentifierKind, normalise
from registry.organisations import check_kind, of_humans
from registry.retention import relationship_end
from registry.scores import NO_MODEL, ModelRef, check_model, corrected_since, invalidate
from registry.tables import LookupRow, RecordRow, SubjectRow
from registry.vault import Place, Sealed, holds, seal

LONGEST_VALUE = 4000
EARLIEST_BIRTH = date(1850, 1, 1)
_LATEST_BIRTH = date(date.max.year - MAJORITY_YEARS, 12, 31)  # whoever comes after comes of age on no calendar

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class GivenValue:
    """A value as it arrives; None clears the field, no `observed_at` = undated. An estimate names its `model`."""

    value: Value = field(repr=False)
    collected_for: PurposeId
    origin: Origin = Origin.PROVIDED
    touchpoint: Touchpoint = Touchpoint.ONLINE_SHOP
    observed_at: datetime | None = None
    model: ModelRef = NO_MODEL


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored value that an arriving one did not replace."""

    field: FieldName
    why: ConflictKind


def check_value(
    policy: PolicyDocument,
    name: FieldName,
    given: GivenValue,
    *,
    corrected: bool = False,
    now: datetime | None = None,
) -> None:
    """Whether the value may be stored in this field for the purpose it was collected for.

    An estimate needs its model, unless it is cleared, or `corrected` by a person's decision about it (Art. 16).
    Nobody was born after `now`, the database's time; None = not known yet, asked again before anything is stored.

    Raises:
        UnknownFieldError: field or purpose unknown, or the purpose does not collect the field (Art. 5(1)(c)).
        UnregisteredModelError: as `registry.scores.check_model`.
        InvalidValueError: not a scalar of at most 4,000 characters, not an identifier of its kind, or a day on which
            nobody alive was born.
    """
    declared = policy.fields.get(name)
    if declared is None or declared.event is not None:
        raise UnknownFieldError(f"field {name} is not declared")
    purpose = policy.purposes.get(given.collected_for)
    if purpose is None or name not in purpose.collectable:
        raise UnknownFieldError(f"field {name} is not collected for this purpose")
    if given.model != NO_MODEL or not (corrected or given.value is None):
        check_model(policy, name, given.collected_for, given.model)
    if isinstance(given.value, str) and len(given.value) > LONGEST_VALUE:
        raise InvalidValueError(f"{name} is too long")
    if isinstance(given.value, str) and name in INDEXED_FIELDS:
        normalise(INDEXED_FIELDS[name], given.value)
    if name == "birth_date" and given.value is not None:
        _birth_date(given.value, now)


async def write_value(
    change: Change,
    subject: SubjectRow,
    name: FieldName,
    given: GivenValue,
    captured_by: str,
    *,
    rectified: bool = False,
) -> bytes | Kept:
    """Store one value of a person whose row is locked.

    Returns:
        The SHA-256 of the ciphertext for the audit entry, or what was kept instead.

    Raises:
        UnknownFieldError, UnregisteredModelError, InvalidValueError: as `check_value`, as `check_kind`, or observed in
            the future.
    """
    check_value(change.policy, name, given, corrected=rectified, now=change.now)
    check_kind(change.policy, subject.kind, name, given.value)
    declared = change.policy.fields[name]
    if given.observed_at is not None and given.observed_at > change.now + CLOCK_TOLERANCE:
        raise InvalidValueError(f"observed_at of {name} lies in the future")
    existing = await _existing(change, subject.subject_id, name)
    if not rectified:
        conflict = _outranked(existing, given) if existing is not None else None
        conflict = conflict or _too_late(given, await corrected_since(change, subject.subject_id, name))
        if conflict is not None:
            note_conflict(change, subject.subject_id, conflict, name, captured_by, given.observed_at)
            return Kept(name, conflict)
    key = await change.data_key(subject.subject_id, declared.category)
    collected_at = _collected_at(given, change.now)
    if existing and await _holds(change, existing, given.value):
        collected_at = existing.collected_at
    row_id = existing.record_id if existing else uuid4()
    version = existing.version + 1 if existing else 1
    place = Place(subject.subject_id, declared.category, name, row_id, version)
    sealed = seal(orjson.dumps(given.value), place, key)
    observed_on = local_date(given.observed_at or change.now)
    retention = change.policy.retention[declared.retention]
    ended_on = await relationship_end(change, subject.subject_id, retention)
    state: dict[str, Any] = {
        "category": declared.category.value,
        "version": version,
        "key_version": key.version,
        "sealed": sealed.ciphertext,
        "origin": given.origin.value,
        "touchpoint": given.touchpoint.value,
        "captured_by": captured_by,
        "collected_for": given.collected_for,
        "observed_at": given.observed_at or change.now,
        "collected_at": collected_at,
        "rectified_at": change.now if rectified else (existing.rectified_at if existing else None),
        "retention": declared.retention,
        "delete_after": retention_end(observed_on, retention, ended_on=ended_on),
        "model": given.model.code,
        "model_version": given.model.version,
        "stale_since": None,
    }
    if existing is None:
        change.session.add(RecordRow(subject_id=subject.subject_id, field=name, record_id=row_id, **state))
    else:
        for column, value in state.items():
            setattr(existing, column, value)
    if rectified or given.value is None:
        await invalidate(change, subject.subject_id, name)
    await _index(change, subject, name, given.value, replaces=existing is not None)
    if name == "birth_date":
        known = None if rectified else subject.majority_month
        subject.majority_month = _majority_month(given.value) or _still_young(change, known)
    return sealed.digest


async def check_no_human(change: Change, subject: SubjectRow) -> None:
    """Refuse to list somebody as an organisation of whom values are on file that only a human has.

    Raises:
        InvalidValueError: naming one of them; to be cleared first.
    """
    names = of_humans(change.policy)
    statement = select(RecordRow).where(
        col(RecordRow.subject_id) == subject.subject_id, col(RecordRow.field).in_(names)
    )
    for row in (await change.session.execute(statement)).scalars():
        if not await _holds(change, row, None):
            raise InvalidValueError(f"{row.field} on file is of a human, not of an organisation")


async def _existing(change: Change, subject_id: UUID, name: FieldName) -> RecordRow | None:
    if subject_id in change.created:
        return None
    return await change.session.get(RecordRow, (subject_id, name))


def _collected_at(given: GivenValue, now: datetime) -> datetime:
    """When the person gave a new value: when it was observed, if it is told later than clocks differ."""
    if given.observed_at is None or given.observed_at >= now - CLOCK_TOLERANCE:
        return now
    return given.observed_at


async def _holds(change: Change, row: RecordRow, value: Value) -> bool:
    """Whether this very value is on file, in whatever spelling; compared inside the vault, and nothing is kept."""
    category = Category(row.category)
    key = await change.data_key(row.subject_id, category)
    place = Place(row.subject_id, category, FieldName(row.field), row.record_id, row.version)
    kind = INDEXED_FIELDS.get(row.field)

    def spelled(one: object) -> object:
        return normalise(kind, one) if kind and isinstance(one, str) else one

    with suppress(SealBrokenError):  # what does not open any more is replaced like anything else
        return holds(Sealed(place, row.key_version, row.sealed), value, key, spelled)
    return False


def _outranked(existing: RecordRow, given: GivenValue) -> ConflictKind | None:
    # A stale estimate may always be cleared; only another estimate has to be newer than what spoiled it.
    stale_since = existing.stale_since if given.value is not None else None
    marked = [at for at in (existing.rectified_at, stale_since) if at is not None]
    if given.observed_at is None:
        return ConflictKind.UNDATED_VALUE if marked else None
    return ConflictKind.OLDER_VALUE if given.observed_at <= max([existing.observed_at, *marked]) else None


def _too_late(given: GivenValue, corrected_at: datetime | None) -> ConflictKind | None:
    """Why an estimate is not taken that was worked out before one of its inputs was corrected."""
    if corrected_at is None or given.value is None:
        return None
    if given.observed_at is None:
        return ConflictKind.UNDATED_VALUE
    return ConflictKind.OLDER_VALUE if given.observed_at <= corrected_at else None


async def _index(change: Change, subject: SubjectRow, name: FieldName, value: Value, *, replaces: bool) -> None:
    """Keep the blind index in step with the value, and the portal's doors in step with the index."""
    kind = INDEXED_FIELDS.get(name)
    if kind is None:
        return
    before: set[bytes] = set()
    if replaces:
        removed = await change.session.execute(
            delete(LookupRow)
            .where(
                col(LookupRow.kind) == kind.value,
                col(LookupRow.subject_id) == subject.subject_id,
            )
            .returning(col(LookupRow.digest)),
        )
        before = set(removed.scalars())
    normalised = None
    if isinstance(value, str):
        await change.hold_keys()
        normalised = normalise(kind, value)
        digest = change.ring.index_digest(kind.value, normalised)
        suppression = change.ring.suppression_digest(kind.value, normalised)
        change.session.add(
            LookupRow(
                kind=kind.value,
                digest=digest.value,
                subject_id=subject.subject_id,
                suppression=suppression.value,
                index_version=digest.version,
                suppression_version=suppression.version,
                normalisation=NORMALISATION[kind],
            ),
        )
    if kind is IdentifierKind.EMAIL and subject.subject_id not in change.created and (before or normalised is not None):
        spellings = [] if normalised is None else change.ring.index_digests(kind.value, normalised)
        if before.isdisjoint({one.value for one in spellings}):
            await address_changed(change, subject.subject_id, normalised)


def _birth_date(value: Value, now: datetime | None = None) -> date:
    try:
        born = date.fromisoformat(str(value))
    except ValueError:
        raise InvalidValueError("birth_date is not a date YYYY-MM-DD") from None
    if not EARLIEST_BIRTH <= born <= (local_date(now) if now else _LATEST_BIRTH):
        raise InvalidValueError("birth_date is before 1850 or still to come")
    return born


def _majority_month(value: Value) -> date | None:
    if value is None:
        return None
    born = _birth_date(value)
    return date(born.year + MAJORITY_YEARS, born.month, 1)


def _still_young(change: Change, known: date | None) -> date | None:
    """What stays known when a birth date is cleared: the month, until every age that is asked for is reached.

    Otherwise a sync that loses the date would make an adult of a child (Art. 8; R-8-1).
    """
    highest = max(map(least_age, change.policy.purposes.values()), default=MAJORITY_YEARS)
    return known if known is not None and not has_reached(highest, known, change.now) else None
