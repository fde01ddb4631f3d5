"""May we? The decision of a read without the read: nothing is opened, and it is recorded like one.

1. Refuse what needs no look at anybody.
2. Gather, decide and record as `disclose` does, with the same facts, rules and freshness.

A question about the past is decided under the policy of its day, with what was known then or what is known now. Today
has a say in who asks: whether the purpose is this client's, whether its credential counts, and how many people it may
look at on one day.

Legal: GDPR Art. 5(1)(b), Art. 5(2), Art. 7(1); § 7 UWG; R-5.2-1.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.event import EventTag
from policies.decision import Deny, Permit, Reason
from policies.documents import PolicyDocument
from policies.evaluate import evaluate_gate, is_observed, observe
from policies.facts import AccessRequest
from policies.rules import purpose_limitation
from policies.vocabulary import VALID_CONSENT, Channel, LegalBasis, ReasonCode
from registry.context import Caller, Registry
from registry.database import Gathered, Versions
from registry.disclosure import FRESH_SECONDS, check_versions, entry_of, gather, judge, observe_people
from registry.errors import InvalidValueError, NotReadyError
from registry.facts import facts_from
from registry.past import Known, gather_at, policy_at
from registry.tables import ConsentEventRow, StateRow

_TRIES = 3
_NO_POLICY = Reason(ReasonCode.FAIL_CLOSED, ("GDPR Art. 5(2)",))


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision about one person; `index` is the entry that says so."""

    subject_id: UUID
    decision: Permit | Deny
    index: int


async def decide(
    registry: Registry,
    caller: Caller,
    request: AccessRequest,
    subject_ids: Sequence[UUID],
    operation: EventTag = EventTag.DECIDE,
) -> list[Decided]:
    """Decide one question about 1 to 1,000 people, in their order; repeats are decided once.

    Args:
        registry: the collaborators.
        caller: who asks; its code must be the request's client.
        request: purpose, fields and channel.
        subject_ids: whom it is about.
        operation: what the entry calls it.

    Raises:
        AuditUnavailableError: when the outcome could not be recorded; nothing is told then.
        NotReadyError: when the database or the policy is out of reach.
    """
    ids = list(dict.fromkeys(subject_ids))
    for _ in range(_TRIES):
        began = time.monotonic()
        policy = registry.policy
        decisions: list[Permit | Deny]
        refused = evaluate_gate(request, policy)  # 1
        if refused is not None:
            observed = await observe_people(registry, caller, request, ids, policy)
            entry = entry_of(caller, request, policy, operation, [refused], observed)
            decisions = [refused] * len(ids)
        else:
            gathered = await gather(registry, caller, request, ids, policy)  # 2
            decisions = await judge(registry, request, policy, [gathered[id_] for id_ in ids])
            entry = entry_of(caller, request, policy, operation, decisions)
        recorded = await registry.log.append(entry, decisions)
        if time.monotonic() - began <= FRESH_SECONDS:
            return [Decided(id_, decision, recorded.index) for id_, decision in zip(ids, recorded.value, strict=True)]
    raise NotReadyError("recording takes longer than a decision stays fresh")


async def decide_at(
    registry: Registry,
    caller: Caller,
    request: AccessRequest,
    subject_ids: Sequence[UUID],
    at: datetime,
    known: Known = Known.THEN,
) -> list[Decided]:
    """Decide one question as it stood at a past instant, for 1 to 1,000 people, in their order.

    Args:
        registry: the collaborators.
        caller: who asks.
        request: purpose, fields and channel.
        subject_ids: whom it is about; repeats are decided once.
        at: the instant (aware).
        known: whether what was recorded after `at` counts.

    Raises:
        InvalidValueError: when `at` lies in the future.
        AuthenticationError: when the caller's token was voided meanwhile; recorded.
        NotReadyError: when the policy changed meanwhile.
        AuditUnavailableError: when the outcome could not be recorded; nothing is told then.
    """
    ids = list(dict.fromkeys(subject_ids))
    at = at.astimezone(UTC)
    if at > await registry.database.now():
        raise InvalidValueError("at lies in the future")
    today = registry.policy
    gathered: dict[UUID, Gathered] = {}
    async with registry.database.reading() as session:
        versions = await _versions(session)
        then = await policy_at(registry, session, at)
        policy, refused = _asked_at(request, today, then)  # 1
        observing = policy is then and is_observed(request, policy)
        if refused is None or observing:
            gathered = await gather_at(session, ids, frozenset(request.fields), at, known)  # 2
    await check_versions(registry, caller, today, versions)
    decisions: list[Permit | Deny]
    if refused is None:
        counting = today if request.purpose in today.purposes else policy
        decisions = await judge(registry, request, policy, [gathered[id_] for id_ in ids], counting)
        entry = entry_of(caller, request, policy, EventTag.DECIDE, decisions)
    else:
        decisions = [refused] * len(ids)
        people = [facts_from(gathered[id_], within_budget=True) for id_ in ids] if observing else []
        observed = [observe(request, policy, facts) for facts in people]
        entry = entry_of(caller, request, policy, EventTag.DECIDE, [refused], observed)
    recorded = await registry.log.append(entry, decisions)
    return [Decided(id_, decision, recorded.index) for id_, decision in zip(ids, recorded.value, strict=True)]


def _asked_at(
    request: AccessRequest, today: PolicyDocument, then: PolicyDocument | None
) -> tuple[PolicyDocument, Deny | None]:
    """Which policy decides, and what it refuses without a look at anybody: whose purpose it is today, the rest then."""
    not_the_clients = purpose_limitation.check_asker(request, today)
    if not_the_clients or then is None:
        return today, Deny(None, request.purpose, today.version, not_the_clients or (_NO_POLICY,))
    return then, evaluate_gate(request, then)


async def _versions(session: AsyncSession) -> Versions:
    state = select(col(StateRow.policy_digest), col(StateRow.clients_version), col(StateRow.keys_version))
    return Versions(*(await session.execute(state)).one())


async def evidence_of(
    registry: Registry, request: AccessRequest, decided: Sequence[Decided], known_until: datetime | None = None
) -> dict[UUID, UUID]:
    """The declaration of consent that carries each permit: its event's id, by person; none for other bases.

    Args:
        registry: the collaborators.
        request: the question.
        decided: what came of it.
        known_until: leave out what was recorded later (aware); None = count everything.
    """
    permits = [
        one.decision
        for one in decided
        if isinstance(one.decision, Permit) and LegalBasis.CONSENT in one.decision.bases.values()
    ]
    if not permits:
        return {}
    statement = (
        select(col(ConsentEventRow.subject_id), col(ConsentEventRow.event_id))
        .where(
            col(ConsentEventRow.subject_id).in_([permit.subject_id for permit in permits]),
            col(ConsentEventRow.purpose) == request.purpose,
            col(ConsentEventRow.state).in_([state.value for state in VALID_CONSENT]),
            col(ConsentEventRow.effective_at) <= max(permit.as_of for permit in permits),
        )
        .order_by(col(ConsentEventRow.effective_at), col(ConsentEventRow.sequence))
    )
    if known_until is not None:
        statement = statement.where(col(ConsentEventRow.recorded_at) <= known_until)
    if request.channel is not None:
        channels = [Channel.ANY.value, request.channel.value]
        statement = statement.where(col(ConsentEventRow.channel).in_(channels))
    async with registry.database.reading() as session:
        return {row[0]: row[1] for row in await session.execute(statement)}
