"""Ends what can be ended of the record of who accessed whom: by its period, or sooner by the controller's decider.

The record is a category of its own. It outlives the erasure of the person, locked to privacy control and legal claims,
so that nobody who looked wipes the trail by triggering an erasure. When its period is over the openings go; when the
last one of an erased person is gone, so does their audit key. The entries stay and say nothing about anybody.

Every step leaves an entry with the number of openings it closed: the receipt, without which `verify` would find them
missing. A step that broke off is finished by the next run.

Legal: GDPR Art. 5(1)(e), Art. 17(3)(e); §76(3), (4) BDSG as benchmark; R-AUD-8, R-DE-UWG-5, R-17.1-1.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from audit import retention
from audit.event import Entry, EventTag, Outcome, PersonRef
from audit.log import create_person_key
from audit.tables import PersonKeyRow
from policies.deadlines import TIME_ZONE, local_date
from policies.vocabulary import SubjectStatus
from registry.context import Caller, Change, Registry
from registry.errors import ForbiddenError, RequestStateError, UnknownSubjectError
from registry.journal import JournalKind
from registry.tables import SubjectRow

PURPOSE = "privacy_control"
PAGE = 2000
PERSONS_AT_ONCE = 500


class ClosingGround(StrEnum):
    """Why a record of accesses is closed before its period ends; codes, because they stand in the log for ever."""

    COURT_ORDER = "COURT_ORDER"
    AUTHORITY_ORDER = "AUTHORITY_ORDER"
    UNLAWFULLY_KEPT = "UNLAWFULLY_KEPT"
    NO_LONGER_NEEDED = "NO_LONGER_NEEDED"


@dataclass(frozen=True, slots=True)
class Closed:
    """A record of accesses that was closed: how many openings, and the entry that is the receipt."""

    openings: int
    receipt: UUID


@dataclass(frozen=True, slots=True)
class Retained:
    """What a run took away, or would: openings past their period, keys of erased persons whose last one is gone."""

    openings: int
    keys: int
    resumed: int


async def close_access_log(registry: Registry, caller: Caller, subject_id: UUID, ground: ClosingGround) -> Closed:
    """Close the record of accesses to an erased person before its period ends, for good.

    1. Destroy the audit key; an entry names the ground and who decided.
    2. That entry's batch held the head of the tree: no batch that still knew the key is on its way any more.
    3. Delete the openings; an entry says how many: the receipt.
    4. Whoever has data left under a legal duty gets a fresh audit key, for accesses from now on.

    Raises:
        ForbiddenError: when the caller is not the controller's decider.
        UnknownSubjectError: when there was never such a person.
        RequestStateError: when the person is not erased; their record is theirs to see (Art. 15).
    """
    if caller.role != "decider":
        raise ForbiddenError("only the controller's decider closes a record of accesses")
    async with registry.change(erasing=True) as change:  # 1
        status = (
            await change.session.execute(
                select(col(SubjectRow.status)).where(col(SubjectRow.subject_id) == subject_id).with_for_update(),
            )
        ).scalar_one_or_none()
        if status is None:
            raise UnknownSubjectError("no such subject")
        if status == SubjectStatus.ACTIVE.value:
            raise RequestStateError("the record of accesses of a person who is on file stays")
        await retention.destroy_key(change.session, subject_id)
        change.journal(JournalKind.ACCESS_LOG, subject_id, ground.value)
        change.record(_entry(EventTag.ACCESS_LOG_CLOSE, caller, change.policy.version, reasons=(ground.value,)))
    closed = await _take_all(registry, caller, subject_id, (ground.value,))  # 2 and 3
    if status == SubjectStatus.RETAINED.value:
        await _fresh_key(registry, caller, subject_id)  # 4
    return closed


async def retain(registry: Registry, caller: Caller, *, dry_run: bool = False, today: date | None = None) -> Retained:
    """Take away what is past its period (R-AUD-8); repeatable, and resumes what broke off.

    1. Finish closings that broke off after the key was destroyed.
    2. Delete openings past their period, a page at a time, each with its entry.
    3. Destroy the audit keys of erased persons whom no opening names any more.

    Args:
        registry: the collaborators.
        caller: who runs the job.
        dry_run: only count.
        today: the day to judge by; None = the database's, in Germany.
    """
    today = today or local_date(await registry.database.now())
    async with registry.database.reading() as session:
        until = await retention.due(session, today, TIME_ZONE)
        broken_off = await retention.without_key(session, PERSONS_AT_ONCE)
        due = await retention.count_due(session, until)
    if dry_run:
        return Retained(due, len(await _keys_to_end(registry)), len(broken_off))
    for person in broken_off:  # 1
        await _take_all(registry, caller, person, ("RESUMED",))
    taken = 0
    while due:  # 2
        page = await _take_page(registry, caller, until)
        taken += page
        due = await _still_due(registry, until) if page < PAGE else due
        if not page:
            break
    keys = 0
    while persons := await _keys_to_end(registry):  # 3
        keys += await _end_keys(registry, caller, persons)
    return Retained(taken, keys, len(broken_off))


async def is_closed_to_clerks(registry: Registry, person: UUID) -> bool:
    """Whether a person's record of accesses is locked to privacy control and legal claims: they are not on file."""
    async with registry.database.reading() as session:
        row = await session.get(SubjectRow, person)
        return row is not None and row.status != SubjectStatus.ACTIVE.value


async def _take_all(registry: Registry, caller: Caller, person: UUID, reasons: tuple[str, ...]) -> Closed:
    async with registry.change(erasing=True) as change:
        count = await retention.take_all_of(change.session, person)
        change.record(
            _entry(EventTag.ACCESS_LOG_CLOSE, caller, change.policy.version, reasons=reasons, closes=count),
        )
    return Closed(count, change.intents[0])


async def _take_page(registry: Registry, caller: Caller, until: retention.Due) -> int:
    async with registry.change(erasing=True) as change:
        count = await retention.take_due(change.session, until, PAGE)
        change.record(_entry(EventTag.ACCESS_LOG_RETAIN, caller, change.policy.version, closes=count))
    return count


async def _still_due(registry: Registry, until: retention.Due) -> int:
    async with registry.database.reading() as session:
        return await retention.count_due(session, until)


async def _keys_to_end(registry: Registry) -> list[UUID]:
    """Erased persons with an audit key and no opening; whoever is kept under a duty can still be accessed."""
    statement = (
        select(col(PersonKeyRow.person_ref))
        .join(SubjectRow, col(SubjectRow.subject_id) == col(PersonKeyRow.person_ref))
        .where(col(SubjectRow.status) == SubjectStatus.ERASED.value, ~retention.is_open(col(PersonKeyRow.person_ref)))
        .order_by(col(PersonKeyRow.person_ref))
        .limit(PERSONS_AT_ONCE)
    )
    async with registry.database.reading() as session:
        return list((await session.execute(statement)).scalars())


async def _end_keys(registry: Registry, caller: Caller, persons: list[UUID]) -> int:
    """An opening that a batch on its way still adds is found without its key by the next run."""
    async with registry.change(erasing=True) as change:
        destroyed = [await retention.destroy_key(change.session, person) for person in persons]
        change.record(_entry(EventTag.ACCESS_LOG_CLOSE, caller, change.policy.version, reasons=("PERIOD_ENDED",)))
    return sum(destroyed)


async def end_access_key(change: Change, caller: Caller, person: UUID) -> None:
    """Close a record of accesses again in a database that a restore brought back, as part of a change of the owner.

    Nothing is served yet: no batch is on its way that still knew the key, so key and openings go in one step. Whoever
    has data left under a legal duty gets a fresh key, for accesses from now on; the old openings would not fit it.
    """
    await retention.destroy_key(change.session, person)
    count = await retention.take_all_of(change.session, person)
    row = await change.session.get(SubjectRow, person)
    if row is not None and row.status == SubjectStatus.RETAINED.value:
        await create_person_key(change.session, person, await change.new_audit_key(person))
    version = change.policy.version
    change.record(_entry(EventTag.ACCESS_LOG_CLOSE, caller, version, reasons=("REPLAYED",), closes=count))


async def _fresh_key(registry: Registry, caller: Caller, person: UUID) -> None:
    async with registry.change() as change:
        await create_person_key(change.session, person, await change.new_audit_key(person))
        change.record(
            _entry(EventTag.KEY_CREATE, caller, change.policy.version, persons=(PersonRef(person, "audit"),)),
        )


def _entry(
    operation: EventTag,
    caller: Caller,
    policy: str,
    *,
    reasons: tuple[str, ...] = (),
    closes: int = 0,
    persons: tuple[PersonRef, ...] = (),
) -> Entry:
    return Entry(
        operation,
        Outcome.DONE,
        client=caller.client,
        purpose=PURPOSE,
        reasons=reasons,
        policy=policy,
        persons=persons,
        actor=caller.actor,
        closes=closes,
    )
