"""Writes answers and describes them: prepared bytes on the way out, models and examples in the document.

An answer is not validated again on its way out; the tests hold every one against its model.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from fastapi import Response

from api import problems
from api.v1.schemas.shape import In, Out
from policies.decision import Deny, Reason, Withheld, alone, for_caller
from policies.documents import PolicyDocument
from policies.vocabulary import ReasonCode

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def answered(payload: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON answer."""
    return Response(json_of(payload), status, media_type="application/json")


def json_of(payload: Mapping[str, Any], *, line: bool = False) -> bytes:
    """JSON bytes; instants in UTC end in Z."""
    option = orjson.OPT_UTC_Z | (orjson.OPT_APPEND_NEWLINE if line else 0)
    return orjson.dumps(payload, _plain, option)


def _plain(value: object) -> str:
    # The driver's own class of UUIDs is none of those orjson knows.
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


def told(reasons: tuple[Reason, ...]) -> list[dict[str, Any]]:
    """Reasons as a calling system may learn them."""
    return [{"code": reason.code.value, "cites": reason.cites} for reason in for_caller(alone(reasons))]


def withheld(parts: Iterable[Withheld], asked: Sequence[str], policy: PolicyDocument) -> list[dict[str, Any]]:
    """Fields that are not let out; a name the catalogue does not know is told by its place alone."""
    return [
        {"field": part.field, "reasons": told(part.reasons)}
        if part.field in policy.fields
        else {"pointer": f"/fields/{asked.index(part.field)}", "reasons": told(part.reasons)}
        for part in parts
    ]


def is_nobody(deny: Deny) -> bool:
    """Whether there is nobody; erased and never existing look alike."""
    return any(reason.code is ReasonCode.NO_SUBJECT for reason in deny.reasons)


def refusal(deny: Deny, index: int) -> Response:
    """Nothing leaves: 404 where there is nobody, else 403 with every reason the caller may know."""
    if is_nobody(deny):
        return problems.respond(problems.NOBODY, log_index=index)
    return problems.respond(problems.REFUSED, reasons=for_caller(alone(deny.reasons)), log_index=index)


def documented(
    answer: type[Out],
    request: type[In] | Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    also: Mapping[int, type[Out]] | None = None,
    fails: Sequence[int] = (),
    always: Sequence[int] = (401, 422, 503),
) -> dict[str, Any]:
    """What a route's decorator tells the OpenAPI document.

    Args:
        answer: the model of the answer, with an example.
        request: the model of the body, or its named examples.
        status: of the answer.
        also: other successful answers.
        fails: statuses of its own problems.
        always: statuses of the problems that every route of the machine API shares.
    """
    responses: dict[int | str, dict[str, Any]] = {
        code: {
            "model": model,
            "description": (model.__doc__ or "").partition("\n")[0],
            "content": {"application/json": {"example": example_of(model)}},
        }
        for code, model in {status: answer, **(also or {})}.items()
    }
    titles = {kind.status: kind.title for kind in reversed(problems.ALL_KINDS)}
    responses |= {code: {"description": titles[code], "content": _PROBLEM} for code in sorted({*always, *fails})}
    extra: dict[str, Any] = {}
    if request is not None:
        shown = {"examples": request} if isinstance(request, Mapping) else {"example": example_of(request)}
        extra = {"requestBody": {"content": {"application/json": shown}}}
    return {"status_code": status, "responses": responses, "openapi_extra": extra}


def example_of(model: type[In | Out]) -> Any:  # noqa: ANN401 - any JSON
    """The first example of a model."""
    extra = model.model_config["json_schema_extra"]
    return extra["examples"][0] if isinstance(extra, dict) and isinstance(extra["examples"], list) else None
