"""Estimates: written by registered models alone, and stale as soon as what they were made of is corrected or erased.

A stale estimate stays where it is, so that the person sees what was believed of them; it decides nothing until a model
writes it anew. What a model worked out before the correction comes too late and is kept out as a conflict.

Legal: GDPR Art. 5(1)(d), Art. 16, Art. 17, Art. 22; C-634/21; R-22-1, R-22-5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, select, update
from sqlmodel import col

from policies.documents import PolicyDocument
from policies.score_models import inputs_of
from policies.vocabulary import FieldName
from registry.context import Change
from registry.errors import UnregisteredModelError
from registry.tables import RecordRow

Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which model in which version worked a value out; both empty = none did."""

    code: str = ""
    version: str = ""


NO_MODEL = ModelRef()


def check_model(policy: PolicyDocument, name: FieldName, purpose: str, given: ModelRef) -> None:
    """Whether this model may write this declared field for this purpose.

    Raises:
        UnregisteredModelError: when an estimate comes from no model, from one that the policy does not declare for the
            field and purpose, or from another version of it; or when a value that is no estimate names a model.
    """
    scored = policy.fields[name].scored
    if not scored and given == NO_MODEL:
        return
    model = policy.score_models.get(given.code)
    if not scored or model is None or (model.field, model.purpose, model.version) != (name, purpose, given.version):
        raise UnregisteredModelError(f"no such model writes {name}")


def scores_last(policy: PolicyDocument, values: Mapping[FieldName, Given]) -> list[tuple[FieldName, Given]]:
    """Values in the order of writing: what a call clears spoils no estimate that the same call brings."""
    return sorted(values.items(), key=lambda one: one[0] in policy.fields and policy.fields[one[0]].scored)


async def invalidate(change: Change, subject_id: UUID, name: FieldName, at: datetime | None = None) -> None:
    """Make every estimate stale that is worked out from a field; for a person whose row is locked.

    Args:
        change: the unit of work that corrects or clears the field.
        subject_id: whose.
        name: the field.
        at: since when they are stale (aware, UTC); None = now.
    """
    scores = change.policy.scores_from(name)
    if not scores or subject_id in change.created:
        return
    await change.session.execute(
        update(RecordRow)
        .where(
            col(RecordRow.subject_id) == subject_id,
            col(RecordRow.field).in_(sorted(scores)),
            col(RecordRow.stale_since).is_(None),
        )
        .values(stale_since=at or change.now)
    )


async def corrected_since(change: Change, subject_id: UUID, name: FieldName) -> datetime | None:
    """When an input of an estimate was last corrected; None = never. Asked for estimates alone."""
    if not change.policy.fields[name].scored or subject_id in change.created:
        return None
    models = [model for model in change.policy.score_models.values() if model.field == name]
    inputs = {one for model in models for one in inputs_of(change.policy.fields, model)}
    statement = select(func.max(col(RecordRow.rectified_at))).where(
        col(RecordRow.subject_id) == subject_id, col(RecordRow.field).in_(sorted(inputs))
    )
    found: datetime | None = (await change.session.execute(statement)).scalar()
    return found


def model_told(policy: PolicyDocument, row: RecordRow | None) -> dict[str, Any] | None:
    """Which procedure made an estimate and how, while the policy still has it in words (Art. 15(1)(h); C-203/22)."""
    if row is None or not row.model:
        return None
    model = policy.score_models.get(row.model)
    known = model if model is not None and model.version == row.model_version else None
    return {
        "model": row.model,
        "version": row.model_version,
        "title": known.title.model_dump() if known else None,
        "method": known.method.model_dump() if known else None,
        "effect": known.effect if known else None,
        "decision_mode": known.decision_mode if known else None,
    }
