"""When the address that opens the portal was changed, and by whom: a new one opens nothing for a while.

Whoever holds a client's credential can write an address of their own into anybody's data. So an address that came later
than its person is answered only once it has been on file for some days, unless the person asked for it in a session of
their own; until then they step up through another door (Art. 12(6)). Sessions and codes that rest on the address before
end with it. Who changed and what to is kept as keyed hashes, and for no longer than the longest wait.

Legal: GDPR Art. 5(1)(f), Art. 12(6), Art. 32(1)(b); R-12.6-2.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from registry import attempts
from registry.attempts import Place
from registry.context import Change
from registry.keys import KeyRing
from registry.tables import PortalCodeRow, PortalSessionRow

LONGEST_WAIT_DAYS = 90
_KEPT = timedelta(days=LONGEST_WAIT_DAYS)


async def vouch(session: AsyncSession, ring: KeyRing, subject_id: UUID, address: str, now: datetime) -> None:
    """Note that a person asked for this address (normalised) in a session of their own: it opens the portal at once."""
    await attempts.mark(session, ring, Place.OWN_ADDRESS, _own(subject_id, address), now, now + _KEPT)


async def address_changed(change: Change, subject_id: UUID, address: str | None) -> None:
    """Another address (normalised; None = none) is on file from now on: what rests on the one before ends.

    Part of the change that writes it, in which the person's row is locked.
    """
    for table in (PortalSessionRow, PortalCodeRow):
        await change.session.execute(delete(table).where(col(table.subject_id) == subject_id))
    session, ring = change.session, change.ring
    own = address is not None and await attempts.marked(session, ring, Place.OWN_ADDRESS, _own(subject_id, address))
    if own:
        await attempts.begin_anew(session, ring, Place.NEW_ADDRESS, subject_id.hex)
    else:
        await attempts.mark(session, ring, Place.NEW_ADDRESS, subject_id.hex, change.now, change.now + _KEPT)


async def must_wait(change: Change, subject_id: UUID, wait: timedelta) -> bool:
    """Whether the person's address was changed less than `wait` ago, and not by themselves."""
    changed_at = await attempts.marked(change.session, change.ring, Place.NEW_ADDRESS, subject_id.hex)
    return changed_at is not None and changed_at + wait > change.now


def _own(subject_id: UUID, address: str) -> str:
    return f"{subject_id.hex}\0{address}"
