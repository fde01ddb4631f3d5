"""May we? The decision of a read without the read: nothing is opened, and it is recorded like one.

1. Refuse what needs no look at anybody.
2. Gather, decide and record as `disclose` does, with the same facts, rules and freshness.

A question about the past is decided under the policy of its day, with what was known then or what is known now. Today
has a say in who asks: whether the purpose is this client's, whether its credential counts, and how many people it may
look at on one day.

Legal: GDPR Art. 5(1)(b), Art. 5(2), Art. 7(1); § 7 UWG; R-5.2-1.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.event import EventTag
from policies.consent_history import fold
from policies.decision import Deny, Permit, Reason
from policies.documents import PolicyDocument, Purpose
from policies.evaluate import evaluate_gate, is_observed, observe
from policies.facts import AccessRequest, Permission
from policies.rules import purpose_limitation
from policies.standing import carrying
from policies.vocabulary import Category, Channel, LegalBasis, ReasonCode
from registry.consent_rows import declaration_of
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


Evidence = Mapping[UUID, Mapping[Category, UUID]]


async def evidence_of(
    registry: Registry,
    request: AccessRequest,
    decisions: Iterable[Permit | Deny],
    known: Known = Known.THEN,
) -> Evidence:
    """The declaration of consent that carries each permit: its event's id, by person and category of data.

    Other bases have none: nobody declared a contract, a notice or a sale to us under an id of ours.

    Args:
        registry: the collaborators.
        request: the question.
        decisions: what came of it, all under one policy.
        known: whether what was recorded after the decision's instant counts.

    Raises:
        NotReadyError: when looking took so long that the decision is no longer fresh.
    """
    permits = [one for one in decisions if isinstance(one, Permit) and LegalBasis.CONSENT in one.bases.values()]
    if not permits:
        return {}
    statement = select(ConsentEventRow).where(
        col(ConsentEventRow.subject_id).in_([permit.subject_id for permit in permits]),
        col(ConsentEventRow.purpose) == request.purpose,
    )
    policy: PolicyDocument | None = registry.policy
    began = time.monotonic()
    async with registry.database.reading() as session:
        if permits[0].policy_version != registry.policy.version:
            policy = await policy_at(registry, session, permits[0].as_of)
        rows = list((await session.execute(statement)).scalars())
    if time.monotonic() - began > FRESH_SECONDS:
        raise NotReadyError("looking for the proof takes longer than a decision stays fresh")
    if policy is None or request.purpose not in policy.purposes:
        return {}
    purpose = policy.purposes[request.purpose]
    history: dict[UUID, list[ConsentEventRow]] = defaultdict(list)
    for row in rows:
        history[row.subject_id].append(row)
    return {
        permit.subject_id: _carriers(request, purpose, permit, _known(history[permit.subject_id], permit.as_of, known))
        for permit in permits
    }


def _known(history: list[ConsentEventRow], as_of: datetime, known: Known) -> list[ConsentEventRow]:
    return [row for row in history if known is Known.NOW or row.recorded_at <= as_of]


def _carriers(
    request: AccessRequest, purpose: Purpose, permit: Permit, history: list[ConsentEventRow]
) -> dict[Category, UUID]:
    """The events behind the declarations that stand, for each category that rests on consent."""
    stand = fold([declaration_of(row) for row in history], permit.as_of).values()
    found: dict[Category, UUID] = {}
    for category, article in permit.bases.items():
        if article is LegalBasis.CONSENT:
            explicit = purpose.basis[category].explicit
            carriers = carrying(stand, request, purpose, permit.as_of, explicit=explicit)
            events = [row for row in history for one in carriers if _made(row, one)]
            if events:
                found[category] = max(events, key=attrgetter("sequence")).event_id
    return found


def _made(row: ConsentEventRow, one: Permission) -> bool:
    """Whether this event is what the state was folded from: a declaration without a channel speaks for each."""
    return (row.state, row.effective_at) == (one.state, one.since) and row.channel in {Channel.ANY, one.channel}
