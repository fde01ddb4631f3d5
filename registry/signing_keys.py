"""Which public keys members of staff sign with: enrolled by their owner, kept in the journal too.

The journal lies outside the database: whoever can write rows alone cannot slip in a key of their own. A key is retired
and never deleted, so that what it signed before stays proven.

Legal: GDPR Art. 5(2), Art. 32(1)(b); R-AUD-2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from registry.actors import Action, Staff
from registry.context import Registry
from registry.errors import DuplicateIdentifierError, ForbiddenError, InvalidValueError, NotFoundError
from registry.journal import JournalKind
from registry.signing import PUBLIC_KEY_BYTES, fingerprint_of
from registry.tables import SigningKeyRow


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One public key of a member of staff."""

    fingerprint: str
    enrolled_at: datetime
    retired_at: datetime | None


async def enrol_key(registry: Registry, staff: Staff, public_key: bytes) -> str:
    """Enrol a public key (Ed25519, 32 bytes) for oneself; returns its fingerprint.

    Raises:
        ForbiddenError: when the role signs no decisions; recorded.
        InvalidValueError: when it is no key.
        DuplicateIdentifierError: when it is enrolled already.
    """
    if not staff.may(Action.DECIDE_POLICY):
        await _refuse(registry, staff)
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise InvalidValueError("a public key has 32 bytes")
    fingerprint = fingerprint_of(public_key)
    async with registry.change() as change:
        taken = select(col(SigningKeyRow.staff_id)).where(col(SigningKeyRow.fingerprint) == fingerprint)
        if (await change.session.execute(taken)).first() is not None:
            raise DuplicateIdentifierError("this key is enrolled already")
        change.session.add(
            SigningKeyRow(
                staff_id=staff.staff_id, fingerprint=fingerprint, public_key=public_key, enrolled_at=change.now
            ),
        )
        change.journal(JournalKind.SIGNING_KEY, None, fingerprint)
        change.record(_entry(registry, staff, EventTag.SIGNING_KEY_ENROL, Outcome.DONE))
    return fingerprint


async def retire_key(registry: Registry, staff: Staff, fingerprint: str) -> None:
    """Sign nothing with an own key from now on.

    Raises:
        NotFoundError: when it is not in use.
    """
    async with registry.change() as change:
        mine = (col(SigningKeyRow.staff_id) == staff.staff_id) & (col(SigningKeyRow.fingerprint) == fingerprint)
        row = (await change.session.execute(select(SigningKeyRow).where(mine))).scalar_one_or_none()
        if row is None or row.retired_at is not None:
            raise NotFoundError("no such key in use")
        await change.session.execute(update(SigningKeyRow).where(mine).values(retired_at=change.now))
        change.record(_entry(registry, staff, EventTag.SIGNING_KEY_RETIRE, Outcome.DONE))


async def keys_of(registry: Registry, staff_id: UUID) -> Sequence[SigningKey]:
    """The keys of a member of staff, the newest first."""
    mine = select(SigningKeyRow).where(col(SigningKeyRow.staff_id) == staff_id)
    async with registry.database.reading() as session:
        rows = (await session.execute(mine.order_by(col(SigningKeyRow.enrolled_at).desc()))).scalars()
        return [SigningKey(row.fingerprint, row.enrolled_at, row.retired_at) for row in rows]


async def _refuse(registry: Registry, staff: Staff) -> None:
    await registry.log.append(_entry(registry, staff, EventTag.SIGNING_KEY_ENROL, Outcome.DENY, "UNAUTHORISED"), None)
    raise ForbiddenError("this role signs no decisions")


def _entry(registry: Registry, staff: Staff, operation: EventTag, outcome: Outcome, *reasons: str) -> Entry:
    return Entry(
        operation,
        outcome,
        client=staff.caller.client,
        policy=registry.policy.version,
        reasons=reasons,
        persons=(PersonRef(staff.staff_id),),
        actor=staff.staff_id,
    )
