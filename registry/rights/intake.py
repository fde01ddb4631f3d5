"""Takes a request in: from receipt on its clock runs, and what is contested or objected to is barred.

Legal: GDPR Art. 12(2), (3), Art. 16, Art. 18(1)(a), Art. 21(2), (3); R-12.3-1, R-16-2, R-21.1-1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from audit.event import EventTag
from policies.deadlines import due_on
from policies.documents import PolicyDocument
from policies.vocabulary import Channel, EventKind, FieldName, Origin, PurposeId, Touchpoint
from registry.context import Caller, Change, Registry
from registry.errors import InvalidValueError
from registry.journal import JournalKind
from registry.letters import ADVERTISING_OBJECTION
from registry.objections import write_objection
from registry.records import GivenValue, Value, check_value
from registry.rights.answer import write_answer, write_letter
from registry.rights.cases import RequestKind, RequestOverview, RequestState, entry_of, overview_of
from registry.rights.review import write_contest
from registry.tables import RequestRow, RestrictionRow, SubjectRow

CONTESTED = "18(1)(a)"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for beyond the kind.

    `values` are corrected values. `purpose` is the one objected to (None = advertising), or the one whose decision a
    human shall review; `statement` is what the person says to that decision.
    """

    values: Mapping[FieldName, Value] = field(default_factory=dict, repr=False)
    purpose: PurposeId | None = None
    channel: Channel = Channel.ANY
    statement: str = field(default="", repr=False)


async def receive_request(
    registry: Registry,
    caller: Caller,
    subject_id: UUID,
    kind: RequestKind,
    wish: Wish,
    touchpoint: Touchpoint = Touchpoint.PORTAL,
) -> RequestOverview:
    """Take a request in; its clock starts now (Art. 12(3)).

    What is contested is restricted from here on (Art. 18(1)(a)); an objection binds from here on, and so does the wish
    that a human looks at what a machine decides.

    Raises:
        UnknownSubjectError: nobody, or no longer.
        UnknownFieldError, InvalidValueError: when a corrected value cannot be stored.
    """
    async with registry.change() as change:
        subject = await change.lock_subject(subject_id)
        request_id = uuid4()
        row = RequestRow(
            subject_id=subject_id,
            request_id=request_id,
            kind=kind.value,
            state=RequestState.RECEIVED.value,
            touchpoint=touchpoint.value,
            received_at=change.now,
            due_on=due_on(change.now),
        )
        match kind:
            case RequestKind.RECTIFICATION:
                await _contest(change, subject, row, wish)
            case RequestKind.OBJECTION:
                await _object(change, subject, row, wish)
            case RequestKind.HUMAN_REVIEW:
                await write_contest(change, subject, row, wish.purpose or "", wish.statement)
            case RequestKind.ACCESS | RequestKind.ERASURE:
                pass
        change.session.add(row)
        change.record(entry_of(EventTag.REQUEST_RECEIVE, caller, change.policy, row))
    return overview_of(row)


async def _contest(change: Change, subject: SubjectRow, row: RequestRow, wish: Wish) -> None:
    if not wish.values:
        raise InvalidValueError("a rectification names the values to correct")
    for name, value in wish.values.items():
        check_value(change.policy, name, provided(change.policy, name, value), corrected=True, now=change.now)
        change.session.add(
            RestrictionRow(
                subject_id=row.subject_id,
                restriction_id=uuid4(),
                category=change.policy.fields[name].category.value,
                field=name,
                ground=CONTESTED,
                since=change.now,
            ),
        )
        change.journal(JournalKind.RESTRICTION, row.subject_id, name)
    payload = {"request_id": str(row.request_id), "values": dict(wish.values)}
    await write_letter(change, subject, EventKind.REQUEST_WISH, payload)


async def _object(change: Change, subject: SubjectRow, row: RequestRow, wish: Wish) -> None:
    if wish.purpose is not None and wish.purpose not in change.policy.purposes:
        raise InvalidValueError("no such purpose")
    await write_objection(change, subject.subject_id, wish.purpose, wish.channel)
    if wish.purpose is None or change.policy.purposes[wish.purpose].direct_marketing:
        await write_answer(change, subject, row, ADVERTISING_OBJECTION)
        row.state = RequestState.FULFILLED.value
        row.answered_at = change.now


def provided(policy: PolicyDocument, name: FieldName, value: Value) -> GivenValue:
    """A corrected value is provided by the person; it serves the first purpose that collects the field."""
    for purpose_id, purpose in policy.purposes.items():
        if name in purpose.collectable:
            return GivenValue(value, PurposeId(purpose_id), Origin.PROVIDED, Touchpoint.PORTAL)
    return GivenValue(value, PurposeId(""), Origin.PROVIDED, Touchpoint.PORTAL)
