"""What is known about a request besides its content: kind, state, clock; and how it is listed and recorded.

Legal: GDPR Art. 12(3); R-12.3-1, R-AUD-3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.documents import PolicyDocument
from policies.vocabulary import PurposeId, Touchpoint
from registry.context import Caller, Change, Registry
from registry.errors import RequestStateError, UnknownRequestError
from registry.tables import RequestRow

OWN_PURPOSE = PurposeId("data_subject_request")


class RequestKind(StrEnum):
    """Which right is exercised; stored codes."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    OBJECTION = "objection"
    HUMAN_REVIEW = "human_review"


class RequestState(StrEnum):
    """Where a request stands; stored codes (REQUIREMENTS 2.4)."""

    RECEIVED = "received"
    FULFILLED = "fulfilled"
    PARTLY_FULFILLED = "partly_fulfilled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RequestOverview:
    """A request without its content."""

    request_id: UUID
    subject_id: UUID
    kind: RequestKind
    state: RequestState
    touchpoint: Touchpoint
    received_at: datetime
    due_on: date
    answered_at: datetime | None


async def requests(
    registry: Registry, subject_id: UUID | None = None, *, only_open: bool = False, limit: int = 100
) -> list[RequestOverview]:
    """Requests by due date, of one person or of all."""
    statement = select(RequestRow).order_by(col(RequestRow.due_on), col(RequestRow.received_at)).limit(limit)
    if subject_id is not None:
        statement = statement.where(col(RequestRow.subject_id) == subject_id)
    if only_open:
        statement = statement.where(col(RequestRow.state) == RequestState.RECEIVED.value)
    async with registry.database.reading() as session:
        return [overview_of(row) for row in (await session.execute(statement)).scalars()]


async def record_listing(registry: Registry, caller: Caller, listed: Sequence[RequestOverview]) -> None:
    """Record that requests were looked at (R-AUD-3)."""
    entry = Entry(
        EventTag.REQUEST_LIST,
        Outcome.DONE,
        client=caller.client,
        purpose="data_subject_request",
        policy=registry.policy.version,
        persons=tuple(PersonRef(subject_id) for subject_id in {one.subject_id for one in listed}),
        actor=caller.actor,
    )
    await registry.log.append(entry, None)


async def open_request(registry: Registry, subject_id: UUID, request_id: UUID) -> RequestOverview:
    """A request that is not decided yet.

    Raises:
        UnknownRequestError: no such request.
        RequestStateError: when it is decided.
    """
    async with registry.database.reading() as session:
        row = await session.get(RequestRow, (subject_id, request_id))
        if row is None:
            raise UnknownRequestError("no such request")
        if row.state != RequestState.RECEIVED.value:
            raise RequestStateError("this request is decided")
        return overview_of(row)


async def locked(change: Change, subject_id: UUID, request_id: UUID) -> RequestRow:
    """Its row, for the change that decides it; errors as `open_request`."""
    statement = (
        select(RequestRow)
        .where(col(RequestRow.subject_id) == subject_id, col(RequestRow.request_id) == request_id)
        .with_for_update()
    )
    row = (await change.session.execute(statement)).scalar_one_or_none()
    if row is None:
        raise UnknownRequestError("no such request")
    if row.state != RequestState.RECEIVED.value:
        raise RequestStateError("this request is decided")
    return row


def close(change: Change, row: RequestRow, caller: Caller, state: RequestState) -> None:
    """Note who decided it how, and that it is answered."""
    row.state = state.value
    row.decided_at = change.now
    row.decided_by = caller.actor
    row.answered_at = change.now


def overview_of(row: RequestRow) -> RequestOverview:
    """What is known of a request besides its content."""
    return RequestOverview(
        request_id=row.request_id,
        subject_id=row.subject_id,
        kind=RequestKind(row.kind),
        state=RequestState(row.state),
        touchpoint=Touchpoint(row.touchpoint),
        received_at=row.received_at,
        due_on=row.due_on,
        answered_at=row.answered_at,
    )


def entry_of(
    operation: EventTag,
    caller: Caller,
    policy: PolicyDocument,
    row: RequestRow,
    fields: tuple[str, ...] = (),
    digests: tuple[bytes, ...] = (),
) -> Entry:
    """The audit entry of a step of a request."""
    return Entry(
        operation,
        Outcome.DENY if row.state == RequestState.REFUSED.value else Outcome.DONE,
        client=caller.client,
        purpose="data_subject_request",
        fields=fields,
        policy=policy.version,
        persons=(PersonRef(row.subject_id, f"{row.kind}:{row.state}"),),
        actor=caller.actor,
        ciphertexts=digests,
    )
