"""When what hangs on a relationship may go: the last day of values whose class counts from the relationship's end.

A person's contracts, accounts, warranties, claims and valid consents hold such values. While one of them has no end,
the values have none either; when the last has ended, the period begins; when one begins again, the date goes.

Legal: GDPR Art. 5(1)(e), Art. 17(1)(a); R-5.1e-1, R-DE-RET-1, R-DE-RET-4.
"""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from policies.deadlines import local_date, retention_end
from policies.documents import PolicyDocument, RetentionClass
from policies.vocabulary import VALID_CONSENT, ConsentState
from registry.context import Change
from registry.tables import EventRow, PermissionRow, RecordRow, RelationshipRow

_FROM_THE_END = "relationship_end"
_ENDED_CONSENT = frozenset({ConsentState.WITHDRAWN, ConsentState.REVOKED, ConsentState.EXPIRED})


def last_end(ends: Iterable[datetime | None]) -> date | None:
    """The day in Germany on which the last of them ended; None while one has no end, or where there was none."""
    found = list(ends)
    known = [local_date(one) for one in found if one is not None]
    return max(known) if known and len(known) == len(found) else None


async def relationship_end(change: Change, subject_id: UUID, retention: RetentionClass) -> date | None:
    """What a class counts from for this person; None where it counts from something else, or nothing has ended.

    Somebody who is created in this change has no past here: who creates them says in `change.ends` what is over.
    """
    if retention.starts != _FROM_THE_END:
        return None
    if subject_id not in change.ends:
        change.ends[subject_id] = None if subject_id in change.created else await _ended_on(change, subject_id)
    return change.ends[subject_id]


async def settle_retention(change: Change, subject_id: UUID) -> None:
    """Date a person's values anew after a contract or consent of theirs began or ended; their row is locked."""
    classes = _classes(change.policy)
    if not classes:
        return
    await change.session.flush()
    before = change.ends.pop(subject_id, None)
    ended_on = change.ends[subject_id] = await _ended_on(change, subject_id)
    if subject_id in change.created and before == ended_on:
        return
    names = sorted(classes)
    records = select(RecordRow).where(col(RecordRow.subject_id) == subject_id, col(RecordRow.retention).in_(names))
    for record in (await change.session.execute(records)).scalars():
        started_on = local_date(record.observed_at)
        record.delete_after = retention_end(started_on, classes[record.retention], ended_on=ended_on)
    events = select(EventRow).where(col(EventRow.subject_id) == subject_id, col(EventRow.retention).in_(names))
    for event in (await change.session.execute(events)).scalars():
        started_on = local_date(event.occurred_at)
        event.delete_after = retention_end(started_on, classes[event.retention], ended_on=ended_on)


def _classes(policy: PolicyDocument) -> dict[str, RetentionClass]:
    return {name: one for name, one in policy.retention.items() if one.starts == _FROM_THE_END}


async def _ended_on(change: Change, subject_id: UUID) -> date | None:
    relationships = select(col(RelationshipRow.closed_at)).where(col(RelationshipRow.subject_id) == subject_id)
    ends = list((await change.session.execute(relationships)).scalars())
    consents = select(col(PermissionRow.state), col(PermissionRow.since), col(PermissionRow.expires_at)).where(
        col(PermissionRow.subject_id) == subject_id
    )
    for stored, since, expires_at in (await change.session.execute(consents)).all():
        state = ConsentState(stored)
        if state in VALID_CONSENT:
            ends.append(expires_at)
        elif state in _ENDED_CONSENT:
            ends.append(since)
    return last_end(ends)
