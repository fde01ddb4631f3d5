"""The read: gather, decide, record, open. The only use case that lets values out.

1. Refuse what needs no look at anybody: unknown or inactive purpose, one that is not the client's or the role's. A
   purpose in observe mode is refused alike, and what it would have come to is recorded for each person.
2. Gather everything about the person in one round trip, with the database's clock.
3. Decide; where client and purpose have a number of people a day, take a place for each person first.
4. Record the outcome, permitted or refused, and wait until it is durable.
5. If recording took longer than a second, decide again: a withdrawal may have come in between.
   So too where the keys that were gathered were replaced, and their epoch ended, before anything was opened.
6. Open the permitted rows.

Legal: GDPR Art. 5(1)(b), (c), (f), Art. 5(2).
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import orjson

from audit.event import Entry, EventTag, Outcome, PersonRef, Recorded
from audit.log import split
from policies.decision import Deny, Observed, Permit, Reason, Withheld
from policies.documents import PolicyDocument
from policies.evaluate import beyond_budget, evaluate, evaluate_gate, is_observed, observe
from policies.facts import AccessRequest
from policies.vocabulary import FieldName, Operation, ReasonCode
from registry.budgets import take_places
from registry.context import Caller, Registry
from registry.database import Gathered, Versions
from registry.errors import KeyUnavailableError, NotReadyError
from registry.facts import addresses_for, facts_from, reviews_for
from registry.vault import Place, Sealed, open_sealed

MOST_SUBJECTS = 1000
FRESH_SECONDS = 1.0
OBSERVED = "observe"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What left: values by field (event fields hold lists, None = nothing stored), and what was withheld."""

    subject_id: UUID
    permit: Permit
    values: Mapping[FieldName, object] = field(repr=False)
    withheld: tuple[Withheld, ...]
    index: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing left; `index` is the entry that says so."""

    subject_id: UUID
    deny: Deny
    index: int


Outcomes = list[Disclosed | Refused]


async def disclose(
    registry: Registry,
    caller: Caller,
    request: AccessRequest,
    subject_ids: Sequence[UUID],
    operation: EventTag = EventTag.DISCLOSE,
) -> Outcomes:
    """Answer one question about 1 to 1,000 people, in their order; one audit entry for the call.

    Args:
        registry: the collaborators.
        caller: who asks; its code must be the request's client.
        request: purpose and fields.
        subject_ids: whose data; repeats are answered once.
        operation: what the entry calls it.

    Raises:
        AuditUnavailableError: when the outcome could not be recorded; nothing leaves.
        AuthenticationError: when the caller's token was voided meanwhile; recorded.
        NotReadyError: when the database or the policy is out of reach.
        SealBrokenError: when a stored value was tampered with.
    """
    ids = list(dict.fromkeys(subject_ids))
    if caller.staff_role != request.role:
        request = replace(request, role=caller.staff_role)
    for _ in range(_TRIES):
        began = time.monotonic()
        policy = registry.policy
        refused = evaluate_gate(request, policy)  # 1
        if refused is not None:
            observed = await observe_people(registry, caller, request, ids, policy)
            entry = entry_of(caller, request, policy, operation, [refused], observed)
            index = (await registry.log.append(entry, refused)).index
            return [Refused(id_, refused, index) for id_ in ids]
        gathered = await gather(registry, caller, request, ids, policy)  # 2
        ring = registry.ring.version
        decisions = await judge(registry, request, policy, [gathered[id_] for id_ in ids])  # 3
        entry = entry_of(caller, request, policy, operation, decisions)
        recorded = split(await registry.log.append(entry, decisions))  # 4
        if time.monotonic() - began <= FRESH_SECONDS:  # 5
            try:
                return [
                    _open(registry, policy, gathered[id_], decision)  # 6
                    for id_, decision in zip(ids, recorded, strict=True)
                ]
            except KeyUnavailableError:
                # An epoch that ended meanwhile took the keys with it that were gathered: they are there anew.
                if registry.ring.version == ring:
                    raise
    raise NotReadyError("recording takes longer than a decision stays fresh")


async def gather(
    registry: Registry, caller: Caller, request: AccessRequest, ids: Sequence[UUID], policy: PolicyDocument
) -> Mapping[UUID, Gathered]:
    """Everything a decision about these people needs, under the policy in force and for a caller who still counts.

    Raises:
        AuthenticationError: when the caller's token was voided meanwhile; recorded.
        NotReadyError: when the policy changed meanwhile.
    """
    fields = frozenset(request.fields)
    with_events = any(name in policy.fields and policy.fields[name].event for name in fields)
    addresses = addresses_for(policy, request.purpose)
    gathered = await registry.database.gather(
        ids,
        fields,
        with_events=with_events,
        addresses=addresses,
        with_reviews=reviews_for(policy, request.purpose),
    )
    await check_versions(registry, caller, policy, next(iter(gathered.values())).versions)
    return gathered


async def check_versions(registry: Registry, caller: Caller, policy: PolicyDocument, versions: Versions) -> None:
    """Make sure that the caller still counts, and that policy and keys are those that a gathering named.

    Raises:
        AuthenticationError, NotReadyError: as `gather`.
    """
    if caller.credential is not None and versions.clients_version != caller.credential.clients_version:
        await registry.check_credential(caller, versions.clients_version)
    if versions.policy_digest != policy.digest or versions.keys != registry.ring.version:
        await registry.learn(versions.policy_digest, versions.keys)
        if registry.policy.digest != policy.digest:
            raise NotReadyError("the policy changed while the question was being answered")


async def observe_people(
    registry: Registry, caller: Caller, request: AccessRequest, ids: Sequence[UUID], policy: PolicyDocument
) -> list[Observed]:
    """What a purpose in observe mode would have come to about these people, for the entry of its refusal alone.

    Nobody is looked at for any other refusal. No place of the day's number is taken: nothing is told.
    Errors as `gather`.
    """
    if not ids or not is_observed(request, policy):
        return []
    gathered = await gather(registry, caller, request, ids, policy)
    return [observe(request, policy, facts_from(gathered[id_], within_budget=True)) for id_ in ids]


async def judge(
    registry: Registry,
    request: AccessRequest,
    policy: PolicyDocument,
    gathered: Sequence[Gathered],
    counting: PolicyDocument | None = None,
) -> list[Permit | Deny]:
    """Decide about people who were gathered, in their order.

    Only who would be permitted takes a place in the client's number of today, which `counting` states; None = `policy`.
    Once that is used up, it speaks against everybody who was not counted, beside whatever else does.
    """
    subjects_per_day = (counting or policy).subjects_per_day(request.client, request.purpose)
    hoped = [evaluate(request, policy, facts_from(one, within_budget=True)) for one in gathered]
    if subjects_per_day is None:
        return hoped
    people: dict[UUID, bool] = {one.subject_id: isinstance(one, Permit) for one in hoped if one.subject_id is not None}
    told = await take_places(registry, request.client, request.purpose, people, subjects_per_day)
    return [
        decision
        if decision.subject_id is None or decision.subject_id in told
        else beyond_budget(evaluate(request, policy, facts_from(one, within_budget=False)))
        for decision, one in zip(hoped, gathered, strict=True)
    ]


def _open(
    registry: Registry, policy: PolicyDocument, gathered: Gathered, recorded: Recorded[Permit | Deny]
) -> Disclosed | Refused:
    """What leaves of one person, read by the policy that it was decided under."""
    decision = recorded.value
    if isinstance(decision, Deny):
        return Refused(gathered.subject_id, decision, recorded.index)
    sealed = [
        Sealed(
            Place(gathered.subject_id, value.item.category, value.item.field, value.item.row_id, value.version),
            value.key_version,
            value.sealed,
        )
        for value in gathered.values
        if value.item.row_id in decision.rows
    ]
    opened = open_sealed(sealed, recorded, registry.ring, gathered.keys)
    values: dict[FieldName, object] = dict.fromkeys(decision.fields)
    listed: dict[FieldName, list[object]] = {}
    for value in gathered.values:
        item = value.item
        if item.row_id not in opened:
            continue
        content = orjson.loads(opened[item.row_id])
        if policy.fields[item.field].event:
            listed.setdefault(item.field, []).append({"occurred_at": item.observed_at, **content})
        else:
            values[item.field] = content
    values.update(listed)
    return Disclosed(gathered.subject_id, decision, values, decision.withheld, recorded.index)


def entry_of(
    caller: Caller,
    request: AccessRequest,
    policy: PolicyDocument,
    operation: EventTag,
    decisions: Sequence[Permit | Deny],
    observed: Sequence[Observed] = (),
) -> Entry:
    """What the call is remembered as: one entry, one part for each person, decided about or only observed.

    Everybody in an entry gets the whole of it to verify. So grounds of one of several persons stand in their own part
    alone, and the entry is found by them without holding them (Art. 15(4)).
    """
    several = sum(decision.subject_id is not None for decision in decisions) > 1
    reasons = _codes([reason for decision in decisions for reason in _all_reasons(decision)])
    permits = [decision for decision in decisions if isinstance(decision, Permit)]
    about = _contact(request) + case_detail(request)
    asked = tuple(name for name in dict.fromkeys(request.fields) if name in policy.fields)
    return Entry(
        operation=operation,
        outcome=Outcome.PERMIT if permits else Outcome.DENY,
        client=caller.client,
        purpose=request.purpose if request.purpose in policy.purposes else "",
        bases=tuple(sorted({basis.value for permit in permits for basis in permit.bases.values()})),
        categories=tuple(sorted({category.value for permit in permits for category in permit.bases})),
        fields=asked,
        reasons=() if several else reasons,
        policy=policy.version,
        persons=tuple(
            PersonRef(one.subject_id, _detail(one, whole=several) + about)
            for one in (*decisions, *observed)
            if one.subject_id is not None
        ),
        actor=caller.actor,
        sought=reasons if several else (),
    )


def case_detail(request: AccessRequest) -> str:
    """What is added to each person's part of an entry where the question names its case."""
    return f",case:{case_check(request.case_reference)}" if request.case_reference else ""


def case_check(case_reference: str) -> str:
    """What the log keeps of a case number: 16 hex digits that whoever holds the file can work out again."""
    return hashlib.sha256(case_reference.encode()).hexdigest()[:16]


def _contact(request: AccessRequest) -> str:
    """By which channel somebody is to be contacted: each use of a consent is on record (§ 7a UWG; R-DE-UWG-5)."""
    asked = request.channel if request.operation is Operation.CONTACT else None
    return f",contact:{asked.name}" if asked else ""


def _all_reasons(decision: Permit | Deny) -> Sequence[Reason]:
    of_fields = [reason for part in decision.withheld for reason in part.reasons]
    return of_fields if isinstance(decision, Permit) else [*decision.reasons, *of_fields]


def _codes(reasons: Sequence[Reason]) -> tuple[str, ...]:
    found = {reason.code for reason in reasons}
    return tuple(code.value for code in ReasonCode if code in found) if found else ()


def _detail(decision: Permit | Deny | Observed, *, whole: bool) -> str:
    """What the call meant for this person: outcome and the fields let out or the grounds, in codes.

    Of a purpose that is only observed, what it would have meant, behind a word of its own: it counts as no disclosure.
    `whole`: with the grounds of fields that were withheld, which an entry about nobody else holds itself.
    """
    if isinstance(decision, Observed):
        would_be = ("deny", _codes(decision.reasons)) if decision.reasons else ("permit", decision.fields)
        return f"{OBSERVED}:{would_be[0]}:" + ",".join(would_be[1])
    withheld = _codes([reason for part in decision.withheld for reason in part.reasons]) if whole else ()
    if isinstance(decision, Permit):
        return "permit:" + ",".join(decision.fields) + (",withheld:" + ",".join(withheld) if withheld else "")
    codes = _codes(decision.reasons)
    return "deny:" + ",".join(dict.fromkeys([*codes, *withheld]))
