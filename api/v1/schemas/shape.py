"""The shapes every wire model is made of: strict, bounded, and silent about what they refuse.

Nothing a database or an encoder could choke on gets past them: no null character, no lone surrogate, no number
JSON cannot carry, no instant without a time zone.
"""

import math
import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from api.problems import declare

LONGEST_TEXT = 4000
MOST_MEMBERS = 200
MOST_LISTED = 1000
LARGEST_INTEGER = 2**53 - 1
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", re.ASCII)
_MEMBER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}", re.ASCII)


class In(BaseModel):
    """What a client sends: unknown members are refused, declared ones may be named in problems."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Declare the members of every model."""
        declare(cls.model_fields)


class Out(BaseModel):
    """What a client gets: documents and tests the answer, which is written without it."""

    model_config = ConfigDict(extra="forbid")


def example(*trees: Any) -> ConfigDict:  # noqa: ANN401 - any JSON
    """The configuration of a model that shows what it looks like, in one or more ways."""
    return ConfigDict(json_schema_extra={"examples": list(trees)})


def _printable(text: str) -> str:
    if "\0" in text or not text.strip():
        raise PydanticCustomError("text", "empty or not a text")
    return text


def _instant(given: object) -> object:
    if not isinstance(given, str) or not _INSTANT.match(given):
        raise PydanticCustomError("instant", "an instant is a text such as 2026-11-01T09:30:00Z")
    return given


def _in_range(instant: datetime) -> datetime:
    if not _FIRST_YEAR < instant.year < _LAST_YEAR:
        raise PydanticCustomError("instant_range", "an instant lies between 1901 and 2198")
    return instant


def _scalar(given: object) -> object:
    match given:
        case None | bool():
            return given
        case int() if abs(given) <= LARGEST_INTEGER:
            return given
        case float() if math.isfinite(given):
            return given
        case str() if len(given) <= LONGEST_TEXT and "\0" not in given:
            return given
    raise PydanticCustomError("scalar", "a text of at most 4,000 characters, a number, true, false or null")


def _flat(given: object) -> object:
    if not isinstance(given, dict) or not 1 <= len(given) <= MOST_MEMBERS:
        raise PydanticCustomError("flat_document", "an object of 1 to 200 members")
    for name, value in given.items():
        if not isinstance(name, str) or not _MEMBER.fullmatch(name):
            raise PydanticCustomError("flat_document", "a member's name is a word")
        for one in value if isinstance(value, list) and len(value) <= MOST_LISTED else [value]:
            _scalar(one)
    return given


Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.\-]{0,31}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.\-]{0,62}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z._/:+\-]{0,127}$")]
# The number of a file, never a name: a few letters, then a digit, then letters, digits and separators.
CaseReference = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{0,8}[-/._]?[0-9][A-Za-z0-9./_-]{0,31}$"), Field(examples=["K-2026-17"])
]
IdentifierText = Annotated[str, StringConstraints(min_length=1, max_length=320), AfterValidator(_printable)]
Flag = Annotated[bool, Field(strict=True)]
Instant = Annotated[AwareDatetime, BeforeValidator(_instant), AfterValidator(_in_range)]
Scalar = Annotated[
    Any,
    PlainValidator(_scalar),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"], "maxLength": LONGEST_TEXT}),
]
FlatDocument = Annotated[
    dict[str, Any],
    PlainValidator(_flat),
    WithJsonSchema({"type": "object", "minProperties": 1, "maxProperties": MOST_MEMBERS}),
]
Evidence = Annotated[
    dict[Identifier, Annotated[str, StringConstraints(max_length=2000), AfterValidator(_printable)]],
    Field(max_length=20),
]
SubjectId = UUID


class ReasonOut(Out):
    """One ground of refusal and the law it rests on."""

    code: str
    cites: list[str]


class WithheldOut(Out):
    """A field that was asked for and is not let out.

    A name the catalogue does not know is not repeated: `pointer` tells which of the fields asked for it was.
    """

    field: str | None = None
    pointer: str | None = None
    reasons: list[ReasonOut]


class PlaceOut(Out):
    """Where in the request, and what is wrong there."""

    pointer: str
    code: str
