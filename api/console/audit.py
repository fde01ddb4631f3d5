"""Shows the audit trail: search, one entry with its proof, and the whole log for an outsider to verify.

Reading the trail is itself in the trail, before the page leaves.

Legal: GDPR Art. 5(2), Art. 15(1)(c), Art. 32; R-AUD-3, R-AUD-4, R-AUD-7.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response, StreamingResponse

from api.console.cases import days_left
from api.console.site import CONSOLE, ConsoleRoute, Member, caller_of, record_reading
from api.pages import HIGHEST_INDEX, Held, Index, redirect, titles_of
from audit.event import ACTOR_POSITION, EventTag, Outcome, PersonRef
from audit.export import OpenedPerson, proof_file
from audit.log import PAGE, AuditLog, Filters, Logged
from audit.store import Opening
from policies.deadlines import TIME_ZONE, local_date
from policies.vocabulary import ReasonCode
from registry.access_logs import ClosingGround, close_access_log, is_closed_to_clerks
from registry.actors import Action, Staff
from registry.coming_of_age import to_confirm
from registry.context import Registry
from registry.errors import ForbiddenError, InvalidValueError, NotFoundError
from registry.rights import record_listing, requests, review_figures
from registry.staff_names import Need, Opinion, Weighed, naming_of

CHUNK_BYTES = 65_536

router = APIRouter(route_class=ConsoleRoute)


@router.get("/console")
async def overview(request: Request, registry: Held, staff: Member) -> Response:
    """Requests by due date, and the trail, filtered as the address says."""
    chosen = {name: request.query_params.get(name, "").strip() for name in _FILTERS}
    filters = _filters(chosen)
    left = filters.person is not None and await is_closed_to_clerks(registry, filters.person)
    if left and not staff.may(Action.EXPORT_AUDIT):
        await record_reading(registry, staff, outcome=Outcome.DENY)
        raise ForbiddenError("who accessed somebody no longer on file is locked to privacy control and legal claims")
    listed = await requests(registry, only_open=True)
    await record_listing(registry, caller_of(staff), listed)
    young = await to_confirm(registry)
    looked_at = [filters.person] if filters.person else []
    await record_reading(registry, staff, [PersonRef(one) for one in (*looked_at, *(one.subject_id for one in young))])
    entries = await registry.log.search(filters, PAGE + 1)
    today = local_date(await registry.database.now())
    return CONSOLE.page(
        request,
        "overview.html",
        signed_in=True,
        staff=staff,
        titles=titles_of(request),
        cases=[(one, days_left(one, today)) for one in listed],
        entries=entries[:PAGE],
        older=entries[PAGE - 1].index if len(entries) > PAGE else None,
        chosen=chosen,
        kept={name: value for name, value in chosen.items() if value and name != "before"},
        operations=list(EventTag),
        outcomes=list(Outcome),
        reasons=list(ReasonCode),
        grounds=list(ClosingGround) if left and staff.may(Action.CLOSE_ACCESS_LOG) else [],
        may_export=staff.may(Action.EXPORT_AUDIT),
        young=young,
        figures=await review_figures(registry) if staff.may(Action.EXPORT_AUDIT) else [],
    )


@router.get("/console/audit/export")
async def export(registry: Held, staff: Member) -> Response:
    """The log as an outsider verifies it, zipped; not for clerks."""
    if not staff.may(Action.EXPORT_AUDIT):
        await record_reading(registry, staff, operation=EventTag.AUDIT_EXPORT, outcome=Outcome.DENY)
        raise ForbiddenError("only the data protection officer and the decider export the log")
    await record_reading(registry, staff, operation=EventTag.AUDIT_EXPORT)
    file = await _zipped(registry.log)
    headers = {"Content-Disposition": 'attachment; filename="audit-log.zip"'}
    return StreamingResponse(_chunks(file), media_type="application/zip", headers=headers)


@router.post("/console/audit/close")
async def close(
    request: Request,
    registry: Held,
    staff: Member,
    person: Annotated[UUID, Form()],
    ground: Annotated[ClosingGround, Form()],
) -> Response:
    """Close the record of accesses to somebody no longer on file before its period ends; the decider alone."""
    caller = caller_of(staff)
    if not staff.may(Action.CLOSE_ACCESS_LOG):
        await record_reading(registry, staff, operation=EventTag.ACCESS_LOG_CLOSE, outcome=Outcome.DENY)
    await close_access_log(registry, caller, person, ground)
    return redirect(request, "/console#trail", operation=EventTag.ACCESS_LOG_CLOSE.value)


@router.get("/console/audit/{index}")
async def entry(request: Request, registry: Held, staff: Member, index: Index) -> Response:
    """One entry in words and as stored, whose it is, and its proof."""
    found, openings = await _recorded(registry, staff, index)
    return CONSOLE.page(
        request,
        "entry.html",
        signed_in=True,
        staff=staff,
        titles=titles_of(request),
        entry=found,
        persons=await _shown_to(registry, staff, [one for one in openings if one.position != ACTOR_POSITION]),
        actor=next((one.person_ref for one in openings if one.position == ACTOR_POSITION), None),
        **await _naming(registry, staff, index),
        proof=await registry.log.prove(index),
        verifier_key=registry.log.verifier_key,
    )


@router.get("/console/audit/{index}/proof.json")
async def proof(registry: Held, staff: Member, index: Index, person: UUID | None = None) -> Response:
    """An entry's proof as a file that `verify.py --proof` checks; with `person`, that it speaks of them."""
    found, _ = await _recorded(registry, staff, index)
    opened = None
    if person is not None:
        if not staff.may(Action.EXPORT_AUDIT) and await is_closed_to_clerks(registry, person):
            raise NotFoundError("no part of this person that a clerk may see")
        mine = await registry.log.prove_person(index, person)
        if mine is None:
            raise NotFoundError("no open part of this person in this entry")
        opened = OpenedPerson(mine.position, mine.ref, mine.detail, mine.salt, mine.hashes)
    shown = await registry.log.prove(index)
    text = proof_file(found.body, index, shown.hashes, shown.note, registry.log.verifier_key, opened)
    headers = {"Content-Disposition": f'attachment; filename="proof-{index}.json"'}
    return Response(text, media_type="application/json", headers=headers)


_FILTERS = ("person", "actor", "purpose", "client", "operation", "outcome", "reason", "since", "until", "before")


def _filters(chosen: dict[str, str]) -> Filters:
    """What to search for; days are days in Germany, the last one included.

    Raises:
        InvalidValueError: when a filter has not its form.
    """
    before = chosen["before"]
    if not all(value.isprintable() for value in chosen.values()) or (before and not before.isdecimal()):
        raise InvalidValueError("a filter has not its form")
    try:
        since = date.fromisoformat(chosen["since"]) if chosen["since"] else None
        until = date.fromisoformat(chosen["until"]) if chosen["until"] else None
        return Filters(
            person=UUID(chosen["person"]) if chosen["person"] else None,
            actor=UUID(chosen["actor"]) if chosen["actor"] else None,
            purpose=chosen["purpose"] or None,
            client=chosen["client"] or None,
            operation=EventTag(chosen["operation"]).value if chosen["operation"] else None,
            outcome=Outcome(chosen["outcome"]).value if chosen["outcome"] else None,
            reason=ReasonCode(chosen["reason"]).value if chosen["reason"] else None,
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until else None,
            before=min(int(before), HIGHEST_INDEX) if before else None,
        )
    except (ValueError, OverflowError):
        raise InvalidValueError("a filter has not its form") from None


def _midnight(on: date) -> datetime:
    """When a day begins in Germany, as both engines can compare it.

    Raises:
        OverflowError: before the first instant that a calendar of UTC has.
    """
    return datetime.combine(on, time.min, TIME_ZONE).astimezone(UTC)


async def _shown_to(registry: Registry, staff: Staff, openings: Sequence[Opening]) -> Sequence[Opening]:
    """Whom a member of staff may see in an entry: a clerk nobody who is no longer on file."""
    if staff.may(Action.EXPORT_AUDIT):
        return openings
    return [one for one in openings if not await is_closed_to_clerks(registry, one.person_ref)]


async def _naming(registry: Registry, staff: Staff, index: int) -> dict[str, Any]:
    """How far the naming of whoever acted has come, for those who may know, and what this reader may do about it."""
    naming = await naming_of(registry, index) if staff.may(Action.EXPORT_AUDIT) else None
    undecided = naming is not None and naming.release is None and naming.staff_id != staff.staff_id
    advised = naming is not None and naming.opinion is not None
    return {
        "naming": naming,
        "opinions": list(Opinion) if undecided and staff.may(Action.ADVISE_ON_NAME) else [],
        "needs": list(Need) if undecided and advised and staff.may(Action.RELEASE_NAME) else [],
        "weighings": list(Weighed),
    }


async def _recorded(registry: Registry, staff: Staff, index: int) -> tuple[Logged, Sequence[Opening]]:
    """An entry and whose it is, once the reading is recorded.

    Raises:
        NotFoundError: no such entry.
    """
    found = await registry.log.entry(index)
    if found is None:
        raise NotFoundError("no such entry")
    openings = await registry.log.persons_of(index)
    await record_reading(registry, staff, [PersonRef(one.person_ref) for one in openings])
    return found, openings


async def _zipped(log: AuditLog) -> IO[bytes]:
    """The export in one file that has no name and goes with the answer."""
    with tempfile.TemporaryDirectory(prefix="audit-export-") as folder:
        await log.export(Path(folder) / "audit-log")
        path = await asyncio.to_thread(shutil.make_archive, f"{folder}/zipped", "zip", folder, "audit-log")
        return await asyncio.to_thread(Path(path).open, "rb")


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
