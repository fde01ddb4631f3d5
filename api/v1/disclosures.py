"""The read: one purpose, named fields, one or many people; recorded before a byte leaves.

200 where any field is permitted, the others by name with their reasons; 403 where none is; 404 where there is
nobody, whether erased or never there.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Response

from api.deps import AuthenticatedByFacts, Call
from api.routes import LeanRoute
from api.v1.answers import Telling, answered, documented, is_nobody, refusal
from api.v1.schemas.disclosures import (
    EVERYTHING,
    DecisionsIn,
    DecisionsOut,
    DisclosureOut,
    DisclosuresIn,
    DisclosuresOut,
    ReadQuery,
)
from api.v1.schemas.shape import SubjectId
from policies.decision import Deny, Permit
from policies.facts import AccessRequest
from policies.rules import address
from policies.vocabulary import Channel, ClientCode, FieldName, Operation, PurposeId
from registry.decisions import Decided, decide, decide_at, evidence_of
from registry.disclosure import Disclosed, Refused, disclose
from registry.identifiers import persons_behind

router = APIRouter(route_class=LeanRoute, tags=["reading"])


@router.get("/v1/subjects/{subject_id}", **documented(DisclosureOut, fails=(403, 404)))
async def read_subject(
    call: AuthenticatedByFacts, subject_id: SubjectId, query: Annotated[ReadQuery, Query()]
) -> Response:
    """The permitted fields of one person, for one purpose."""
    request = _asking(call, query.purpose, query.fields.split(","), query.case_reference)
    (outcome,) = outcomes = await disclose(call.registry, call.caller, request, [subject_id])
    telling = await _telling(call, request, outcomes, explain=query.explain)
    if isinstance(outcome, Refused):
        return refusal(outcome.deny, outcome.index, telling)
    return answered(
        {
            "subject_id": outcome.subject_id,
            "purpose": outcome.permit.purpose,
            "policy": outcome.permit.policy_version,
            **_let_out(outcome, telling),
            "log_index": outcome.index,
        },
    )


@router.post("/v1/disclosures", **documented(DisclosuresOut, DisclosuresIn, fails=(403, 413, 415)))
async def read_subjects(call: AuthenticatedByFacts, body: DisclosuresIn) -> Response:
    """The permitted fields of up to 1,000 people, in their order; one entry in the log."""
    request = _asking(call, body.purpose, body.fields, body.case_reference)
    ids = await _asked_for(call, body)
    found = await disclose(call.registry, call.caller, request, ids)
    telling = await _telling(call, request, found, explain=body.explain)
    outcomes = {one.subject_id: one for one in found}
    first = found[0]
    if isinstance(first, Refused) and _is_gate(first.deny):
        return refusal(first.deny, first.index, telling)
    return answered(
        {
            "purpose": body.purpose,
            "policy": (first.deny if isinstance(first, Refused) else first.permit).policy_version,
            "log_index": first.index,
            "items": [_outcome(outcomes[id_], telling) for id_ in ids],
        },
    )


@router.post("/v1/decisions", **documented(DecisionsOut, DecisionsIn, fails=(403, 413, 415)))
async def decide_subjects(call: AuthenticatedByFacts, body: DecisionsIn) -> Response:
    """May we? The decision about up to 1,000 people, without any data; recorded like a read."""
    operation = Operation.READ if body.channel is None else Operation.CONTACT
    request = AccessRequest(
        ClientCode(call.caller.client),
        PurposeId(body.purpose),
        _with_address(call, body.purpose, _fields(call, body.purpose, body.fields), body.channel),
        operation,
        body.channel,
        body.case_reference,
    )
    ids = await _asked_for(call, body)
    if body.at is None:
        found = await decide(call.registry, call.caller, request, ids)
    else:
        found = await decide_at(call.registry, call.caller, request, ids, body.at, body.known)
    evidence = await evidence_of(call.registry, request, [one.decision for one in found], body.known)
    telling = Telling(call.policy, request.fields, evidence)
    decided = {one.subject_id: one for one in found}
    first = found[0]
    if isinstance(first.decision, Deny) and _is_gate(first.decision):
        return refusal(first.decision, first.index, telling)
    return answered(
        {
            "purpose": body.purpose,
            "policy": first.decision.policy_version,
            "log_index": first.index,
            "items": [_decision(decided[id_], telling) for id_ in ids],
        },
    )


def _asking(call: Call, purpose: str, fields: Sequence[str], case: str | None = None) -> AccessRequest:
    asked = _fields(call, purpose, fields)
    return AccessRequest(ClientCode(call.caller.client), PurposeId(purpose), asked, case_reference=case)


def _fields(call: Call, purpose: str, asked: Sequence[str]) -> tuple[FieldName, ...]:
    """The fields asked for; `*` stands for the purpose's own, in the catalogue's order."""
    if EVERYTHING not in asked:
        return tuple(FieldName(name) for name in asked)
    known = call.policy.purposes.get(purpose)
    return tuple(FieldName(name) for name in call.policy.fields if known is not None and name in known.allowed)


def _with_address(
    call: Call, purpose: str, asked: tuple[FieldName, ...], channel: Channel | None
) -> tuple[FieldName, ...]:
    """A contact is about its address too: the fields of the purpose that hold one, asked for or not."""
    known = call.policy.purposes.get(purpose)
    own = [name for name in call.policy.fields if known is not None and name in known.allowed]
    return tuple(dict.fromkeys([*asked, *address.fields_of(call.policy, channel, own)]))


async def _asked_for(call: Call, body: DisclosuresIn | DecisionsIn) -> list[UUID]:
    """Whom the call is about. An unknown number becomes an id that nobody has: so it is answered and recorded alike."""
    if body.subject_ids:
        return body.subject_ids
    found = await persons_behind(call.registry, [(one.source, one.external_id) for one in body.external_ids])
    return [known or uuid4() for known in found]


def _is_gate(deny: Deny) -> bool:
    """Refused because of client and purpose alone, before anybody was looked at."""
    return deny.subject_id is None and not is_nobody(deny)


async def _telling(
    call: Call, request: AccessRequest, outcomes: Iterable[Disclosed | Refused], *, explain: bool
) -> Telling:
    """A read explains itself where it is asked to: the declarations behind it are a look of their own."""
    if not explain:
        return Telling(call.policy, request.fields)
    permits = [one.permit for one in outcomes if isinstance(one, Disclosed)]
    return Telling(call.policy, request.fields, await evidence_of(call.registry, request, permits))


def _let_out(outcome: Disclosed, telling: Telling) -> dict[str, Any]:
    explained = {"allowed": telling.allowed(outcome.permit)} if telling.explains else {}
    return {
        "as_of": outcome.permit.as_of,
        "fields": dict(outcome.values),
        **explained,
        "withheld": telling.withheld(outcome.withheld),
    }


def _outcome(outcome: Disclosed | Refused, telling: Telling) -> dict[str, Any]:
    if isinstance(outcome, Disclosed):
        return {"outcome": "disclosed", "subject_id": outcome.subject_id, **_let_out(outcome, telling)}
    deny = outcome.deny
    if is_nobody(deny):
        return {"outcome": "not_found"}
    of_fields = {"withheld": telling.withheld(deny.withheld)} if telling.explains else {}
    return {
        "outcome": "refused",
        "subject_id": outcome.subject_id,
        "reasons": telling.reasons(deny.reasons),
        **of_fields,
    }


def _decision(one: Decided, telling: Telling) -> dict[str, Any]:
    decision = one.decision
    told_id = {} if isinstance(decision, Deny) and is_nobody(decision) else {"subject_id": one.subject_id}
    permit = decision if isinstance(decision, Permit) else None
    return {
        "permitted": permit is not None,
        **told_id,
        "fields": permit.fields if permit else [],
        "allowed": telling.allowed(permit) if permit else [],
        "withheld": telling.withheld(decision.withheld),
        "reasons": telling.reasons(decision.reasons) if isinstance(decision, Deny) else [],
    }
