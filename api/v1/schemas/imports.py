"""Bulk import on the wire: a customer a line in, an outcome a line out."""

from typing import Annotated, Literal

from pydantic import Field

from api.v1.schemas.shape import In, Out, PlaceOut, SubjectId, example
from api.v1.schemas.subjects import KeptOut


class ImportQuery(In):
    """`commit` stores."""

    mode: Annotated[Literal["commit"], Field(examples=["commit"])]


class ImportedOut(Out):
    """What became of one line; `error` is the slug of a problem, `stopped` ends an import that broke off."""

    model_config = example(
        {
            "line": 1,
            "status": "created",
            "subject_id": "0b9f8a1e-6f0c-4d57-9c3a-2f6f3b8f1c11",
            "kept": [],
            "refused_consents": [],
            "unchanged_events": [],
            "refused_events": [],
        }
    )

    line: int
    status: Literal["created", "updated", "blocked", "failed", "stopped"]
    subject_id: SubjectId | None = None
    kept: list[KeptOut] | None = None
    refused_consents: list[str] | None = None
    unchanged_events: list[int] | None = None
    refused_events: list[int] | None = None
    error: str | None = None
    errors: list[PlaceOut] | None = None
