"""Customers come in, one or up to a thousand, and are found again by an identifier.

An identifier is personal data: it travels in the body, never in the address.
"""

from typing import Any

from fastapi import APIRouter, Response

from api import problems
from api.deps import Authenticated, Call
from api.routes import LeanRoute
from api.v1.answers import Telling, answered, documented, example_of, refusal
from api.v1.batches import Failed, check_contracts, chunks, given_subject, outcome_of, places_of, store
from api.v1.schemas.subjects import (
    LookupIn,
    LookupOut,
    SubjectIn,
    SubjectsIn,
    UpsertedManyOut,
    UpsertedOut,
    UpsertIn,
)
from audit.event import EventTag
from policies.vocabulary import PurposeId
from registry.errors import InvalidValueError, UnknownFieldError
from registry.finding import Identifier, NotAsked, find
from registry.subjects import Status, Upserted, upsert

router = APIRouter(route_class=LeanRoute, tags=["customers"])
_EXAMPLES = {
    "one": {"summary": "One customer", "value": example_of(SubjectIn)},
    "many": {"summary": "Up to 1,000 customers", "value": example_of(SubjectsIn)},
}


def _document() -> dict[str, Any]:
    kwargs = documented(UpsertedManyOut, _EXAMPLES, also={201: UpsertedOut}, fails=(403, 409, 413, 415))
    one_of = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in (SubjectIn, SubjectsIn)]
    kwargs["openapi_extra"]["requestBody"]["content"]["application/merge-patch+json"] = {
        "schema": {"oneOf": one_of},
        "examples": _EXAMPLES,
    }
    kwargs["responses"][200]["model"] = UpsertedManyOut | UpsertedOut
    return kwargs


@router.patch("/v1/subjects", **_document())
async def upsert_subjects(call: Authenticated, body: UpsertIn) -> Response:
    """Create or update by external id: what is absent stays untouched, a null clears.

    One customer: 201 when created, 200 when updated, 409 while an erased identifier stays blocked. Many: 200 with one
    outcome for each, in their order; each is stored or not on its own.
    """
    if isinstance(body, SubjectIn):
        return await _upsert_one(call, body)
    outcomes: list[Upserted | Failed] = []
    for chunk in chunks(given_subject(row) for row in body.items):
        outcomes += await store(call, chunk)
    return answered({"items": [outcome_of(one) for one in outcomes]})


@router.post("/v1/subjects/lookup", **documented(LookupOut, LookupIn, fails=(403, 413, 415)))
async def find_subjects(call: Authenticated, body: LookupIn) -> Response:
    """Everybody known under an identifier whom this purpose may read it of; a miss is recorded too."""
    identifier = Identifier(body.kind, body.value, body.source or "")
    found = await find(call.registry, call.caller, PurposeId(body.purpose), identifier, body.case_reference)
    if isinstance(found, NotAsked):
        return refusal(found.deny, found.index, Telling(call.policy, ()))
    return answered({"subject_ids": found.subject_ids})


async def _upsert_one(call: Call, body: SubjectIn) -> Response:
    given = given_subject(body)
    try:
        async with call.recording_refusals(EventTag.SUBJECT_UPDATE, body.collected_for):
            check_contracts(call, given)
            (one,) = await upsert(call.registry, call.caller, [given])
    except (UnknownFieldError, InvalidValueError) as error:
        return problems.respond(problems.kind_of(error), places=list(places_of(call.policy, given)))
    if one.status is Status.BLOCKED:
        return problems.respond(problems.BLOCKED)
    return answered(outcome_of(one), 201 if one.status is Status.CREATED else 200)
