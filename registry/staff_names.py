"""Names whoever acted in an entry, when a person needs it: after the data protection officer's opinion, by the decider.

Employees act for the controller and are not its recipients: who asks who looked is told the system, not the name. The
name is due only where it is indispensable for the person's rights, and the employee's own rights were weighed
(C-579/21, para 83). Both halves of that balance are codes in the log's entry of the release, beside the opinion before
it; the log is the only place that knows of the release, so that no name is shown without its entry.

Legal: GDPR Art. 15(1), (4), Art. 38(6), Art. 39(1)(b); §26 BDSG; C-579/21; R-15.1-4, R-DE-WORK-1.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from audit.event import ACTOR_POSITION, Entry, EventTag, Outcome, PersonRef
from audit.log import Logged
from registry.actors import Action, may
from registry.context import Caller, Registry
from registry.errors import ForbiddenError, NotFoundError, RequestStateError
from registry.tables import StaffRow

PURPOSE = "privacy_control"


class Opinion(StrEnum):
    """What the data protection officer advises; the decider may decide otherwise (Art. 38(6), 39(1)(b))."""

    FOR = "NAME_ADVISED"
    AGAINST = "NAME_NOT_ADVISED"


class Need(StrEnum):
    """Why the name is indispensable for the rights of the person, or owed to somebody else."""

    ACCESS_IN_DOUBT = "ACCESS_IN_DOUBT"
    LEGAL_CLAIM = "LEGAL_CLAIM"
    ORDERED = "ORDERED"


class Weighed(StrEnum):
    """How the employee's own rights were taken into account."""

    HEARD_AGREED = "HEARD_AGREED"
    HEARD_OUTWEIGHED = "HEARD_OUTWEIGHED"
    NOT_HEARD = "NOT_HEARD"


@dataclass(frozen=True, slots=True)
class Naming:
    """How far the naming of whoever acted in an entry has come.

    `release` is the index of the entry that released the name; only with it is `login` known.
    """

    index: int
    staff_id: UUID
    opinion: Opinion | None = None
    release: int | None = None
    login: str = ""


async def naming_of(registry: Registry, index: int) -> Naming | None:
    """What the log says of naming whoever acted in an entry; None = no member of staff, or closed since."""
    openings = await registry.log.persons_of(index)
    actor = next((one.person_ref for one in openings if one.position == ACTOR_POSITION), None)
    login = await _login(registry, actor) if actor is not None else None
    if actor is None or login is None:
        return None
    advised = await _entry_about(registry, actor, EventTag.NAME_ADVISE, f"advised:{index}")
    opinion = Opinion(advised.tree["why"][0]) if advised else None
    released = await _entry_about(registry, actor, EventTag.NAME_RELEASE, f"named:{index}")
    if released is None:
        return Naming(index, actor, opinion)
    return Naming(index, actor, opinion, released.index, login)


async def advise(registry: Registry, caller: Caller, index: int, opinion: Opinion) -> None:
    """Record the data protection officer's opinion; the newest one counts.

    Raises:
        ForbiddenError: from anybody else.
        NotFoundError: when no member of staff acted in this entry.
        RequestStateError: when it is their own name, or the name is out.
    """
    if not may(caller, Action.ADVISE_ON_NAME):
        raise ForbiddenError("the data protection officer advises")
    naming = await _open_naming(registry, caller, index)
    await _record(registry, caller, EventTag.NAME_ADVISE, (opinion.value,), [_named(naming, "advised")])


async def release(
    registry: Registry, caller: Caller, index: int, need: Need, weighed: Weighed, told: UUID | None
) -> None:
    """Release the name: to a person whom the entry concerns, or to none of them, for an order or a claim.

    Deciders and the data protection officer see it in either case.

    Raises:
        ForbiddenError: from anybody but the controller's decider.
        NotFoundError: when no member of staff acted in this entry, or it does not concern the person to be told.
        RequestStateError: before the data protection officer's opinion, when it is the decider's own name, or again.
    """
    if not may(caller, Action.RELEASE_NAME):
        raise ForbiddenError("only the controller's decider releases a name")
    naming = await _open_naming(registry, caller, index)
    if naming.opinion is None:
        raise RequestStateError("the data protection officer is heard first")
    openings = await registry.log.persons_of(index)
    if told is not None and told not in {one.person_ref for one in openings if one.position != ACTOR_POSITION}:
        raise NotFoundError("the entry does not concern this person")
    persons = [_named(naming, "named")]
    if told is not None:
        persons.append(PersonRef(told, f"told:{index}"))
    reasons = (need.value, weighed.value, naming.opinion.value)
    await _record(registry, caller, EventTag.NAME_RELEASE, reasons, persons)


async def name_told(registry: Registry, subject_id: UUID, index: int) -> str:
    """Who acted in an entry, if that was released to this person; empty = it was not."""
    entry = await _entry_about(registry, subject_id, EventTag.NAME_RELEASE, f"told:{index}")
    if entry is None:
        return ""
    openings = await registry.log.persons_of(entry.index)
    named = next((one.person_ref for one in openings if one.detail == f"named:{index}"), None)
    return (await _login(registry, named) or "") if named is not None else ""


async def _open_naming(registry: Registry, caller: Caller, index: int) -> Naming:
    naming = await naming_of(registry, index)
    if naming is None:
        raise NotFoundError("no member of staff acted in this entry")
    if naming.staff_id == caller.actor:
        raise RequestStateError("nobody decides about their own name")
    if naming.release is not None:
        raise RequestStateError("the name was released before")
    return naming


def _named(naming: Naming, what: str) -> PersonRef:
    return PersonRef(naming.staff_id, f"{what}:{naming.index}")


async def _record(
    registry: Registry, caller: Caller, operation: EventTag, reasons: tuple[str, ...], persons: list[PersonRef]
) -> None:
    entry = Entry(
        operation,
        Outcome.DONE,
        client=caller.client,
        purpose=PURPOSE,
        reasons=reasons,
        policy=registry.policy.version,
        persons=tuple(persons),
        actor=caller.actor,
    )
    await registry.log.append(entry, None)


async def _entry_about(registry: Registry, person: UUID, operation: EventTag, detail: str) -> Logged | None:
    """The newest entry of this operation that says so of the person."""
    listed = await registry.log.entries_of(person, operation=operation, detail=detail, limit=1)
    return listed[0].entry if listed else None


async def _login(registry: Registry, staff_id: UUID) -> str | None:
    async with registry.database.reading() as session:
        statement = select(col(StaffRow.login)).where(col(StaffRow.staff_id) == staff_id)
        return (await session.execute(statement)).scalar_one_or_none()
