"""Suppression: a keyed hash of an identifier that outlives the person's data, good for nothing else.

An erased identifier does not come back by a sync: it stays blocked until a registration that is newer than the
erasure. Whoever did not want advertising does not want it after the erasure either, even if they become a customer
again: for them an entry says so, per channel and since when, and whoever comes with the identifier gets that objection
back (`registry.objections`). Without it an erasure would end what Art. 21(3) says has no end. To keep this little is
what that duty and the defence of claims from it need (Art. 17(3)(b), (e)), and less than a list of names would be.

The key is not part of any epoch, so that the block outlives every rotation of the data's keys; it is replaced by
nesting: the next version digests the digest.

Legal: GDPR Art. 17(3)(b), (e), Art. 21(3), Art. 6(1)(f); R-17-4, R-21.2-2.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col

from policies.vocabulary import Channel
from registry.context import Change
from registry.keys import Digest
from registry.tables import SuppressionRow

_TABLE = SQLModel.metadata.tables[SuppressionRow.__tablename__]
_CHUNK = 500


class Scope(StrEnum):
    """What is blocked; stored codes."""

    ERASED = "erased"
    ADVERTISING_ANY = "advertising_any"
    ADVERTISING_EMAIL = "advertising_email"
    ADVERTISING_SMS = "advertising_sms"
    ADVERTISING_PHONE = "advertising_phone"
    ADVERTISING_POST = "advertising_post"
    ADVERTISING_PUSH = "advertising_push"
    ADVERTISING_FAX = "advertising_fax"


ADVERTISING = {channel: Scope(f"advertising_{channel}") for channel in Channel}


async def suppress(
    change: Change, identifiers: Iterable[tuple[str, Digest]], scope: Scope, since: datetime | None = None
) -> None:
    """Block identifiers (kind, suppression digest); a later block of the same identifier renews its date.

    Args:
        change: the unit of work.
        identifiers: digests of any version of the key; stored under the newest.
        scope: what is blocked.
        since: from when on (aware, UTC); None = now.
    """
    at = since or change.now
    newest = {(kind, change.ring.nest_suppression(given)) for kind, given in identifiers}
    rows = [
        {"kind": kind, "digest": digest.value, "scope": scope.value, "since": at, "key_version": digest.version}
        for kind, digest in sorted(newest)
    ]
    if rows:
        await change.session.execute(_renewing(change.session.get_bind().dialect.name), rows)


@cache
def _renewing(engine: str) -> postgresql.Insert | sqlite.Insert:
    """Insert, or where it is blocked already keep the later date, in the engine's own words."""
    place = [col(SuppressionRow.kind), col(SuppressionRow.digest), col(SuppressionRow.scope)]
    if engine == "postgresql":
        insert = postgresql.insert(_TABLE)
        later = func.greatest(col(SuppressionRow.since), insert.excluded.since)
        return insert.on_conflict_do_update(index_elements=place, set_={"since": later})
    on_sqlite = sqlite.insert(_TABLE)
    later = func.max(col(SuppressionRow.since), on_sqlite.excluded.since)
    return on_sqlite.on_conflict_do_update(index_elements=place, set_={"since": later})


Suppressed = Mapping[Scope, Mapping[bytes, datetime]]


async def suppressed(change: Change, digests: Sequence[bytes]) -> Suppressed:
    """For each scope, which of these identifiers are blocked, and since when."""
    found: dict[Scope, dict[bytes, datetime]] = {scope: {} for scope in Scope}
    for start in range(0, len(digests), _CHUNK):
        statement = select(col(SuppressionRow.digest), col(SuppressionRow.scope), col(SuppressionRow.since)).where(
            col(SuppressionRow.digest).in_(digests[start : start + _CHUNK]),
        )
        for row in await change.session.execute(statement):
            found[Scope(row.scope)][row.digest] = row.since
    return found
