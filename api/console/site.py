"""Keeps what every page of the console has: its site, whose session it is, and the entry that each reading leaves.

Legal: GDPR Art. 5(2), Art. 32(1)(b), Art. 38(6); C-579/21; R-AUD-3.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from api.pages import Held, PageRoute, Site
from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.evaluate import evaluate_gate
from policies.facts import AccessRequest
from policies.vocabulary import ClientCode, PurposeId
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
        ForbiddenError: when the policy in force does not let the role control data protection; recorded.
        AuditUnavailableError: when that could not be recorded; nothing is shown then.
    """
    await registry.catch_up()
    asked = AccessRequest(ClientCode(CLIENT), PurposeId(CONTROL), (), role=staff.role.value)
    refused = evaluate_gate(asked, registry.policy) if outcome is Outcome.DONE else None
    entry = Entry(
        operation,
        Outcome.DENY if refused else outcome,
        client=CLIENT,
        purpose=CONTROL,
        reasons=tuple(reason.code.value for reason in refused.reasons) if refused else (),
        policy=registry.policy.version,
        persons=() if refused else tuple(dict.fromkeys(persons)),
        actor=staff.staff_id,
    )
    await registry.log.append(entry, None)
    if refused:
        raise ForbiddenError("the policy does not let this role control data protection")
