"""Keeps what every page of the console has: its site, whose session it is, and the entry that each reading leaves.

Legal: GDPR Art. 5(2), Art. 32(1)(b), Art. 38(6); C-579/21; R-AUD-3.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from api.pages import Held, PageRoute, Site
from audit.event import Entry, EventTag, Outcome, PersonRef
from registry.actors import Action, Staff
from registry.context import Caller, Registry
from registry.errors import ForbiddenError
from registry.staff_login import staff_of

CLIENT = "console"
CONTROL = "privacy_control"
CONSOLE = Site("console", Path(__file__).parent, start="/console/login")


class ConsoleRoute(PageRoute):
    """A route of the console."""

    site = CONSOLE


async def colleague(request: Request, registry: Held) -> Staff:
    """Who is logged in, whatever the role.

    Raises:
        AuthenticationError: nobody; the visitor is sent to the login page.
    """
    return await staff_of(registry, request.cookies.get(CONSOLE.session_cookie, ""))


Colleague = Annotated[Staff, Depends(colleague)]


async def member(registry: Held, staff: Colleague) -> Staff:
    """Who is logged in and may read requests, audit trail and conflicts.

    Raises:
        ForbiddenError: a role that has no business there; recorded.
    """
    if not staff.may(Action.READ_REGISTRY):
        await record_reading(registry, staff, outcome=Outcome.DENY)
        raise ForbiddenError("this role reads no customers' matters")
    return staff


Member = Annotated[Staff, Depends(member)]


def caller_of(staff: Staff) -> Caller:
    """A member of staff as a use case knows them."""
    return Caller(CLIENT, actor=staff.staff_id, role=staff.role.value)


async def record_reading(
    registry: Registry,
    staff: Staff,
    persons: Sequence[PersonRef] = (),
    operation: EventTag = EventTag.AUDIT_READ,
    outcome: Outcome = Outcome.DONE,
) -> None:
    """Record that somebody reads the console; the page follows, never comes before.

    Raises:
        AuditUnavailableError: when that could not be recorded; nothing is shown then.
    """
    entry = Entry(
        operation,
        outcome,
        client=CLIENT,
        purpose=CONTROL,
        policy=registry.policy.version,
        persons=tuple(dict.fromkeys(persons)),
        actor=staff.staff_id,
    )
    await registry.log.append(entry, None)
