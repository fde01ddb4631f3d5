"""The second factor of staff: time-based codes (RFC 6238), and ten recovery codes that work once each.

1. The shared secret is sealed under a service key and shown once, when it is enrolled.
2. A code is taken in its own 30 seconds and the neighbouring ones, because clocks differ.
3. Every step is used once: a code that was read over somebody's shoulder is refused, and so is an older one.
4. Recovery codes are random (80 bits) and kept as SHA-256; a used one is deleted.

SHA-1, six digits and 30 seconds are what every authenticator app understands; HMAC-SHA-1 is not broken.

Legal: GDPR Art. 32(1)(b); R-ENC-6.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import CursorResult, Delete, Update, delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.columns import to_milliseconds
from registry.keys import KeyRing, unwrap_key, wrap_key
from registry.tables import RecoveryCodeRow, SecondFactorRow

STAFF_KEY = "staff-second-factor"
STEP_SECONDS = 30
DIGITS = 6
STEPS_APART = 1
RECOVERY_CODES = 10
ISSUER = "consent-registry"
_SECRET_BYTES = 20
_RECOVERY_BYTES = 10
_CODE = re.compile(r"\d{6}", re.ASCII)
_RECOVERY = re.compile(r"[A-Z2-7]{16}", re.ASCII)
_NOBODYS_SECRET = secrets.token_bytes(_SECRET_BYTES)


class Factor(StrEnum):
    """What proved the second factor."""

    TIME_CODE = "time-code"
    RECOVERY_CODE = "recovery-code"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is shown once: the secret (20 bytes), its otpauth URI, and the recovery codes (16 letters in fours)."""

    secret: bytes = field(repr=False)
    uri: str = field(repr=False)
    recovery_codes: tuple[str, ...] = field(repr=False)


def step_at(instant: datetime) -> int:
    """The number of the 30 seconds an instant lies in, since 1970."""
    return to_milliseconds(instant) // (1000 * STEP_SECONDS)


def code_at(secret: bytes, step: int) -> str:
    """The six digits of one step."""
    return HOTP(secret, DIGITS, SHA1()).generate(step).decode()  # noqa: S303 - what authenticator apps speak


async def enrol(session: AsyncSession, ring: KeyRing, staff_id: UUID, login: str, now: datetime) -> Enrolment:
    """Give an account a new second factor, in place of any other; part of the caller's transaction."""
    secret = secrets.token_bytes(_SECRET_BYTES)
    codes = tuple(base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES))
    await remove(session, staff_id)
    wrapped = wrap_key(ring.service_key(STAFF_KEY), secret, _context(staff_id))
    session.add(SecondFactorRow(staff_id=staff_id, wrapped=wrapped, last_step=0, enrolled_at=now))
    session.add_all(RecoveryCodeRow(staff_id=staff_id, digest=_digest(code)) for code in codes)
    uri = TOTP(secret, DIGITS, SHA1(), STEP_SECONDS).get_provisioning_uri(login, ISSUER)  # noqa: S303 - as above
    return Enrolment(secret, uri, tuple("-".join(re.findall("....", code)) for code in codes))


async def remove(session: AsyncSession, staff_id: UUID) -> None:
    """Take the second factor away: nobody logs in to the account until it has a new one."""
    await session.execute(delete(SecondFactorRow).where(col(SecondFactorRow.staff_id) == staff_id))
    await session.execute(delete(RecoveryCodeRow).where(col(RecoveryCodeRow.staff_id) == staff_id))


async def take_code(
    session: AsyncSession, ring: KeyRing, staff_id: UUID | None, code: str, now: datetime
) -> Factor | None:
    """Use a code up; None = it is not one of this account's, or was used before.

    Part of the caller's transaction, so that two logins never share one.

    Args:
        session: a unit of work.
        ring: holds the key the secret is sealed under.
        staff_id: whose code; None = nobody's, which no code is, at the same effort.
        code: six digits or a recovery code; white space and hyphens do not count.
        now: the database's clock.

    Raises:
        KeyUnavailableError: when the sealed secret was changed or moved to another account.
    """
    plain = re.sub(r"[\s-]", "", code).upper()
    row = await session.get(SecondFactorRow, staff_id) if staff_id else None
    secret = unwrap_key(ring.service_key(STAFF_KEY), row.wrapped, _context(row.staff_id)) if row else _NOBODYS_SECRET
    step = matching_step(secret, plain, step_at(now))
    if row is None:
        return None
    if step is not None:
        mine = col(SecondFactorRow.staff_id) == row.staff_id
        unused = update(SecondFactorRow).where(mine, col(SecondFactorRow.last_step) < step).values(last_step=step)
        return Factor.TIME_CODE if await _took(session, unused) else None
    mine = col(RecoveryCodeRow.staff_id) == row.staff_id
    unused_code = delete(RecoveryCodeRow).where(mine, col(RecoveryCodeRow.digest) == _digest(plain))
    is_one = _RECOVERY.fullmatch(plain) is not None and await _took(session, unused_code)
    return Factor.RECOVERY_CODE if is_one else None


def matching_step(secret: bytes, code: str, now: int) -> int | None:
    """The step a code belongs to; all are compared, so that the time tells nothing."""
    given = code if _CODE.fullmatch(code) else "!"
    steps = range(now - STEPS_APART, now + STEPS_APART + 1)
    fitting = [step for step in steps if hmac.compare_digest(code_at(secret, step), given)]
    return max(fitting, default=None)


async def _took(session: AsyncSession, statement: Update | Delete) -> bool:
    result = await session.execute(statement.execution_options(synchronize_session=False))
    return isinstance(result, CursorResult) and result.rowcount == 1


def _context(staff_id: UUID) -> bytes:
    return b"staff-second-factor\0" + staff_id.bytes


def _digest(code: str) -> bytes:
    return hashlib.sha256(b"recovery\0" + code.encode()).digest()
