"""Erasure: keys destroyed, rows deleted, identifiers blocked; what law obliges to keep stays alone.

Decided per field: values under a retention class of legal obligation (invoices) are kept to their end date, locked
to that duty, under a fresh data key, so that the destroyed key of their category opens nothing any more, in backups
neither. That somebody wanted no advertising is kept with the keyed hashes of their identifiers, because nothing but a
later consent of theirs ends it (`registry.suppression`). The record of who accessed the person stays, with keys of its
own (`registry.access_logs`).

Legal: GDPR Art. 17(1), (3)(b), (e), Art. 21(3); §147 AO, §257 HGB; R-17-4, R-17.1-1, R-17.3-1, R-DEL-4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import TextClause, bindparam, delete, select, text, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col

from audit.columns import Id
from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.deadlines import local_date, retention_end
from policies.documents import PolicyDocument, Words
from policies.rules.soft_opt_in import WITHDRAWN
from policies.vocabulary import Category, Channel, FieldName, SubjectStatus
from registry.context import Caller, Change, Registry
from registry.events import EVENT_ROW_VERSION
from registry.journal import JournalKind
from registry.keys import Digest
from registry.objections import unwanted_advertising
from registry.resealing import record_resealing
from registry.suppression import ADVERTISING, Scope, suppress
from registry.tables import (
    BudgetUseRow,
    ConflictRow,
    DataKeyRow,
    EventRow,
    HumanReviewRow,
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
    HumanReviewRow,
)
_EMPTIED = """subject SET status = :status, majority_month = NULL, language = '', country = '',
 version = version + 1 WHERE subject_id = :id"""
_OF_PERSON = [
    *(f"{table.__tablename__} WHERE subject_id = :id" for table in (*_GONE, RecordRow)),
    "event WHERE subject_id = :id AND field <> ALL(:obliged)",
    "data_key WHERE subject_id = :id AND category <> ALL(:renewed)",
]
_EMPTY = text(f"UPDATE {_EMPTIED}").bindparams(bindparam("id", type_=Id))
_DELETE = text(
    f"WITH {', '.join(f'd{number} AS (DELETE FROM {one})' for number, one in enumerate(_OF_PERSON))}"  # noqa: S608 - own names
    f" UPDATE {_EMPTIED}"
)


def _take_statement(lock: str) -> TextClause:
    """What is of a person, each part taken before the next one is looked at."""
    return text(
        f"""WITH keys AS (SELECT category FROM data_key WHERE subject_id = :id ORDER BY category {lock}),
 identifiers AS (SELECT kind, suppression, suppression_version FROM lookup WHERE subject_id = :id
 ORDER BY kind, digest {lock})
 SELECT 'key', category, NULL, NULL FROM keys
 UNION ALL SELECT 'identifier', kind, suppression, suppression_version FROM identifiers
 UNION ALL SELECT 'documents', NULL, NULL, (SELECT count(*) FROM event WHERE subject_id = :id AND field IN :obliged)
 UNION ALL SELECT 'wishes', NULL, NULL, (SELECT count(*) FROM objection WHERE subject_id = :id)
 + (SELECT count(*) FROM permission WHERE subject_id = :id AND state IN :withdrawn)"""  # noqa: S608 - own names
    ).bindparams(
        bindparam("id", type_=Id), bindparam("obliged", expanding=True), bindparam("withdrawn", expanding=True)
    )


_TAKE = {"postgresql": _take_statement("FOR UPDATE"), "sqlite": _take_statement("")}


@dataclass(frozen=True, slots=True)
class KeptField:
    """What an obligation keeps: which field, how many values, why, and until when (the last of them)."""

    field: FieldName
    count: int
    why: Words
    until: date | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did: the categories it went through, what an obligation keeps, and whether a wish is kept too."""

    categories: tuple[Category, ...]
    kept: tuple[KeptField, ...]
    without_advertising: bool = False


@dataclass(slots=True)
class _Held:
    """What is of the person: categories with a key, identifiers to block, how many documents an obligation keeps.

    `wishes` are objections and withdrawals, among them those that may concern advertising.
    """

    categories: tuple[Category, ...] = ()
    identifiers: list[tuple[str, Digest]] = field(default_factory=list)
    documents: int = 0
    wishes: int = 0


async def erase_within(change: Change, caller: Caller, subject_id: UUID) -> tuple[SubjectRow, Erasure]:
    """Erase a person as part of a change of the eraser role; the controller's decision has been made.

    1. Take the person's row for oneself alone, then their keys and identifiers, in the order in which a rotation takes
       them.
    2. Find what an obligation keeps, and until when.
    3. Re-seal it under fresh keys; an entry of its own names the digest of every ciphertext.
    4. Block the identifiers, with what the person said against advertising; note the erasure for the journal.
    5. Delete everything else: values, keys, and whatever leads to the person.

    Raises:
        UnknownSubjectError: nobody, or no longer.
    """
    subject = await change.lock_subject(subject_id, erasing=True)  # 1
    obliged = _obliged(change.policy)
    held = await _take(change, subject_id, obliged)
    rows = await _obliged_rows(change, subject_id, obliged) if held.documents else []  # 2
    kept = _kept(change.policy, rows)
    renewed = {Category(row.category) for row in rows}
    for category in sorted(renewed):  # 3
        await _renew_key(change, caller, subject_id, category, [row for row in rows if row.category == category.value])
    unwanted = await unwanted_advertising(change, subject_id) if held.wishes else {}  # 4
    await _block(change, subject_id, held.identifiers, unwanted)
    status = (SubjectStatus.RETAINED if kept else SubjectStatus.ERASED).value
    change.journal(JournalKind.ERASURE, subject_id, status)
    if rows or change.session.new:
        await change.session.flush()
    await _delete(change, subject_id, status, obliged, renewed)  # 5
    _empty(subject, status)
    change.forget_keys(subject_id)
    return subject, Erasure(held.categories, kept, bool(unwanted))


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


async def _take(change: Change, subject_id: UUID, obliged: list[str]) -> _Held:
    """Take all keys and identifiers of the person for this change alone, in one round trip."""
    statement = _TAKE[change.session.get_bind().dialect.name]
    held = _Held()
    given = {"id": subject_id, "obliged": obliged, "withdrawn": sorted(WITHDRAWN)}
    for what, name, digest, number in await change.session.execute(statement, given):
        match what:
            case "key":
                held.categories += (Category(name),)
            case "identifier":
                held.identifiers.append((name, Digest(number, digest)))
            case "documents":
                held.documents = number
            case _:
                held.wishes = number
    return held


async def _obliged_rows(change: Change, subject_id: UUID, obliged: list[str]) -> list[EventRow]:
    """What an obligation keeps, each with its end; only events can be documents."""
    statement = select(EventRow).where(col(EventRow.subject_id) == subject_id, col(EventRow.field).in_(obliged))
    rows = list((await change.session.execute(statement)).scalars())
    for row in rows:
        # What counted from the end of a relationship counts from now: no contract and no consent is left.
        if row.delete_after is None:
            retention = change.policy.retention[change.policy.fields[FieldName(row.field)].retention]
            today = local_date(change.now)
            row.delete_after = retention_end(local_date(row.occurred_at), retention, ended_on=today)
    return rows


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


async def _renew_key(
    change: Change, caller: Caller, subject_id: UUID, category: Category, rows: list[EventRow]
) -> None:
    """A fresh key for what is kept of one category."""
    old = await change.data_key(subject_id, category)
    new, wrapped = await change.new_data_key(subject_id, category, old.version + 1)
    digests = []
    for row in rows:
        place = Place(subject_id, category, FieldName(row.field), row.event_id, EVENT_ROW_VERSION)
        fresh = reseal(Sealed(place, row.key_version, row.sealed), old, new)
        row.sealed, row.key_version = fresh.ciphertext, fresh.key_version
        digests.append(fresh.digest)
    await change.session.execute(
        update(DataKeyRow)
        .where(col(DataKeyRow.subject_id) == subject_id, col(DataKeyRow.category) == category.value)
        .values(version=wrapped.version, epoch=wrapped.epoch, wrapped=wrapped.wrapped, fingerprint=wrapped.fingerprint)
        .execution_options(synchronize_session=False)
    )
    record_resealing(change, caller, subject_id, category, {row.field for row in rows}, digests)


async def _block(
    change: Change, subject_id: UUID, identifiers: list[tuple[str, Digest]], unwanted: Mapping[Channel, datetime]
) -> None:
    await suppress(change, identifiers, Scope.ERASED)
    for kind, digest in identifiers:
        change.journal(JournalKind.SUPPRESSION, subject_id, _code_of(kind, digest))
    for channel, since in unwanted.items():
        scope = ADVERTISING[channel]
        await suppress(change, identifiers, scope, since)
        for kind, digest in identifiers:
            change.journal(JournalKind.SUPPRESSION, subject_id, f"{_code_of(kind, digest)}:{scope.value}", since)


def _code_of(kind: str, digest: Digest) -> str:
    return f"{kind}:{digest.version}:{digest.value.hex()}"


def _empty(subject: SubjectRow, status: str) -> None:
    """Say of the pseudonym what the database says of it now."""
    emptied = {"status": status, "majority_month": None, "language": "", "country": "", "version": subject.version + 1}
    for name, value in emptied.items():
        set_committed_value(subject, name, value)


async def _delete(change: Change, subject_id: UUID, status: str, obliged: list[str], renewed: set[Category]) -> None:
    """Everything but what is kept, its renewed keys, and the pseudonym; on PostgreSQL in one round trip."""
    if change.session.get_bind().dialect.name == "postgresql":
        given = {"id": subject_id, "status": status, "obliged": obliged, "renewed": [one.value for one in renewed]}
        await change.session.execute(_DELETE, given)
        return
    of_person = {table: col(table.subject_id) == subject_id for table in (*_GONE, RecordRow, EventRow, DataKeyRow)}
    of_person[EventRow] &= col(EventRow.field).not_in(obliged)
    of_person[DataKeyRow] &= col(DataKeyRow.category).not_in([one.value for one in renewed])
    for table, condition in of_person.items():
        await change.session.execute(delete(table).where(condition), execution_options={"synchronize_session": False})
    await change.session.execute(_EMPTY, {"id": subject_id, "status": status})
