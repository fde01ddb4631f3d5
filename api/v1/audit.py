"""The audit log for those who control data protection: search, one entry with its proofs, checkpoint and tiles.

Looking at the log is recorded in the log before the answer leaves (R-AUD-8). Checkpoint and hashes say nothing about
anybody: every client may have them, so that somebody outside holds them and can follow how the log grows.

Legal: GDPR Art. 5(2), Art. 15(1)(c), Art. 33(3); R-AUD-4, R-AUD-7, R-AUD-8, R-33-2.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from api.deps import Authenticated, Call
from api.routes import LeanRoute
from api.v1.answers import answered, documented
from api.v1.schemas.audit import (
    AuditQuery,
    CheckpointOut,
    CheckpointQuery,
    EntriesOut,
    EntryQuery,
    ProvenEntryOut,
    TileOut,
)
from audit.event import ACTOR_POSITION, Entry, EventTag, Outcome, PersonRef
from audit.log import Filters, Logged, PersonProof
from registry.errors import NotFoundError

_CONTROL = "privacy_control"
EntryIndex = Annotated[int, Path(ge=0, le=2**62)]
TileLevel = Annotated[int, Path(ge=0, le=7)]
TileNumber = Annotated[int, Path(ge=0, le=2**54)]

router = APIRouter(route_class=LeanRoute, tags=["audit"])


@router.get("/v1/audit", **documented(EntriesOut, fails=(403,)))
async def search_log(call: Authenticated, query: Annotated[AuditQuery, Query()]) -> Response:
    """Entries that match every filter, newest first."""
    await _require_control(call)
    filters = Filters(
        person=query.person,
        actor=query.actor,
        purpose=query.purpose,
        client=query.client,
        operation=query.operation,
        outcome=query.outcome,
        reason=query.reason,
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
async def read_checkpoint(call: Authenticated, query: Annotated[CheckpointQuery, Query()]) -> Response:
    """A signed note over the whole log, to be kept outside, and that it continues one kept earlier."""
    log = call.registry.log
    if query.since is None:
        return answered({"checkpoint": await log.checkpoint(), "verifier_key": log.verifier_key, "consistency": []})
    grown = await log.prove_growth(query.since)
    return answered(
        {
            "checkpoint": grown.note,
            "verifier_key": log.verifier_key,
            "consistency": [one.hex() for one in grown.hashes],
        },
    )


@router.get("/v1/audit/tiles/{level}/{number}", **documented(TileOut, fails=(404,)))
async def read_tile(call: Authenticated, level: TileLevel, number: TileNumber) -> Response:
    """Up to 256 hashes of the tree (C2SP tlog-tiles): level 0 are entries, each further one 256 times as wide."""
    tile = await call.registry.log.tile(level, number)
    if not tile.hashes:
        raise NotFoundError("no such tile")
    hashes = [one.hex() for one in tile.hashes]
    return answered({"level": level, "number": number, "size": tile.size, "hashes": hashes})


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
