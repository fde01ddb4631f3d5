"""What was known about people at a past instant: for questions like "could we write to them on 3 March?".

Two questions look alike. *As known then* counts only what had been recorded by that instant: it says whether whoever
decided then decided rightly. *As known now* also counts what arrived later about that time, such as a letter of
withdrawal entered days after it came: it says what was lawful.

Declarations of consent are kept for ever with both times. An objection is open until its request was decided, and one
without a request for ever; of contracts, notices and values one time is kept, and it serves both questions. What an
erasure took is not known at any time.

Legal: GDPR Art. 5(2), Art. 7(1), (3); R-5.2-1, R-7.3-4, R-7.3-7.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from policies.consent_history import Declaration, fold
from policies.documents import PolicyDocument
from policies.facts import Address, Delivery, Item, Objection, Relationship, Restriction
from policies.vocabulary import (
    Category,
    Channel,
    FieldName,
    ObjectionState,
    PurposeId,
    RelationshipKind,
    ReviewState,
    SubjectKind,
    SubjectStatus,
)
from registry.consent_rows import declaration_of
from registry.context import Registry
from registry.database import (
    CATEGORIES,
    ORIGINS,
    TOUCHPOINTS,
    Gathered,
    StoredReview,
    StoredValue,
    Versions,
    purposes_named,
)
from registry.policy_times import digest_at
from registry.rights.cases import RequestKind
from registry.tables import (
    ConsentEventRow,
    EventRow,
    HumanReviewRow,
    NoticeDeliveryRow,
    NoticeRow,
    ObjectionRow,
    RecordRow,
    RelationshipRow,
    RequestRow,
    RestrictionRow,
    SubjectRow,
)

_OF_THE_PAST = Versions("", 0, 0)


class Known(StrEnum):
    """As of when things are counted as known."""

    THEN = "then"
    NOW = "now"


async def policy_at(registry: Registry, session: AsyncSession, at: datetime) -> PolicyDocument | None:
    """The document that was in force; None = there was none yet, or it cannot be trusted any more."""
    digest = await digest_at(session, at)
    return await registry.document(session, digest) if digest else None


async def gather_at(
    session: AsyncSession, subject_ids: Sequence[UUID], fields: frozenset[str], at: datetime, known: Known
) -> dict[UUID, Gathered]:
    """What `Database.gather` would have found at `at`, without keys and sealed values.

    Args:
        session: one snapshot.
        subject_ids: whose.
        fields: which values.
        at: the instant (aware, UTC), not in the future.
        known: whether what was recorded later counts.
    """
    subjects = {row.subject_id: row for row in await _rows(session, SubjectRow, subject_ids)}
    consents = _grouped(await _rows(session, ConsentEventRow, subject_ids))
    objections = _grouped(await _rows(session, ObjectionRow, subject_ids))
    requests = _grouped(await _rows(session, RequestRow, subject_ids))
    restrictions = _grouped(await _rows(session, RestrictionRow, subject_ids))
    relationships = _grouped(await _rows(session, RelationshipRow, subject_ids))
    deliveries = _grouped(await _rows(session, NoticeDeliveryRow, subject_ids))
    records = _grouped(await _rows(session, RecordRow, subject_ids))
    events = _grouped(await _rows(session, EventRow, subject_ids))
    reviews = _grouped(await _rows(session, HumanReviewRow, subject_ids))
    named = await _named(session)
    found: dict[UUID, Gathered] = {}
    for id_ in subject_ids:
        subject = subjects.get(id_)
        if subject is None or subject.created_at > at:
            found[id_] = Gathered(id_, at, _OF_THE_PAST)
            continue
        stored = [row for row in records[id_] if row.collected_at <= at]
        found[id_] = Gathered(
            subject_id=id_,
            now=at,
            versions=_OF_THE_PAST,
            status=SubjectStatus(subject.status),
            kind=SubjectKind(subject.kind),
            majority_month=subject.majority_month,
            values=tuple(
                [_value(row, at) for row in stored if row.field in fields]
                + [_of_event(row) for row in events[id_] if row.collected_at <= at and row.field in fields]
            ),
            permissions=tuple(fold(_declared(consents[id_], at, known), at).values()),
            objections=tuple(_objection(row, requests[id_], at) for row in objections[id_] if row.since <= at),
            restrictions=tuple(
                Restriction(
                    Category(row.category) if row.category else None,
                    FieldName(row.field) if row.field else None,
                    row.since,
                )
                for row in restrictions[id_]
                if row.since <= at and (row.lifted_at is None or row.lifted_at > at)
            ),
            relationships=tuple(
                Relationship(RelationshipKind(row.kind), row.opened_at, row.closed_at) for row in relationships[id_]
            ),
            notices=tuple(
                Delivery(row.notice, row.version, named.get((row.notice, row.version), frozenset()), row.delivered_at)
                for row in deliveries[id_]
            ),
            addresses=tuple(_address(row) for row in stored),
            reviews=tuple(_review(row, at) for row in reviews[id_] if row.opened_at <= at),
        )
    return found


_Row = TypeVar(
    "_Row",
    SubjectRow,
    ConsentEventRow,
    ObjectionRow,
    RequestRow,
    RestrictionRow,
    RelationshipRow,
    NoticeDeliveryRow,
    RecordRow,
    EventRow,
    HumanReviewRow,
)


async def _rows(session: AsyncSession, table: type[_Row], subject_ids: Sequence[UUID]) -> list[_Row]:
    statement = select(table).where(col(table.subject_id).in_(subject_ids))
    return list((await session.execute(statement)).scalars())


def _grouped(rows: list[_Row]) -> dict[UUID, list[_Row]]:
    grouped: dict[UUID, list[_Row]] = defaultdict(list)
    for row in rows:
        grouped[row.subject_id].append(row)
    return grouped


async def _named(session: AsyncSession) -> dict[tuple[str, str], frozenset[str]]:
    """The purposes each version of each notice names: those that all its languages name."""
    named: dict[tuple[str, str], frozenset[str]] = {}
    for row in (await session.execute(select(NoticeRow))).scalars():
        key = (row.notice, row.version)
        named[key] = named.get(key, purposes_named(row.purposes)) & purposes_named(row.purposes)
    return named


def _declared(rows: list[ConsentEventRow], at: datetime, known: Known) -> list[Declaration]:
    return [declaration_of(row) for row in rows if known is Known.NOW or row.recorded_at <= at]


def _objection(row: ObjectionRow, requests: Sequence[RequestRow], at: datetime) -> Objection:
    """As it stood: what was decided about it counts from then on (Art. 21(1), 18(1)(d))."""
    purpose = PurposeId(row.purpose) if row.purpose else None
    decided = any(
        one.kind == RequestKind.OBJECTION and one.received_at == row.since and one.decided_at and one.decided_at <= at
        for one in requests
    )
    state = ObjectionState(row.state) if decided else ObjectionState.OPEN
    return Objection(row.direct_marketing, purpose, Channel(row.channel), state, row.since)


def _review(row: HumanReviewRow, at: datetime) -> StoredReview:
    done = row.decided_at is not None and row.decided_at <= at
    state = ReviewState.DECIDED if done else ReviewState.OPEN
    return StoredReview(row.purpose, state.value, row.decided_at if done else None, row.seen)


def _value(row: RecordRow, at: datetime) -> StoredValue:
    item = Item(
        row.record_id,
        FieldName(row.field),
        CATEGORIES[row.category],
        PurposeId(row.collected_for),
        ORIGINS[row.origin],
        row.observed_at,
        row.delete_after,
        row.stale_since is not None and row.stale_since <= at,
    )
    return StoredValue(item, row.version, row.key_version, b"")


def _of_event(row: EventRow) -> StoredValue:
    item = Item(
        row.event_id,
        FieldName(row.field),
        CATEGORIES[row.category],
        PurposeId(row.collected_for),
        ORIGINS[row.origin],
        row.occurred_at,
        row.delete_after,
    )
    return StoredValue(item, 1, row.key_version, b"")


def _address(row: RecordRow) -> Address:
    return Address(
        FieldName(row.field),
        PurposeId(row.collected_for),
        ORIGINS[row.origin],
        TOUCHPOINTS[row.touchpoint],
        row.collected_at,
    )
