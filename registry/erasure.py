"""Erasure: keys destroyed, rows deleted, identifiers blocked; what law obliges to keep stays alone.

Decided per field: values under a retention class of legal obligation (invoices) are kept to their end date, locked
to that duty, under a fresh data key, so that the destroyed key of their category opens nothing any more, in backups
neither. The record of who accessed the person stays, with keys of its own (`registry.access_logs`).

Legal: GDPR Art. 17(1), (3)(b), (e); §147 AO, §257 HGB; R-17.1-1, R-17.3-1, R-DEL-4.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.deadlines import local_date, retention_end
from policies.documents import PolicyDocument, Words
from policies.vocabulary import Category, FieldName, SubjectStatus
from registry.context import Caller, Change, Registry
from registry.journal import JournalKind
from registry.keys import Digest
from registry.suppression import Scope, suppress
from registry.tables import (
    BudgetUseRow,
    ConflictRow,
    DataKeyRow,
    EventRow,
    LetterOutboxRow,
    LookupRow,
    NoticeDeliveryRow,
    ObjectionRow,
    PermissionRow,
    PortalCodeRow,
    PortalSessionRow,
    RecordRow,
    RelationshipRow,
    RestrictionRow,
    SubjectRow,
)
from registry.vault import Place, Sealed, reseal

_GONE = (
    LookupRow,
    PermissionRow,
    ObjectionRow,
    RestrictionRow,
    RelationshipRow,
    NoticeDeliveryRow,
    ConflictRow,
    PortalCodeRow,
    PortalSessionRow,
    BudgetUseRow,
    LetterOutboxRow,
)


@dataclass(frozen=True, slots=True)
class KeptField:
    """What an obligation keeps: which field, how many values, why, and until when (the last of them)."""

    field: FieldName
    count: int
    why: Words
    until: date | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did: the categories it went through, and what an obligation keeps."""

    categories: tuple[Category, ...]
    kept: tuple[KeptField, ...]


async def erase_within(change: Change, subject_id: UUID) -> tuple[SubjectRow, Erasure]:
    """Erase a person as part of a change of the eraser role; the controller's decision has been made.

    1. Take the person's row for oneself alone.
    2. Delete values that nothing obliges to keep, and everything that leads to the person.
    3. Re-seal what is kept under fresh keys; destroy all other data keys.
    4. Block the identifiers, note the erasure for the journal.

    Raises:
        UnknownSubjectError: nobody, or no longer.
    """
    subject = await change.lock_subject(subject_id, erasing=True)  # 1
    categories = await _categories(change, subject_id)
    kept = await _delete_values(change, subject_id)  # 2
    await _renew_keys(change, subject_id)  # 3
    await _block(change, subject_id)  # 4
    await _delete_what_leads_here(change, subject_id)
    _empty(subject, kept)
    change.journal(JournalKind.ERASURE, subject_id, subject.status)
    await change.session.flush()
    return subject, Erasure(categories, kept)


async def settle(registry: Registry) -> bool:
    """Bring deleted bytes out of the files; False = pending, a reader is in the way, and it is tried again."""
    return await registry.settling.settle()


def erasure_entry(caller: Caller, policy: PolicyDocument, subject_id: UUID, erased: Erasure) -> Entry:
    """The audit entry of an erasure: categories erased, fields kept."""
    return Entry(
        EventTag.ERASE,
        Outcome.DONE,
        client=caller.client,
        purpose="data_subject_request",
        categories=tuple(category.value for category in erased.categories),
        fields=tuple(one.field for one in erased.kept),
        policy=policy.version,
        persons=(PersonRef(subject_id, ",".join(f"kept:{one.field}" for one in erased.kept)),),
        actor=caller.actor,
    )


async def plan(registry: Registry, subject_id: UUID) -> tuple[KeptField, ...]:
    """What an erasure would have to keep today."""
    async with registry.database.reading() as session:
        rows = (await session.execute(select(EventRow).where(col(EventRow.subject_id) == subject_id))).scalars()
        return _kept(registry.policy, list(rows))


async def _categories(change: Change, subject_id: UUID) -> tuple[Category, ...]:
    statement = select(col(DataKeyRow.category)).where(col(DataKeyRow.subject_id) == subject_id)
    return tuple(sorted(Category(name) for name in (await change.session.execute(statement)).scalars()))


async def _delete_values(change: Change, subject_id: UUID) -> tuple[KeptField, ...]:
    """Delete records and events; only events can be documents that an obligation keeps."""
    obliged = _obliged(change.policy)
    await change.session.execute(delete(RecordRow).where(col(RecordRow.subject_id) == subject_id))
    await change.session.execute(
        delete(EventRow).where(col(EventRow.subject_id) == subject_id, col(EventRow.field).not_in(obliged)),
    )
    statement = select(EventRow).where(col(EventRow.subject_id) == subject_id)
    rows = list((await change.session.execute(statement)).scalars())
    for row in rows:
        # What counted from the end of a relationship counts from now: no contract and no consent is left.
        if row.delete_after is None:
            retention = change.policy.retention[change.policy.fields[FieldName(row.field)].retention]
            today = local_date(change.now)
            row.delete_after = retention_end(local_date(row.occurred_at), retention, ended_on=today)
    return _kept(change.policy, rows)


def _obliged(policy: PolicyDocument) -> list[str]:
    return [name for name, field in policy.fields.items() if policy.retention[field.retention].obligation]


def _kept(policy: PolicyDocument, rows: list[EventRow]) -> tuple[KeptField, ...]:
    kept: list[KeptField] = []
    for name in _obliged(policy):
        ends = [row.delete_after for row in rows if row.field == name]
        if ends:
            why = policy.retention[policy.fields[name].retention].ground
            known = [end for end in ends if end is not None]
            kept.append(KeptField(FieldName(name), len(ends), why, max(known) if known else None))
    return tuple(kept)


async def _renew_keys(change: Change, subject_id: UUID) -> None:
    """Fresh keys for what is kept; every other key goes."""
    statement = select(EventRow).where(col(EventRow.subject_id) == subject_id)
    rows = list((await change.session.execute(statement)).scalars())
    locked = (
        select(DataKeyRow)
        .where(col(DataKeyRow.subject_id) == subject_id)
        .order_by(col(DataKeyRow.category))  # the order in which a rotation takes them
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    keys = list((await change.session.execute(locked)).scalars())
    for stored in keys:
        category = Category(stored.category)
        held = [row for row in rows if row.category == stored.category]
        if not held:
            await change.session.delete(stored)
            continue
        old = await change.data_key(subject_id, category)
        new, wrapped = await change.new_data_key(subject_id, category, old.version + 1)
        for row in held:
            place = Place(subject_id, category, FieldName(row.field), row.event_id, 1)
            row.sealed = reseal(Sealed(place, row.key_version, row.sealed), old, new).ciphertext
            row.key_version = new.version
        stored.version = wrapped.version
        stored.epoch = wrapped.epoch
        stored.wrapped = wrapped.wrapped
        stored.fingerprint = wrapped.fingerprint
    await change.session.flush()
    change.forget_keys(subject_id)


async def _block(change: Change, subject_id: UUID) -> None:
    rows = await change.session.execute(
        select(col(LookupRow.kind), col(LookupRow.suppression), col(LookupRow.suppression_version))
        .where(col(LookupRow.subject_id) == subject_id)
        .order_by(col(LookupRow.kind), col(LookupRow.digest))  # the order in which a rotation takes them
        .with_for_update(),
    )
    blocked = [(kind, Digest(version, digest)) for kind, digest, version in rows.all()]
    await suppress(change, blocked, Scope.ERASED)
    for kind, digest in blocked:
        change.journal(JournalKind.SUPPRESSION, subject_id, f"{kind}:{digest.version}:{digest.value.hex()}")
    await change.session.flush()


async def _delete_what_leads_here(change: Change, subject_id: UUID) -> None:
    """On PostgreSQL in one round trip."""
    if change.session.get_bind().dialect.name == "postgresql":
        parts = [f"in_{one.__tablename__} AS (DELETE FROM {one.__tablename__} WHERE subject_id = :id)" for one in _GONE]  # noqa: S608 - own names
        await change.session.execute(text(f"WITH {', '.join(parts)} SELECT 1"), {"id": subject_id})
        return
    for table in _GONE:
        await change.session.execute(delete(table).where(col(table.subject_id) == subject_id))


def _empty(subject: SubjectRow, kept: tuple[KeptField, ...]) -> None:
    subject.status = (SubjectStatus.RETAINED if kept else SubjectStatus.ERASED).value
    subject.majority_month = None
    subject.language = ""
    subject.country = ""
    subject.version += 1
