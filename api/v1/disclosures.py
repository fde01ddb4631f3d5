"""The read: one purpose, named fields, one or many people; recorded before a byte leaves.

200 where any field is permitted, the others by name with their reasons; 403 where none is; 404 where there is
nobody, whether erased or never there.
"""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Response

from api.deps import AuthenticatedByFacts, Call
from api.routes import LeanRoute
from api.v1.answers import answered, documented, is_nobody, refusal, told, withheld
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
from policies.explain import rule_of
from policies.facts import AccessRequest
from policies.vocabulary import ClientCode, FieldName, LegalBasis, Operation, PurposeId, ReasonCode
from registry.decisions import Decided, Evidence, decide, decide_at, evidence_of
from registry.disclosure import Disclosed, Refused, disclose
from registry.identifiers import persons_behind

_RULES = {LegalBasis.CONSENT: "consent", LegalBasis.SOFT_OPT_IN: "soft_opt_in"}

router = APIRouter(route_class=LeanRoute, tags=["reading"])


@router.get("/v1/subjects/{subject_id}", **documented(DisclosureOut, fails=(403, 404)))
async def read_subject(
    call: AuthenticatedByFacts, subject_id: SubjectId, query: Annotated[ReadQuery, Query()]
) -> Response:
    """The permitted fields of one person, for one purpose."""
    request = _asking(call, query.purpose, query.fields.split(","), query.case_reference)
    (outcome,) = await disclose(call.registry, call.caller, request, [subject_id])
    if isinstance(outcome, Refused):
        return refusal(outcome.deny, outcome.index)
    return answered(
        {
            "subject_id": outcome.subject_id,
            "purpose": outcome.permit.purpose,
            "policy": outcome.permit.policy_version,
            **_let_out(outcome, request.fields, call),
            "log_index": outcome.index,
        },
    )


@router.post("/v1/disclosures", **documented(DisclosuresOut, DisclosuresIn, fails=(403, 413, 415)))
async def read_subjects(call: AuthenticatedByFacts, body: DisclosuresIn) -> Response:
    """The permitted fields of up to 1,000 people, in their order; one entry in the log."""
    request = _asking(call, body.purpose, body.fields, body.case_reference)
    ids = await _asked_for(call, body)
    outcomes = {one.subject_id: one for one in await disclose(call.registry, call.caller, request, ids)}
    first = next(iter(outcomes.values()))
    if isinstance(first, Refused) and _is_gate(first.deny):
        return refusal(first.deny, first.index)
    return answered(
        {
            "purpose": body.purpose,
            "policy": (first.deny if isinstance(first, Refused) else first.permit).policy_version,
            "log_index": first.index,
            "items": [_outcome(outcomes[id_], request.fields, call) for id_ in ids],
        },
    )


@router.post("/v1/decisions", **documented(DecisionsOut, DecisionsIn, fails=(403, 413, 415)))
async def decide_subjects(call: AuthenticatedByFacts, body: DecisionsIn) -> Response:
    """May we? The decision about up to 1,000 people, without any data; recorded like a read."""
    operation = Operation.READ if body.channel is None else Operation.CONTACT
    request = AccessRequest(
        ClientCode(call.caller.client),
        PurposeId(body.purpose),
        _fields(call, body.purpose, body.fields),
        operation,
        body.channel,
        body.case_reference,
    )
    ids = await _asked_for(call, body)
    if body.at is None:
        found = await decide(call.registry, call.caller, request, ids)
    else:
        found = await decide_at(call.registry, call.caller, request, ids, body.at, body.known)
    decided = {one.subject_id: one for one in found}
    first = next(iter(decided.values()))
    if isinstance(first.decision, Deny) and _is_gate(first.decision):
        return refusal(first.decision, first.index)
    evidence = await evidence_of(call.registry, request, [one.decision for one in found], body.known)
    return answered(
        {
            "purpose": body.purpose,
            "policy": first.decision.policy_version,
            "log_index": first.index,
            "items": [_decision(decided[id_], request.fields, call, evidence.get(id_, {})) for id_ in ids],
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


async def _asked_for(call: Call, body: DisclosuresIn | DecisionsIn) -> list[UUID]:
    """Whom the call is about. An unknown number becomes an id that nobody has: so it is answered and recorded alike."""
    if body.subject_ids:
        return body.subject_ids
    found = await persons_behind(call.registry, [(one.source, one.external_id) for one in body.external_ids])
    return [known or uuid4() for known in found]


def _is_gate(deny: Deny) -> bool:
    """Refused because of client and purpose alone, before anybody was looked at."""
    return deny.subject_id is None and not is_nobody(deny)


def _let_out(outcome: Disclosed, asked: Sequence[str], call: Call) -> dict[str, Any]:
    return {
        "as_of": outcome.permit.as_of,
        "fields": dict(outcome.values),
        "withheld": withheld(outcome.withheld, asked, call.policy),
    }


def _outcome(outcome: Disclosed | Refused, asked: Sequence[str], call: Call) -> dict[str, Any]:
    if isinstance(outcome, Disclosed):
        return {"outcome": "disclosed", "subject_id": outcome.subject_id, **_let_out(outcome, asked, call)}
    if is_nobody(outcome.deny):
        return {"outcome": "not_found"}
    return {"outcome": "refused", "subject_id": outcome.subject_id, "reasons": told(outcome.deny.reasons)}


def _decision(one: Decided, asked: Sequence[str], call: Call, evidence: Evidence) -> dict[str, Any]:
    decision = one.decision
    told_id = {} if isinstance(decision, Deny) and is_nobody(decision) else {"subject_id": one.subject_id}
    parts = withheld(decision.withheld, asked, call.policy)
    return {
        "permitted": isinstance(decision, Permit),
        **told_id,
        "fields": decision.fields if isinstance(decision, Permit) else [],
        "allowed": _allowed(decision, call, evidence) if isinstance(decision, Permit) else [],
        "withheld": [{**part, "reasons": _with_rule(part["reasons"])} for part in parts],
        "reasons": _with_rule(told(decision.reasons)) if isinstance(decision, Deny) else [],
    }


def _allowed(permit: Permit, call: Call, evidence: Evidence) -> list[dict[str, Any]]:
    """A field of the past that today's catalogue does not know any more is named without its article."""
    allowed: list[dict[str, Any]] = []
    for name in permit.fields:
        declared = call.policy.fields.get(name)
        article = permit.bases.get(declared.category) if declared else None
        proof = evidence.get(declared.category) if declared else None
        rule = _RULES.get(article, "lawful_basis") if article else ""
        allowed.append({"field": name, "article": article, "rule": rule, "evidence_id": proof})
    return allowed


def _with_rule(reasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**reason, "rule": rule_of(ReasonCode(reason["code"]), reason["cites"])} for reason in reasons]
