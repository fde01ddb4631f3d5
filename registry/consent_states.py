"""Tells a client how consent stands to one purpose of its own, and tells it of one person at a time.

1. Refuse what needs no look at anybody: the same gate as a read's.
2. Nobody is told about who is not there.
3. Take a place in the client's number of people of today: knowing that somebody consented is knowing them.
4. Record, and only then tell.

Legal: GDPR Art. 5(1)(b), (f), Art. 5(2), Art. 32; R-5.1b-1.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.decision import Deny
from policies.documents import PolicyDocument
from policies.evaluate import evaluate_gate
from policies.facts import AccessRequest, Permission
from policies.rules import budget
from policies.vocabulary import SubjectId, SubjectStatus
from registry.budgets import take_places
from registry.consents import consents_of
from registry.context import Caller, Registry
from registry.database import Gathered
from registry.disclosure import case_detail, entry_of
from registry.errors import UnknownSubjectError
from registry.facts import facts_from


@dataclass(frozen=True, slots=True)
class Standing:
    """How consent to the purpose stands, channel by channel; `index` is the entry that says it was told."""

    permissions: list[Permission]
    index: int


@dataclass(frozen=True, slots=True)
class Untold:
    """Nothing is told; `index` is the entry that says so."""

    deny: Deny
    index: int


async def tell_consents(
    registry: Registry, caller: Caller, request: AccessRequest, subject_id: UUID, as_of: datetime | None = None
) -> Standing | Untold:
    """How one person's consent to the purpose of the question stands.

    Args:
        registry: the collaborators.
        caller: who asks; its code must be the request's client.
        request: the purpose, no fields; the case, where the purpose asks for one.
        subject_id: whose consent.
        as_of: as it was then (aware); None = now.

    Raises:
        UnknownSubjectError: nobody, or no longer; the caller records it.
        AuditUnavailableError: when it could not be recorded; nothing is told then.
    """
    policy = registry.policy
    refused = evaluate_gate(request, policy)  # 1
    if refused is None:
        gathered = (await registry.database.gather([subject_id], frozenset(), with_events=False))[subject_id]
        if gathered.status is not SubjectStatus.ACTIVE:  # 2
            raise UnknownSubjectError("no such subject")
        refused = await _over_budget(registry, request, policy, gathered)  # 3
    if refused is not None:
        entry = entry_of(caller, request, policy, EventTag.CONSENT_READ, [refused])
        return Untold(refused, (await registry.log.append(entry, refused)).index)
    told = [one for one in await consents_of(registry, subject_id, as_of) if one.purpose == request.purpose]
    entry = Entry(
        EventTag.CONSENT_READ,
        Outcome.PERMIT,
        client=caller.client,
        purpose=request.purpose,
        policy=policy.version,
        persons=(PersonRef(subject_id, request.purpose + case_detail(request)),),
        actor=caller.actor,
    )
    recorded = await registry.log.append(entry, told)  # 4
    return Standing(recorded.value, recorded.index)


async def _over_budget(
    registry: Registry, request: AccessRequest, policy: PolicyDocument, gathered: Gathered
) -> Deny | None:
    subjects_per_day = policy.subjects_per_day(request.client, request.purpose)
    if subjects_per_day is None:
        return None
    people = {gathered.subject_id: True}
    told = await take_places(registry, request.client, request.purpose, people, subjects_per_day)
    facts = facts_from(gathered, within_budget=gathered.subject_id in told)
    reasons = budget.check_person(subjects_per_day, facts)
    return Deny(SubjectId(gathered.subject_id), request.purpose, policy.version, reasons) if reasons else None
