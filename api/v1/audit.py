"""The audit log for those who control data protection: search, one entry with its proofs, the signed checkpoint.

Looking at the log is recorded in the log before the answer leaves (R-AUD-8). The checkpoint says nothing about
anybody: every client may have it, so that somebody outside holds it.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from api.deps import Authenticated, Call
from api.routes import LeanRoute
from api.v1.answers import answered, documented
from api.v1.schemas.audit import AuditQuery, CheckpointOut, EntriesOut, EntryQuery, ProvenEntryOut
from audit.event import ACTOR_POSITION, Entry, EventTag, Outcome, PersonRef
from audit.log import Filters, Logged, PersonProof
from registry.errors import NotFoundError

_CONTROL = "privacy_control"
EntryIndex = Annotated[int, Path(ge=0, le=2**62)]

router = APIRouter(route_class=LeanRoute, tags=["audit"])


@router.get("/v1/audit", **documented(EntriesOut, fails=(403,)))
async def search_log(call: Authenticated, query: Annotated[AuditQuery, Query()]) -> Response:
    """Entries that match every filter, newest first."""
    await _require_control(call)
    filters = Filters(
        person=query.person,
        purpose=query.purpose,
        client=query.client,
        operation=query.operation,
        outcome=query.outcome,
        since=query.since,
        until=query.until,
        before=int(query.cursor) if query.cursor else None,
    )
    found = await call.registry.log.search(filters, query.limit)
    await _record(call, (PersonRef(query.person, "search"),) if query.person else ())
    return answered(
        {
            "entries": [_told(one) for one in found],
            "next_cursor": str(found[-1].index) if len(found) == query.limit else None,
        },
    )


@router.get("/v1/audit/checkpoint", **documented(CheckpointOut))
async def read_checkpoint(call: Authenticated) -> Response:
    """A signed note over the whole log, to be kept outside."""
    log = call.registry.log
    return answered({"checkpoint": await log.checkpoint(), "verifier_key": log.verifier_key})


@router.get("/v1/audit/{index}", **documented(ProvenEntryOut, fails=(403, 404)))
async def read_entry(call: Authenticated, index: EntryIndex, query: Annotated[EntryQuery, Query()]) -> Response:
    """One entry with the proof that it stands in the log and, for one person, that it speaks of them."""
    await _require_control(call)
    log = call.registry.log
    entry = await log.entry(index)
    if entry is None:
        raise NotFoundError("no such entry")
    inclusion = await log.prove(index)
    members = [one for one in await log.persons_of(index) if one.position < ACTOR_POSITION]
    membership = await log.prove_person(index, query.person) if query.person else None
    await _record(call, tuple(PersonRef(one.person_ref, "entry") for one in members))
    return answered(
        {
            **_told(entry),
            "body": entry.body.decode(),
            "hash": entry.hash.hex(),
            "inclusion": {
                "size": inclusion.size,
                "hashes": [one.hex() for one in inclusion.hashes],
                "checkpoint": inclusion.note,
            },
            "members": [
                {"subject_id": one.person_ref, "position": one.position, "detail": one.detail} for one in members
            ],
            "membership": _opened(membership) if membership else None,
        },
    )


def _opened(proof: PersonProof) -> dict[str, Any]:
    return {
        "subject_id": proof.ref,
        "position": proof.position,
        "detail": proof.detail,
        "salt": proof.salt.hex(),
        "hashes": [one.hex() for one in proof.hashes],
    }


async def _require_control(call: Call) -> None:
    async with call.recording_refusals(EventTag.AUDIT_READ, _CONTROL):
        call.require_purpose(_CONTROL)


async def _record(call: Call, persons: tuple[PersonRef, ...]) -> None:
    entry = Entry(
        EventTag.AUDIT_READ,
        Outcome.PERMIT,
        client=call.caller.client,
        purpose=_CONTROL,
        policy=call.policy.version,
        persons=persons,
    )
    await call.registry.log.append(entry, None)


def _told(one: Logged) -> dict[str, Any]:
    tree = one.tree
    return {
        "index": one.index,
        "at": one.at,
        "operation": tree["op"],
        "outcome": tree["out"],
        "client": tree.get("cli", ""),
        "purpose": tree.get("pur", ""),
        "bases": tree.get("bas", []),
        "categories": tree.get("cat", []),
        "fields": tree.get("fld", []),
        "reasons": tree.get("why", []),
        "policy": tree.get("pol", ""),
        "persons": tree["n"],
    }
