"""Who may act: machine clients, staff, and customers in the portal.

Secrets are kept as hashes: client secrets and session cookies are random 256-bit values and hashed with SHA-256;
passwords and one-time codes are guessable and hashed with argon2id. Answers and effort are the same whether
somebody exists or not.

Legal: GDPR Art. 32(1)(b), Art. 12(6); R-ENC-6.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from passlib.hash import argon2
from sqlalchemy import delete, select
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from audit.log import create_person_key
from policies.vocabulary import SubjectStatus
from registry.context import Caller, Registry
from registry.errors import AuthenticationError, DuplicateIdentifierError, InvalidValueError
from registry.lookup import IdentifierKind, normalise
from registry.tables import (
    ClientRow,
    LookupRow,
    PortalCodeRow,
    PortalSessionRow,
    StaffRow,
    StaffSessionRow,
    SubjectRow,
)

STAFF_SESSION = timedelta(hours=8)
PORTAL_SESSION = timedelta(minutes=30)
CODE_VALID = timedelta(minutes=15)
CODE_DIGITS = 8
MOST_ATTEMPTS = 5
SHORTEST_PASSWORD = 12
_COOKIE_BYTES = 32
_ID_BYTES = 16

_passwords = argon2.using(type="ID", memory_cost=19_456, time_cost=2, parallelism=1)
_NOBODYS_HASH = _passwords.hash(secrets.token_hex(16))

SYSTEM = Caller(client="registry", role="system")


class Role(StrEnum):
    """What a member of staff may do; the DPO advises and monitors, the decider decides (Art. 38(6))."""

    DPO = "dpo"
    CLERK = "clerk"
    DECIDER = "decider"


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff who has logged in."""

    staff_id: UUID
    role: Role


async def create_client(registry: Registry, code: str) -> str:
    """Make a client's credential, or a new secret for it; returns the secret, which is shown once.

    Raises:
        InvalidValueError: when the policy in force knows no such client.
    """
    if code not in registry.policy.clients:
        raise InvalidValueError(f"the policy knows no client {code}")
    secret = secrets.token_urlsafe(_COOKIE_BYTES)
    async with registry.change() as change:
        row = await change.session.get(ClientRow, code)
        if row is None:
            row = ClientRow(code=code, secret_hash="", created_at=change.now)
        row.secret_hash = _digest(secret).hex()
        row.revoked_at = None
        change.session.add(row)
        change.record(Entry(EventTag.CLIENT_CREATE, Outcome.DONE, client=code, policy=change.policy.version))
    return secret


async def authenticate_client(registry: Registry, code: str, secret: str) -> Caller:
    """Check a client's secret; the outcome is recorded either way.

    Raises:
        AuthenticationError: unknown, revoked, or the wrong secret.
    """
    async with registry.database.reading() as session:
        row = await session.get(ClientRow, code)
    stored = bytes.fromhex(row.secret_hash) if row is not None and row.revoked_at is None else bytes(_COOKIE_BYTES)
    valid = hmac.compare_digest(stored, _digest(secret))
    operation = EventTag.TOKEN_ISSUE if valid else EventTag.TOKEN_REFUSE
    outcome = Outcome.DONE if valid else Outcome.DENY
    known = code if code in registry.policy.clients else ""
    entry = Entry(operation, outcome, client=known, policy=registry.policy.version)
    await registry.log.append(entry, None)
    if not valid:
        raise AuthenticationError("client or secret is wrong")
    return Caller(client=code)


async def create_staff(registry: Registry, login: str, role: Role, password: str) -> UUID:
    """Make a staff account.

    Raises:
        InvalidValueError: when the password is shorter than 12 characters.
        DuplicateIdentifierError: when the login is taken.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidValueError(f"a password has at least {SHORTEST_PASSWORD} characters")
    async with registry.change() as change:
        taken = await change.session.execute(select(col(StaffRow.staff_id)).where(col(StaffRow.login) == login))
        if taken.first() is not None:
            raise DuplicateIdentifierError("this login is taken")
        staff_id = uuid4()
        change.session.add(
            StaffRow(
                staff_id=staff_id,
                login=login,
                role=role.value,
                password_hash=_passwords.hash(password),
                created_at=change.now,
            ),
        )
        await create_person_key(change.session, staff_id, await change.new_audit_key(staff_id))
        change.record(
            Entry(EventTag.STAFF_CREATE, Outcome.DONE, policy=change.policy.version, persons=(PersonRef(staff_id),)),
        )
    return staff_id


async def login_staff(registry: Registry, login: str, password: str) -> str:
    """Open a staff session; returns the cookie. The outcome is recorded either way.

    Raises:
        AuthenticationError: unknown login, disabled account or wrong password.
    """
    async with registry.database.reading() as session:
        row = (await session.execute(select(StaffRow).where(col(StaffRow.login) == login))).scalar_one_or_none()
    valid = _passwords.verify(password, row.password_hash if row else _NOBODYS_HASH)
    if row is None or row.disabled_at is not None or not valid:
        persons = (PersonRef(row.staff_id),) if row else ()
        entry = Entry(
            EventTag.LOGIN_FAILED,
            Outcome.DENY,
            client="console",
            policy=registry.policy.version,
            persons=persons,
        )
        await registry.log.append(entry, None)
        raise AuthenticationError("login or password is wrong")
    cookie = _cookie(row.staff_id)
    async with registry.change() as change:
        change.session.add(
            StaffSessionRow(staff_id=row.staff_id, digest=_digest(cookie), expires_at=change.now + STAFF_SESSION),
        )
        change.record(
            Entry(
                EventTag.LOGIN,
                Outcome.DONE,
                client="console",
                policy=change.policy.version,
                actor=row.staff_id,
            ),
        )
    return cookie


async def staff_of(registry: Registry, cookie: str) -> Staff:
    """Whose session this is.

    Raises:
        AuthenticationError: none, expired, or of a disabled account.
    """
    staff_id = _owner(cookie)
    now = await registry.database.now()
    async with registry.database.reading() as session:
        row = await session.get(StaffSessionRow, (staff_id, _digest(cookie)))
        staff = await session.get(StaffRow, staff_id)
    if row is None or staff is None or staff.disabled_at is not None or row.expires_at <= now:
        raise AuthenticationError("no such session")
    return Staff(staff_id, Role(staff.role))


async def end_staff_session(registry: Registry, cookie: str) -> None:
    """Log out."""
    async with registry.database.transaction() as session:
        await session.execute(
            delete(StaffSessionRow).where(
                col(StaffSessionRow.staff_id) == _owner(cookie),
                col(StaffSessionRow.digest) == _digest(cookie),
            ),
        )


async def prepare_code(registry: Registry, email: str) -> tuple[str, str] | None:
    """Make a one-time code for the person known under an address.

    Returns:
        The normalised address and the code to send there; None where nobody or more than one person has it,
        which the caller must not let show.
    """
    try:
        normalised = normalise(IdentifierKind.EMAIL, email)
    except InvalidValueError:
        return None
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    hashed = _passwords.hash(code).encode()
    async with registry.change() as change:
        digests = [one.value for one in registry.ring.index_digests(IdentifierKind.EMAIL.value, normalised)]
        statement = (
            select(col(LookupRow.subject_id))
            .join(SubjectRow, col(SubjectRow.subject_id) == col(LookupRow.subject_id))
            .where(
                col(LookupRow.kind) == IdentifierKind.EMAIL.value,
                col(LookupRow.digest).in_(digests),
                col(SubjectRow.status) == SubjectStatus.ACTIVE.value,
            )
        )
        found = list((await change.session.execute(statement)).scalars())
        known = found[0] if len(found) == 1 else None
        if known is not None:
            await change.session.execute(delete(PortalCodeRow).where(col(PortalCodeRow.subject_id) == known))
            change.session.add(
                PortalCodeRow(
                    subject_id=known,
                    digest=hashed,
                    created_at=change.now,
                    expires_at=change.now + CODE_VALID,
                    attempts=0,
                ),
            )
        change.record(
            Entry(
                EventTag.CODE_SENT,
                Outcome.DONE if known else Outcome.DENY,
                client="portal",
                purpose="data_subject_request",
                policy=change.policy.version,
                persons=(PersonRef(known),) if known else (),
            ),
        )
    return (normalised, code) if known else None


async def redeem_code(registry: Registry, email: str, code: str) -> str:
    """Open a portal session with a one-time code; returns the cookie.

    Raises:
        AuthenticationError: wrong, used, expired, or tried too often.
    """
    try:
        normalised = normalise(IdentifierKind.EMAIL, email)
    except InvalidValueError:
        normalised = ""
    cookie: str | None = None
    async with registry.change() as change:
        digests = [one.value for one in registry.ring.index_digests(IdentifierKind.EMAIL.value, normalised)]
        statement = (
            select(PortalCodeRow)
            .join(LookupRow, col(LookupRow.subject_id) == col(PortalCodeRow.subject_id))
            .where(col(LookupRow.kind) == IdentifierKind.EMAIL.value, col(LookupRow.digest).in_(digests))
            .with_for_update(of=PortalCodeRow)
        )
        row = (await change.session.execute(statement)).scalars().first()
        valid = _passwords.verify(code, row.digest.decode() if row else _NOBODYS_HASH)
        usable = row is not None and row.expires_at > change.now and row.attempts < MOST_ATTEMPTS
        if row is not None and usable and valid:
            cookie = _cookie(row.subject_id)
            change.session.add(
                PortalSessionRow(
                    subject_id=row.subject_id,
                    digest=_digest(cookie),
                    expires_at=change.now + PORTAL_SESSION,
                ),
            )
            await change.session.delete(row)
        elif row is not None:
            row.attempts += 1
        change.record(
            Entry(
                EventTag.LOGIN if cookie else EventTag.LOGIN_FAILED,
                Outcome.DONE if cookie else Outcome.DENY,
                client="portal",
                purpose="data_subject_request",
                policy=change.policy.version,
                persons=(PersonRef(row.subject_id),) if row else (),
            ),
        )
    if cookie is None:
        raise AuthenticationError("code is wrong or no longer valid")
    return cookie


async def subject_of(registry: Registry, cookie: str) -> UUID:
    """Whose portal session this is.

    Raises:
        AuthenticationError: none, or expired.
    """
    subject_id = _owner(cookie)
    now = await registry.database.now()
    async with registry.database.reading() as session:
        row = await session.get(PortalSessionRow, (subject_id, _digest(cookie)))
    if row is None or row.expires_at <= now:
        raise AuthenticationError("no such session")
    return subject_id


async def end_portal_session(registry: Registry, cookie: str) -> None:
    """Log out."""
    async with registry.database.transaction() as session:
        await session.execute(
            delete(PortalSessionRow).where(
                col(PortalSessionRow.subject_id) == _owner(cookie),
                col(PortalSessionRow.digest) == _digest(cookie),
            ),
        )


def _cookie(owner: UUID) -> str:
    return owner.hex + secrets.token_hex(_COOKIE_BYTES)


def _owner(cookie: str) -> UUID:
    try:
        return UUID(hex=cookie[: 2 * _ID_BYTES])
    except ValueError:
        raise AuthenticationError("no such session") from None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
