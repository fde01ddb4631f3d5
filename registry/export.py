"""The answer to "what do you know about me?": everything stored, with purposes, recipients, periods and rights.

The values come through the same disclosure as every read, for the purpose `data_subject_request`; the rest is what
the registry itself knows about its handling of them.

Legal: GDPR Art. 15(1)-(3), Art. 12(1); R-15.1-1, R-15.1-3, R-5.1d-1.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from audit.event import EventTag
from policies.documents import FieldPart, PolicyDocument
from policies.facts import AccessRequest
from policies.vocabulary import ClientCode, FieldName, Operation, PurposeId
from registry.access_history import MOST_ACCESSES, access_log, recipients_told
from registry.coming_of_age import is_to_be_confirmed, majority_month_of
from registry.consents import consents_of
from registry.context import Caller, Registry
from registry.disclosure import Disclosed, disclose
from registry.errors import UnknownSubjectError
from registry.policy_history import documents_of
from registry.scores import model_told
from registry.tables import (
    ConsentEventRow,
    EventRow,
    HumanReviewRow,
    NoticeDeliveryRow,
    ObjectionRow,
    RecordRow,
    RelationshipRow,
    RequestRow,
    RestrictionRow,
)

OWN_PURPOSE = PurposeId("data_subject_request")


async def access_package(
    registry: Registry,
    caller: Caller,
    subject_id: UUID,
    *,
    before: int | None = None,
    most_accesses: int = MOST_ACCESSES,
) -> dict[str, Any]:
    """Everything about one person, as one document.

    Args:
        registry: the collaborators.
        caller: for whom.
        subject_id: about whom.
        before: show accesses older than this entry; a page shows them page by page.
        most_accesses: how many of them; recipients are told in full in any case.

    Raises:
        UnknownSubjectError: nobody, or no longer.
        AuditUnavailableError: when the access could not be recorded.
    """
    policy = registry.policy
    request = AccessRequest(
        ClientCode(caller.client),
        OWN_PURPOSE,
        tuple(FieldName(name) for name in policy.fields),
        Operation.EXPORT,
    )
    (outcome,) = await disclose(registry, caller, request, [subject_id], EventTag.EXPORT)
    if not isinstance(outcome, Disclosed):
        raise UnknownSubjectError("no such subject")
    held = {name: value for name, value in outcome.values.items() if value is not None}
    lines = await access_log(registry, subject_id, most_accesses, before)
    majority_month = await majority_month_of(registry, subject_id)
    recipients = await registry.log.recipients_of(subject_id)
    documents = await documents_of(registry, [one.policy for one in recipients])
    return {
        "subject_id": str(subject_id),
        "as_of": outcome.permit.as_of,
        "controller": policy.policy.controller.model_dump(),
        "values": await _described(registry, subject_id, held),
        "purposes": _purposes(policy, held),
        "recipients": recipients_told(documents, recipients),
        "consents": [
            {
                "purpose": permission.purpose,
                "channel": permission.channel,
                "state": permission.state,
                "since": permission.since,
                "explicit": permission.explicit,
                "parental": permission.parental,
                "to_be_confirmed": is_to_be_confirmed(policy, permission, majority_month, outcome.permit.as_of),
            }
            for permission in await consents_of(registry, subject_id)
        ],
        **await _kept_about(registry, subject_id),
        "accesses": [
            {
                "index": line.index,
                "at": line.at,
                "operation": line.operation,
                "outcome": line.outcome,
                "purpose": line.purpose,
                "recipient": line.recipient,
                "fields": line.fields,
            }
            for line in lines
        ],
        "rights": _RIGHTS,
        "complaint_to": policy.policy.controller.supervisory_authority,
    }


_RIGHTS = ("Art. 15", "Art. 16", "Art. 17", "Art. 18", "Art. 20", "Art. 21", "Art. 7(3)", "Art. 77")


def _purposes(policy: PolicyDocument, held: dict[FieldName, object]) -> list[dict[str, Any]]:
    """Purposes that can reach data this person really has (R-15.1-3)."""
    return [
        {
            "purpose": purpose_id,
            "title": purpose.title.model_dump(),
            "bases": sorted({basis.article.value for basis in purpose.basis.values()}),
            "fields": sorted(purpose.allowed & held.keys()),
        }
        for purpose_id, purpose in policy.purposes.items()
        if purpose.state == "active" and purpose.allowed & held.keys()
    ]


def _told(declared: FieldPart, value: object) -> dict[str, str] | None:
    """A coded value in words, where the policy has them."""
    words = declared.values.get(value) if isinstance(value, str) else None
    return words.model_dump() if words else None


async def _described(registry: Registry, subject_id: UUID, held: dict[FieldName, object]) -> list[dict[str, Any]]:
    """Each value with its category, source, times and end (R-5.1d-1)."""
    policy = registry.policy
    async with registry.database.reading() as session:
        records = {
            row.field: row
            for row in (
                await session.execute(select(RecordRow).where(col(RecordRow.subject_id) == subject_id))
            ).scalars()
        }
        events = list(
            (await session.execute(select(EventRow).where(col(EventRow.subject_id) == subject_id))).scalars(),
        )
    described = []
    for name, value in held.items():
        declared = policy.fields[name]
        row = records.get(name)
        ends = [one.delete_after for one in events if one.field == name and one.delete_after]
        described.append(
            {
                "field": name,
                "title": declared.title.model_dump(),
                "category": declared.category,
                "value": value,
                "value_title": _told(declared, value),
                "estimate": declared.estimate,
                "stale_since": row.stale_since if row else None,
                "model": model_told(policy, row),
                "origin": row.origin if row else sorted({one.origin for one in events if one.field == name}),
                "source": row.captured_by if row else sorted({one.captured_by for one in events if one.field == name}),
                "touchpoint": row.touchpoint
                if row
                else sorted({one.touchpoint for one in events if one.field == name}),
                "collected_for": row.collected_for
                if row
                else sorted({one.collected_for for one in events if one.field == name}),
                "observed_at": row.observed_at if row else None,
                "delete_after": row.delete_after if row else max(ends, default=None),
                "retention": policy.retention[declared.retention].ground.model_dump(),
            },
        )
    return described


async def _kept_about(registry: Registry, subject_id: UUID) -> dict[str, Any]:
    """Contracts, notices, declarations, objections, restrictions and requests."""
    async with registry.database.reading() as session:
        relationships = (
            await session.execute(select(RelationshipRow).where(col(RelationshipRow.subject_id) == subject_id))
        ).scalars()
        deliveries = (
            await session.execute(select(NoticeDeliveryRow).where(col(NoticeDeliveryRow.subject_id) == subject_id))
        ).scalars()
        declarations = (
            await session.execute(select(ConsentEventRow).where(col(ConsentEventRow.subject_id) == subject_id))
        ).scalars()
        objections = (
            await session.execute(select(ObjectionRow).where(col(ObjectionRow.subject_id) == subject_id))
        ).scalars()
        restrictions = (
            await session.execute(select(RestrictionRow).where(col(RestrictionRow.subject_id) == subject_id))
        ).scalars()
        reviews = (
            await session.execute(select(HumanReviewRow).where(col(HumanReviewRow.subject_id) == subject_id))
        ).scalars()
        requests = (await session.execute(select(RequestRow).where(col(RequestRow.subject_id) == subject_id))).scalars()
        return {
            "relationships": [
                {"kind": row.kind, "reference": row.reference, "opened_at": row.opened_at, "closed_at": row.closed_at}
                for row in relationships
            ],
            "notices": [
                {"notice": row.notice, "version": row.version, "delivered_at": row.delivered_at} for row in deliveries
            ],
            "declarations": [
                {
                    "purpose": row.purpose,
                    "channel": row.channel,
                    "state": row.state,
                    "effective_at": row.effective_at,
                    "method": row.method,
                    "parental_act": row.parental_act or None,
                    "parental_verification": row.parental_verification or None,
                    "touchpoint": row.touchpoint,
                    "notice": row.notice,
                    "notice_version": row.notice_version,
                    "notice_sha256": row.notice_sha256,
                }
                for row in declarations
            ],
            "objections": [
                {"purpose": row.purpose, "channel": row.channel, "state": row.state, "since": row.since}
                for row in objections
            ],
            "restrictions": [
                {
                    "category": row.category,
                    "field": row.field,
                    "ground": row.ground,
                    "since": row.since,
                    "lifted_at": row.lifted_at,
                }
                for row in restrictions
            ],
            "reviews": [
                {
                    "purpose": row.purpose,
                    "state": row.state,
                    "opened_at": row.opened_at,
                    "decided_at": row.decided_at,
                    "outcome": row.outcome or None,
                }
                for row in reviews
            ],
            "requests": [
                {"kind": row.kind, "state": row.state, "received_at": row.received_at, "due_on": row.due_on}
                for row in requests
            ],
        }
