"""Contracts, accounts, warranties and claims: what a contract basis rests on, and when it ends.

With the last of them ends the ground for keeping what they needed: the values get their last day.

Legal: GDPR Art. 5(1)(e), Art. 6(1)(b); R-6.1-1, R-DE-RET-1.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.columns import whole
from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.vocabulary import RelationshipKind
from registry.context import Caller, Change, Registry
from registry.errors import RelationshipPeriodError, UnknownRelationshipError
from registry.retention import settle_retention
from registry.tables import RelationshipRow


@dataclass(frozen=True, slots=True)
class GivenRelationship:
    """A relationship as it arrives; the reference is the source system's own number."""

    kind: RelationshipKind
    reference: str
    source: str
    opened_at: datetime
    closed_at: datetime | None = None


async def write_relationship(change: Change, subject_id: UUID, given: GivenRelationship) -> None:
    """Open a relationship, note its end, or open it again; part of a change that holds the person's row.

    One that ended begins anew only where it is said to have begun after that end: a sync that never heard of the end
    makes no legal basis out of nothing, whatever later end it plans. The caller settles what hangs on it
    (`registry.retention`).

    Raises:
        RelationshipPeriodError: when it would end before it began.
    """
    key = (subject_id, given.kind.value, given.source, given.reference)
    row = None if subject_id in change.created else await change.session.get(RelationshipRow, key)
    if row is None:
        _check_period(given.opened_at, given.closed_at)
        change.session.add(
            RelationshipRow(
                subject_id=subject_id,
                kind=given.kind.value,
                source=given.source,
                reference=given.reference,
                opened_at=given.opened_at,
                closed_at=given.closed_at,
            ),
        )
    elif row.closed_at is not None and whole(given.opened_at) > row.closed_at:
        _check_period(given.opened_at, given.closed_at)
        row.opened_at, row.closed_at = given.opened_at, given.closed_at
    elif given.closed_at is not None:
        _end(change, row, given.closed_at)


def _end(change: Change, row: RelationshipRow, closed_at: datetime) -> None:
    """Note when a relationship ends; a planned end may move, one that has come only to an earlier instant."""
    _check_period(row.opened_at, closed_at)
    over = row.closed_at is not None and row.closed_at <= change.now
    row.closed_at = min(row.closed_at, closed_at) if over and row.closed_at else closed_at


def _check_period(opened_at: datetime, closed_at: datetime | None) -> None:
    if closed_at is not None and whole(closed_at) < whole(opened_at):
        raise RelationshipPeriodError("a relationship ends after it began")


async def open_relationship(registry: Registry, caller: Caller, subject_id: UUID, given: GivenRelationship) -> None:
    """Record that a contract or account began.

    Raises:
        UnknownSubjectError: nobody, or no longer.
        RelationshipPeriodError: when it would end before it began.
    """
    async with registry.change() as change:
        await change.lock_subject(subject_id)
        await write_relationship(change, subject_id, given)
        await settle_retention(change, subject_id)
        change.record(_entry(EventTag.RELATIONSHIP_OPEN, caller, subject_id, change.policy.version))


async def close_relationship(
    registry: Registry,
    caller: Caller,
    subject_id: UUID,
    kind: RelationshipKind,
    source: str,
    reference: str,
    closed_at: datetime | None,
) -> None:
    """Record that it ended; from that instant nothing rests on it any more, and what it held gets its last day.

    Whoever calls again later moves an end that has come no further.

    Raises:
        UnknownSubjectError: nobody, or no longer.
        UnknownRelationshipError: no such relationship.
        RelationshipPeriodError: when the end lies before the beginning.
    """
    async with registry.change() as change:
        await change.lock_subject(subject_id)
        row = await change.session.get(RelationshipRow, (subject_id, kind.value, source, reference))
        if row is None:
            raise UnknownRelationshipError("no such relationship")
        _end(change, row, closed_at or max(change.now, row.opened_at))
        await settle_retention(change, subject_id)
        change.record(_entry(EventTag.RELATIONSHIP_CLOSE, caller, subject_id, change.policy.version))


def _entry(operation: EventTag, caller: Caller, subject_id: UUID, policy_version: str) -> Entry:
    return Entry(
        operation,
        Outcome.DONE,
        client=caller.client,
        policy=policy_version,
        persons=(PersonRef(subject_id),),
        actor=caller.actor,
    )
