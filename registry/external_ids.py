"""Whose an external id is while customers come in, and taking one for somebody new.

An external id is on file only as its digest, under one version of the index key or, while that key is being replaced,
under an older one.

Legal: GDPR Art. 25(1), Art. 32(1)(a); R-25-1.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import col

from registry.context import Change
from registry.lookup import NORMALISATION, IdentifierKind
from registry.tables import LookupRow

_KIND = IdentifierKind.EXTERNAL_ID


def digests_of(change: Change, normalised: str) -> set[bytes]:
    """Every digest under which an external id, as `lookup.normalise` writes it, may be on file."""
    return {digest.value for digest in change.ring.index_digests(_KIND.value, normalised)}


async def on_file(change: Change, digests: Iterable[bytes]) -> set[bytes]:
    """Those of these digests that are somebody's."""
    statement = select(col(LookupRow.digest)).where(_is_one_of(sorted(digests)))
    return set((await change.session.execute(statement)).scalars())


async def holder(change: Change, digests: Collection[bytes]) -> UUID | None:
    """Whose an external id is, given its digests; None = nobody's."""
    statement = select(col(LookupRow.subject_id)).where(_is_one_of(digests))
    return (await change.session.execute(statement)).scalar()


async def take(change: Change, normalised: str, subject_id: UUID) -> bool:
    """Take an external id for a new person; False = somebody has it."""
    digest = change.ring.index_digest(_KIND.value, normalised)
    suppression = change.ring.suppression_digest(_KIND.value, normalised)
    inserted = await change.session.execute(
        _insert_new(
            change,
            kind=_KIND.value,
            digest=digest.value,
            subject_id=subject_id,
            suppression=suppression.value,
            index_version=digest.version,
            suppression_version=suppression.version,
            normalisation=NORMALISATION[_KIND],
        ),
    )
    return inserted.first() is not None


def _is_one_of(digests: Collection[bytes]) -> ColumnElement[bool]:
    return (col(LookupRow.kind) == _KIND.value) & col(LookupRow.digest).in_(digests)


def _insert_new(change: Change, **values: object) -> ReturningInsert[tuple[str]]:
    """Insert a look-up row unless somebody has the identifier, in the engine's own words."""
    if change.session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(LookupRow).values(**values).on_conflict_do_nothing().returning(col(LookupRow.kind))
    return sqlite.insert(LookupRow).values(**values).on_conflict_do_nothing().returning(col(LookupRow.kind))
