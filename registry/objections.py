"""Objections: against direct marketing at once and without reasons, against another purpose while it is weighed.

Legal: GDPR Art. 21(1)-(3), Art. 18(1)(d); R-21.1-1, R-21.2-1.
"""

from datetime import datetime
from uuid import UUID, uuid4

from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.vocabulary import Channel, ObjectionState, PurposeId
from registry.context import Caller, Change, Registry
from registry.errors import InvalidConsentError
from registry.journal import JournalKind
from registry.tables import ObjectionRow


async def object_to(
    registry: Registry, caller: Caller, subject_id: UUID, purpose: PurposeId | None, channel: Channel = Channel.ANY
) -> UUID:
    """Object to one purpose, or (`purpose` None) to direct marketing as a whole; binds from its commit.

    Raises:
        UnknownSubjectError: nobody, or no longer.
        InvalidConsentError: when there is no such purpose.
    """
    async with registry.change() as change:
        await change.lock_subject(subject_id)
        if purpose is not None and purpose not in change.policy.purposes:
            raise InvalidConsentError("no such purpose")
        objection_id = await write_objection(change, subject_id, purpose, channel)
        change.record(
            Entry(
                EventTag.OBJECTION,
                Outcome.DONE,
                client=caller.client,
                purpose=purpose or "",
                policy=change.policy.version,
                persons=(PersonRef(subject_id, purpose or "direct_marketing"),),
                actor=caller.actor,
            ),
        )
    return objection_id


async def write_objection(
    change: Change, subject_id: UUID, purpose: PurposeId | None, channel: Channel, since: datetime | None = None
) -> UUID:
    """Enter an objection of a person whose row is locked; `since` None = now."""
    objection_id = uuid4()
    declared = change.policy.purposes.get(purpose) if purpose is not None else None
    marketing = purpose is None or (declared is not None and declared.direct_marketing)
    change.session.add(
        ObjectionRow(
            subject_id=subject_id,
            objection_id=objection_id,
            direct_marketing=marketing,
            purpose=purpose,
            channel=channel.value,
            state=(ObjectionState.UPHELD if marketing else ObjectionState.OPEN).value,
            since=since or change.now,
        ),
    )
    change.journal(JournalKind.OBJECTION, subject_id, f"{purpose or 'direct_marketing'}:{channel.value}")
    return objection_id
