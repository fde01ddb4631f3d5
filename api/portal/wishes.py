"""Takes what a person wants: withdraw a consent, object to advertising, have data corrected, copied or erased.

A decision of a machine can be contested too: then a human looks at it.

Withdrawing and objecting take one press, ask for no reason and work at once. Whatever else is asked for starts its
clock with the press.

Legal: GDPR Art. 7(3), Art. 12(2), Art. 15-17, Art. 21(2), (3), 22(3); R-7.3-2, R-12.2-1, R-21.2-1.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.pages import Held, redirect
from api.portal.site import CALLER, Customer, PortalRoute
from policies.facts import AccessRequest
from policies.vocabulary import Channel, ClientCode, FieldName, PurposeId
from registry.context import Registry
from registry.disclosure import Disclosed, disclose
from registry.errors import InvalidValueError
from registry.lookup import INDEXED_FIELDS, IdentifierKind
from registry.portal_login import vouch_for
from registry.records import LONGEST_VALUE, Value
from registry.rights import LONGEST_STATEMENT, OWN_PURPOSE, RequestKind, Wish, fulfil_access, receive_request
from registry.withdrawals import withdraw_consent

LONGEST_NAME = 63

router = APIRouter(route_class=PortalRoute)
Name = Annotated[str, Form(min_length=1, max_length=LONGEST_NAME)]


@router.post("/portal/consents/withdraw")
async def withdraw(
    request: Request, registry: Held, subject: Customer, purpose: Name, channel: Annotated[Channel, Form()]
) -> Response:
    """Withdraw one consent."""
    await withdraw_consent(registry, CALLER, subject, PurposeId(purpose), channel)
    return redirect(request, "/portal/me", done="withdrawn")


@router.post("/portal/objections")
async def object_to_advertising(request: Request, registry: Held, subject: Customer) -> Response:
    """Object to advertising as a whole, with the profiling behind it."""
    await receive_request(registry, CALLER, subject, RequestKind.OBJECTION, Wish())
    return redirect(request, "/portal/me", done="objected")


@router.post("/portal/requests")
async def ask(
    request: Request,
    registry: Held,
    subject: Customer,
    kind: Annotated[RequestKind, Form()],
    field: Annotated[str, Form(max_length=LONGEST_NAME)] = "",
    value: Annotated[str, Form(max_length=LONGEST_VALUE)] = "",
) -> Response:
    """Take a request in; a copy of the data follows at once."""
    match kind:
        case RequestKind.ACCESS:
            await fulfil_access(registry, CALLER, subject)
            return redirect(request, "/portal/me.json")
        case RequestKind.RECTIFICATION:
            name = FieldName(field)
            wish = Wish(values={name: await _in_its_form(registry, subject, name, value.strip())})
            await receive_request(registry, CALLER, subject, kind, wish)
            if INDEXED_FIELDS.get(name) is IdentifierKind.EMAIL:
                await vouch_for(registry, subject, value)
            return redirect(request, "/portal/me", done="rectification")
        case RequestKind.ERASURE:
            await receive_request(registry, CALLER, subject, kind, Wish())
            return redirect(request, "/portal/me", done="erasure")
        case RequestKind.HUMAN_REVIEW:
            raise InvalidValueError("a review names the purpose of the decision")
        case RequestKind.OBJECTION:
            return await object_to_advertising(request, registry, subject)


@router.post("/portal/reviews")
async def contest(
    request: Request,
    registry: Held,
    subject: Customer,
    purpose: Name,
    statement: Annotated[str, Form(max_length=LONGEST_STATEMENT)] = "",
) -> Response:
    """Have a human look at what a machine decided; until then no machine decides under this purpose."""
    wish = Wish(purpose=PurposeId(purpose), statement=statement)
    await receive_request(registry, CALLER, subject, RequestKind.HUMAN_REVIEW, wish)
    return redirect(request, "/portal/me", done="human_review")


async def _in_its_form(registry: Registry, subject: UUID, name: FieldName, text: str) -> Value:
    """A corrected value in the form of the one it replaces: a number stays a number."""
    if not text or name not in registry.policy.fields:
        raise InvalidValueError("a correction names a field and its new value")
    request = AccessRequest(ClientCode(CALLER.client), OWN_PURPOSE, (name,))
    (outcome,) = await disclose(registry, CALLER, request, [subject])
    held = outcome.values.get(name) if isinstance(outcome, Disclosed) else None
    if isinstance(held, bool) or not isinstance(held, int | float):
        return text
    try:
        return type(held)(text.replace(",", "."))
    except ValueError:
        raise InvalidValueError(f"{name} is a number") from None
