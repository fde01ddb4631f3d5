"""How often somebody may guess: counted per account, per contact address and per network address.

1. An attempt is counted before it is judged, so that parallel guesses do not slip through together.
2. After the last one allowed in a window the place is closed, for twice as long each time it comes to that.
3. Success takes its own attempt back; whose account it was begins anew.
4. The table holds no identifier: every key is an HMAC under a service key, and rows end with their day.
5. What must be remembered of somebody without a count is marked beside it (`registry.contact_changes`).

Legal: GDPR Art. 5(1)(c), Art. 32(1)(b); R-ENC-6.
"""

import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from registry.keys import KeyRing
from registry.tables import AttemptRow

ATTEMPT_KEY = "attempt-counting"
FORGOTTEN_AFTER = timedelta(days=2)
_MOST_DOUBLINGS = 7
_IPV6_NETWORK = 64


class Place(StrEnum):
    """Where attempts are counted; stored codes."""

    STAFF_LOGIN = "staff-login"
    STAFF_ADDRESS = "staff-address"
    CODE_REQUEST = "code-request"
    PORTAL_ADDRESS = "portal-address"
    NEW_ADDRESS = "new-address"
    OWN_ADDRESS = "own-address"


@dataclass(frozen=True, slots=True)
class Limit:
    """How many attempts fit into a window."""

    most: int
    window: timedelta


LIMITS = {
    Place.STAFF_LOGIN: Limit(5, timedelta(minutes=15)),
    Place.STAFF_ADDRESS: Limit(50, timedelta(minutes=15)),
    Place.CODE_REQUEST: Limit(5, timedelta(hours=1)),
    Place.PORTAL_ADDRESS: Limit(100, timedelta(hours=1)),
}


class Turn(Enum):
    """What becomes of one attempt: it is judged, or it is not, and the first of those closed the place."""

    ALLOWED = "allowed"
    CLOSES = "closes"
    CLOSED = "closed"


def network_of(address: str) -> str:
    """What stands for a network address: an IPv4 address itself, the /64 of an IPv6 one; "" for none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))
    return str(parsed)


async def take_turn(session: AsyncSession, ring: KeyRing, place: Place, who: str, now: datetime) -> Turn:
    """Count one attempt; part of a transaction of its own, which must commit before the attempt is judged."""
    digest = _digest(ring, place, who)
    await _make_row(session, place, digest, now)
    statement = select(AttemptRow).where(_is(place, digest)).with_for_update()
    row = (await session.execute(statement.execution_options(populate_existing=True))).scalar_one()
    if row.closed_until is not None and row.closed_until > now:
        return Turn.CLOSED
    limit = LIMITS[place]
    if row.since + limit.window <= now:
        row.attempts, row.since = 0, now
    row.attempts += 1
    if row.attempts <= limit.most:
        return Turn.ALLOWED
    row.closed_until = now + limit.window * 2 ** min(row.closings, _MOST_DOUBLINGS)
    row.closings += 1
    row.attempts = 0
    return Turn.CLOSES


async def give_back(session: AsyncSession, ring: KeyRing, place: Place, who: str) -> None:
    """Take back an attempt that turned out to be right."""
    row = await session.get(AttemptRow, (place.value, _digest(ring, place, who)), with_for_update=True)
    if row is not None and row.attempts:
        row.attempts -= 1


async def begin_anew(session: AsyncSession, ring: KeyRing, place: Place, who: str) -> None:
    """Forget every attempt: the right person was there, or somebody entitled opened the place again."""
    await session.execute(delete(AttemptRow).where(_is(place, _digest(ring, place, who))))


async def mark(session: AsyncSession, ring: KeyRing, place: Place, who: str, now: datetime, until: datetime) -> None:
    """Remember since when somebody stands there, from now on anew, at least until then; nothing is counted."""
    digest = _digest(ring, place, who)
    await _make_row(session, place, digest, now)
    await session.execute(update(AttemptRow).where(_is(place, digest)).values(since=now, closed_until=until))


async def marked(session: AsyncSession, ring: KeyRing, place: Place, who: str) -> datetime | None:
    """Since when somebody stands there; None = they do not, or it is forgotten."""
    statement = select(col(AttemptRow.since)).where(_is(place, _digest(ring, place, who)))
    return (await session.execute(statement)).scalar_one_or_none()


async def forget_old(session: AsyncSession, now: datetime) -> None:
    """Delete rows that say nothing any more: quiet for two days and open."""
    quiet = col(AttemptRow.since) < now - FORGOTTEN_AFTER
    is_open = or_(col(AttemptRow.closed_until).is_(None), col(AttemptRow.closed_until) < now - FORGOTTEN_AFTER)
    await session.execute(delete(AttemptRow).where(quiet, is_open))


async def _make_row(session: AsyncSession, place: Place, digest: bytes, now: datetime) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"place": place.value, "digest": digest, "attempts": 0, "closings": 0, "since": now}
    await session.execute(insert(AttemptRow).values(**values).on_conflict_do_nothing())


def _is(place: Place, digest: bytes) -> ColumnElement[bool]:
    return (col(AttemptRow.place) == place.value) & (col(AttemptRow.digest) == digest)


def _digest(ring: KeyRing, place: Place, who: str) -> bytes:
    return hmac.digest(ring.service_key(ATTEMPT_KEY), place.value.encode() + b"\0" + who.encode(), "sha256")
