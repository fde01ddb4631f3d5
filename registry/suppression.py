"""Suppression: a keyed hash of an identifier that outlives the person's data, good for nothing else.

An erased identifier does not come back by a sync: it stays blocked until a registration that is newer than the
erasure. The key is not part of any epoch, so that the block outlives every rotation of the data's keys.

Legal: GDPR Art. 17(3)(b), Art. 21(3), Art. 6(1)(f); R-17-4.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import col

from registry.context import Change
from registry.tables import SuppressionRow


class Scope(StrEnum):
    """What is blocked; stored codes."""

    ERASED = "erased"


async def suppress(change: Change, identifiers: Iterable[tuple[str, bytes]], scope: Scope) -> None:
    """Block identifiers (kind, suppression digest); a later block of the same identifier renews its date."""
    for kind, digest in identifiers:
        row = await change.session.get(SuppressionRow, (kind, digest, scope.value))
        if row is None:
            change.session.add(SuppressionRow(kind=kind, digest=digest, scope=scope.value, since=change.now))
        else:
            row.since = change.now


async def suppressed_since(change: Change, digests: Sequence[bytes], scope: Scope) -> datetime | None:
    """Since when any of these identifiers is blocked; None = not at all."""
    statement = select(SuppressionRow.since).where(
        col(SuppressionRow.digest).in_(digests),
        col(SuppressionRow.scope) == scope.value,
    )
    return max((await change.session.execute(statement)).scalars(), default=None)
