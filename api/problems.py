"""Decides how everything that goes wrong is told: RFC 9457 problems, one table, and never a word of the input.

Refusals and errors are told by what they are, with the law they rest on, the place in the request (a pointer of
names this service declares itself) and the number of the audit entry. No value, no path, no message of an exception
leaves or is logged: an unforeseen exception is known by its type alone.

Legal: GDPR Art. 5(1)(f), Art. 32(1)(b); R-AUD-6.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.boundary import Boundary
from api.tokens import TokenError, UnknownTokenKeyError
from audit.merkle import ProofError
from audit.store import AuditUnavailableError
from registry import errors

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "5"
MOST_ERRORS = 20
_PLACES = frozenset({"body", "query", "path", "header"})
_HIDDEN = "*"
_FIRST_PROBLEM = 400

_log = logging.getLogger(__name__)
_declared: set[str] = set()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem, described in docs/problems.md under its slug."""

    slug: str
    status: int
    title: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)


_RETRY = {"Retry-After": RETRY_AFTER_SECONDS}
_BEARER = {"WWW-Authenticate": 'Bearer realm="registry", error="invalid_token"'}

REFUSED = Kind("refused", 403, "Refused", "No rule lets this data out for this purpose; reasons name the law.")
CONSENT_CONFLICT = Kind(
    "consent-conflict",
    409,
    "A newer declaration stands against this one",
    "A withdrawal or objection is as new or newer; the attempt is listed as a conflict.",
)
BLOCKED = Kind(
    "identifier-blocked",
    409,
    "This identifier was erased",
    "It stays blocked until a registration that is newer than the erasure.",
)
EVENT_CONFLICT = Kind(
    "event-conflict",
    409,
    "Another event has this reference",
    "What is stored stays; nothing of this call was stored, and the attempt is listed as a conflict.",
)
INVALID_REQUEST = Kind("invalid-request", 422, "Not of the expected shape", "Each error names its place and kind.")
NOT_FOUND = Kind("not-found", 404, "Not there", "There is no such thing, or it is not yours.")
METHOD = Kind("method-not-allowed", 405, "Method not allowed", "The Allow header names the methods of this resource.")
TOO_LARGE = Kind("too-large", 413, "Too large", "A body has at most one mebibyte; larger amounts are imported.")
MEDIA = Kind("unsupported-media-type", 415, "Unsupported media type", "The resource takes another content type.")
INTERNAL = Kind("internal-error", 500, "Internal error", "The instance finds it in the operator's log.")
UNAUTHENTICATED = Kind(
    "not-authenticated", 401, "Not authenticated", "A valid bearer token or session is needed.", _BEARER
)
NOBODY = Kind("unknown-subject", 404, "No such customer", "There is nobody under this id, or no longer.")
_RELATIONSHIP = Kind("unknown-relationship", 404, "No such relationship", "Nothing is open under this reference.")

KINDS: Mapping[type[Exception], Kind] = {
    errors.RegistryError: INTERNAL,
    errors.NotReadyError: Kind("not-ready", 503, "Not ready", "The registry may not serve at the moment.", _RETRY),
    errors.KeyUnavailableError: Kind(
        "key-unavailable", 503, "Key unavailable", "A key this answer needs cannot be reached.", _RETRY
    ),
    errors.KeyProviderError: Kind(
        "key-provider", 503, "Key provider out of reach", "The holder of the root keys does not answer.", _RETRY
    ),
    errors.RetirementRefusedError: Kind(
        "retirement-refused", 409, "Epoch not retired", "Keys are left under it, or no backup of the ring is verified."
    ),
    errors.BackupError: Kind("backup", 409, "Backup not usable", "It is not whole, not trusted, or not needed here."),
    errors.SealBrokenError: Kind(
        "seal-broken", 500, "A stored value does not open", "It was changed or moved; nothing of it is let out."
    ),
    errors.NotPermittedError: INTERNAL,
    errors.UnknownSubjectError: NOBODY,
    errors.UnknownFieldError: Kind(
        "unknown-field", 422, "Field not collected", "The policy does not collect this field for this purpose."
    ),
    errors.UnregisteredModelError: Kind(
        "unregistered-model",
        422,
        "Model not registered",
        "An estimate is written only by a model, in a version, that the policy registers for it.",
    ),
    errors.InvalidValueError: Kind("invalid-value", 422, "Value not of its form", "A value does not fit its field."),
    errors.DuplicateIdentifierError: Kind(
        "duplicate-identifier", 409, "Identifier taken", "The identifier already belongs to somebody else."
    ),
    errors.UnknownNoticeError: Kind(
        "unknown-notice", 422, "No such notice", "No such text, in this version, was published for this purpose."
    ),
    errors.InvalidConsentError: Kind(
        "invalid-consent", 422, "Cannot be declared", "Purpose, channel or time do not fit such a declaration."
    ),
    errors.UnknownRequestError: Kind("unknown-request", 404, "No such request", "Nobody made this request."),
    errors.RequestStateError: Kind("request-state", 409, "Request already decided", "Its state allows no such step."),
    errors.UnknownRelationshipError: _RELATIONSHIP,
    errors.RelationshipPeriodError: Kind(
        "relationship-period", 409, "Ends before it began", "The beginning on file is later than this end."
    ),
    errors.AuthenticationError: UNAUTHENTICATED,
    errors.ForbiddenError: Kind(
        "forbidden", 403, "Not allowed", "Role or purposes of this caller do not allow the operation."
    ),
    errors.UnknownStaffError: NOT_FOUND,
    errors.NotFoundError: NOT_FOUND,
    TokenError: UNAUTHENTICATED,
    UnknownTokenKeyError: UNAUTHENTICATED,
    ProofError: NOT_FOUND,
    AuditUnavailableError: Kind(
        "not-recorded", 503, "Could not be recorded", "What cannot be recorded is not answered.", _RETRY
    ),
    RequestValidationError: INVALID_REQUEST,
}

_OF_STATUS: Mapping[int, Kind] = {
    kind.status: kind
    for kind in (UNAUTHENTICATED, KINDS[errors.ForbiddenError], NOT_FOUND, METHOD, TOO_LARGE, MEDIA, INVALID_REQUEST)
}

ALL_KINDS = tuple(
    {
        kind.slug: kind
        for kind in (
            *KINDS.values(),
            *_OF_STATUS.values(),
            REFUSED,
            CONSENT_CONFLICT,
            EVENT_CONFLICT,
            BLOCKED,
            INTERNAL,
        )
    }.values()
)

_TEXT = {"type": "string"}
_REASONS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["code", "cites"],
        "additionalProperties": False,
        "properties": {
            "code": _TEXT,
            "cites": {"type": "array", "items": _TEXT},
            "rule": {**_TEXT, "description": "where it was asked for"},
        },
    },
}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem; `type` leads to its description.",
    "required": ["type", "title", "status", "detail", "instance"],
    "additionalProperties": False,
    "properties": {
        "type": {**_TEXT, "format": "uri-reference", "pattern": "^/problems/[a-z-]+$"},
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT,
        "instance": {**_TEXT, "pattern": "^urn:uuid:[0-9a-f-]{36}$"},
        "log_index": {"type": "integer", "description": "the audit entry that says so"},
        "policy": {**_TEXT, "description": "the version that was decided under"},
        "reasons": _REASONS,
        "withheld": {
            "type": "array",
            "description": "each field with its own reasons, where it was asked for",
            "items": {
                "type": "object",
                "required": ["reasons"],
                "additionalProperties": False,
                "properties": {"field": _TEXT, "pointer": _TEXT, "reasons": _REASONS},
            },
        },
        "errors": {
            "type": "array",
            "maxItems": MOST_ERRORS,
            "items": {
                "type": "object",
                "required": ["pointer", "code"],
                "additionalProperties": False,
                "properties": {"pointer": _TEXT, "code": _TEXT},
            },
        },
    },
}


def kind_of(error: Exception) -> Kind:
    """The row of an exception; what has none is an internal error."""
    if isinstance(error, HTTPException):
        return _OF_STATUS.get(error.status_code, INVALID_REQUEST if error.status_code < INTERNAL.status else INTERNAL)
    return next((KINDS[one] for one in type(error).__mro__ if one in KINDS), INTERNAL)


def respond(
    kind: Kind,
    *,
    members: Mapping[str, Any] | None = None,
    log_index: int | None = None,
    places: Sequence[Mapping[str, str]] = (),
    instance: str | None = None,
) -> Response:
    """A problem as a response; `members` are what a refusal says more, `places` pairs of pointer and code."""
    body: dict[str, Any] = {
        "type": f"/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.detail,
        "instance": instance or uuid4().urn,
        **(members or {}),
    }
    if log_index is not None:
        body["log_index"] = log_index
    if places:
        body["errors"] = places[:MOST_ERRORS]
    return Response(orjson.dumps(body), kind.status, dict(kind.headers), MEDIA_TYPE)


def answer(error: Exception, app: FastAPI) -> Response:
    """The response to an exception."""
    if isinstance(error, HTTPException) and error.status_code < _FIRST_PROBLEM:
        return Response(status_code=error.status_code, headers=error.headers)
    instance = uuid4().urn
    response = respond(report(error, instance), places=places_in(error, app), instance=instance)
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response


def report(error: Exception, instance: str) -> Kind:
    """The kind of an exception; server errors are logged by type name and instance, without message or trace."""
    kind = kind_of(error)
    if kind.status >= INTERNAL.status:
        _log.error("%s %s", type(error).__name__, instance)
    return kind


def places_in(error: Exception, app: FastAPI) -> list[dict[str, str]]:
    """Where in the request the error lies, as pointer and code; nothing where that means nothing."""
    if isinstance(error, HTTPException) and kind_of(error) is INVALID_REQUEST:
        return [{"pointer": "", "code": "unreadable"}]
    if not isinstance(error, RequestValidationError):
        return []
    names = names_of(app)
    return [
        {"pointer": "" if one["type"] == "json_invalid" else pointer(one["loc"], names), "code": one["type"]}
        for one in error.errors()[:MOST_ERRORS]
    ]


def pointer(place: Sequence[str | int], names: frozenset[str]) -> str:
    """A JSON pointer that shows declared names and positions; any other name came from the caller and stays hidden.

    Parts that begin with @ tell which alternative of a body was tried and are no part of it.
    """
    parts = place[1:] if place and place[0] in _PLACES else place
    shown = [
        str(part) if isinstance(part, int) or part in names else _HIDDEN
        for part in parts
        if not (isinstance(part, str) and part.startswith("@"))
    ]
    return "".join(f"/{part}" for part in shown)


def declare(names: Iterable[str]) -> None:
    """Let pointers show names of the service's own models and paths."""
    _declared.update(names)


def names_of(app: FastAPI) -> frozenset[str]:
    """Every name a pointer may show: the service's own, and the fields of the policy in force."""
    registry = getattr(app.state, "registry", None)
    return frozenset(_declared | (registry.policy.fields.keys() if registry is not None else set()))


def install(app: FastAPI) -> None:
    """Answer every error of an application with a problem, and describe problems in its OpenAPI document."""

    async def handle(_: Request, error: Exception) -> Response:
        return answer(error, app)

    for kind in (*KINDS, HTTPException):
        app.add_exception_handler(kind, handle)
    app.add_middleware(Boundary, answer=answer)
    build = app.openapi

    def openapi() -> dict[str, Any]:
        document = build()
        document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = dict(SCHEMA)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
