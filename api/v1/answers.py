"""Writes answers and describes them: prepared bytes on the way out, models and examples in the document.

An answer is not validated again on its way out; the tests hold every one against its model.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from fastapi import Response

from api import problems
from api.v1.schemas.shape import In, Out
from policies.decision import Deny, Permit, Reason, Withheld, alone, for_caller
from policies.documents import PolicyDocument
from policies.explain import rule_of
from policies.vocabulary import LegalBasis, ReasonCode
from registry.decisions import Evidence

_RULES = {LegalBasis.CONSENT: "consent", LegalBasis.SOFT_OPT_IN: "soft_opt_in"}
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


@dataclass(frozen=True, slots=True)
class Telling:
    """How much an answer says of its reasons.

    `asked` are the fields asked for. With `evidence` the answer explains itself: each permitted field with its article,
    rule and declaration, each reason with its rule.
    """

    policy: PolicyDocument
    asked: Sequence[str]
    evidence: Evidence | None = None

    @property
    def explains(self) -> bool:
        """Whether the answer explains itself."""
        return self.evidence is not None

    def reasons(self, reasons: tuple[Reason, ...]) -> list[dict[str, Any]]:
        """As a calling system may learn them."""
        return [self._reason(one) for one in for_caller(alone(reasons))]

    def _reason(self, reason: Reason) -> dict[str, Any]:
        shown: dict[str, Any] = {"code": reason.code.value, "cites": reason.cites}
        return {**shown, "rule": rule_of(reason.code, reason.cites)} if self.explains else shown

    def withheld(self, parts: Iterable[Withheld]) -> list[dict[str, Any]]:
        """Fields that are not let out; a name the catalogue does not know is told by its place alone."""
        return [
            {"field": part.field, "reasons": self.reasons(part.reasons)}
            if part.field in self.policy.fields
            else {"pointer": f"/fields/{self.asked.index(part.field)}", "reasons": self.reasons(part.reasons)}
            for part in parts
        ]

    def allowed(self, permit: Permit) -> list[dict[str, Any]]:
        """The permitted fields, each with what it rests on.

        A field of the past that today's catalogue does not know any more is named without its article.
        """
        evidence = (self.evidence or {}).get(permit.subject_id, {})
        shown: list[dict[str, Any]] = []
        for name in permit.fields:
            declared = self.policy.fields.get(name)
            article = permit.bases.get(declared.category) if declared else None
            proof = evidence.get(declared.category) if declared else None
            rule = _RULES.get(article, "lawful_basis") if article else ""
            shown.append({"field": name, "article": article, "rule": rule, "evidence_id": proof})
        return shown


def is_nobody(deny: Deny) -> bool:
    """Whether there is nobody; erased and never existing look alike."""
    return any(reason.code is ReasonCode.NO_SUBJECT for reason in deny.reasons)


def refusal(deny: Deny, index: int, telling: Telling) -> Response:
    """Nothing leaves: 404 where there is nobody, else 403 with every reason the caller may know."""
    if is_nobody(deny):
        return problems.respond(problems.NOBODY, log_index=index)
    of_fields = {"withheld": telling.withheld(deny.withheld)} if telling.explains else {}
    members = {"policy": deny.policy_version, "reasons": telling.reasons(deny.reasons), **of_fields}
    return problems.respond(problems.REFUSED, members=members, log_index=index)


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
            "content": {"application/json": _shown(model)},
        }
        for code, model in {status: answer, **(also or {})}.items()
    }
    titles = {kind.status: kind.title for kind in reversed(problems.ALL_KINDS)}
    responses |= {code: {"description": titles[code], "content": _PROBLEM} for code in sorted({*always, *fails})}
    extra: dict[str, Any] = {}
    if request is not None:
        shown = {"examples": request} if isinstance(request, Mapping) else _shown(request)
        extra = {"requestBody": {"content": {"application/json": shown}}}
    return {"status_code": status, "responses": responses, "openapi_extra": extra}


def example_of(model: type[In | Out]) -> Any:  # noqa: ANN401 - any JSON
    """The first example of a model."""
    return next(iter(_examples(model)), None)


def _shown(model: type[In | Out]) -> dict[str, Any]:
    """The examples of a model, as the document shows them."""
    found = _examples(model)
    if len(found) > 1:
        return {"examples": {str(number): {"value": one} for number, one in enumerate(found, start=1)}}
    return {"example": example_of(model)}


def _examples(model: type[In | Out]) -> list[Any]:
    extra = model.model_config["json_schema_extra"]
    return extra["examples"] if isinstance(extra, dict) and isinstance(extra["examples"], list) else []
