"""Machine clients: their secrets, and from when on their tokens count.

A secret is a random 256-bit value, kept as its SHA-256 and shown once. Rotating or revoking voids every token issued
before: `clients_version` of the state row moves on, every process compares it before it trusts a token (`api.deps`),
and learns here which tokens are void.

Legal: GDPR Art. 32(1)(b); R-AUD-2, R-ENC-6.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome
from registry.actors import SYSTEM, Action, may
from registry.context import Caller, Change, Registry
from registry.cookies import SECRET_BYTES, digest_of
from registry.errors import (
    AuthenticationError,
    DuplicateIdentifierError,
    ForbiddenError,
    InvalidValueError,
    NotFoundError,
)
from registry.tables import ClientRow, StateRow

_APART = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Client:
    """One client as an administrator sees it; `purposes` as the policy in force grants them."""

    code: str
    purposes: tuple[str, ...]
    created_at: datetime
    tokens_from: datetime | None
    revoked_at: datetime | None


async def create_client(registry: Registry, code: str, *, by: Caller = SYSTEM) -> str:
    """Make a client's credential, or let a revoked one in again; returns the secret, which is shown once.

    Raises:
        InvalidValueError: when the policy in force knows no such client.
        DuplicateIdentifierError: when it has a secret already; `rotate_client` makes another.
        ForbiddenError: when the caller may not administer clients; recorded.
    """
    if code not in registry.policy.clients:
        raise InvalidValueError("the policy knows no such client")
    await _authorise(registry, EventTag.CLIENT_CREATE, by)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    async with registry.change() as change:
        row = await change.session.get(ClientRow, code, with_for_update=True)
        if row is not None and row.revoked_at is None:
            raise DuplicateIdentifierError("this client has a secret already")
        if row is None:
            row = ClientRow(code=code, secret_hash="", created_at=change.now)
            change.session.add(row)
        row.secret_hash = digest_of(secret).hex()
        row.revoked_at = None
        _record(change, EventTag.CLIENT_CREATE, code, by)
    return secret


async def rotate_client(registry: Registry, code: str, *, by: Caller = SYSTEM) -> str:
    """Give a client another secret; the old one and every token of it end now. Returns the new one, shown once.

    Raises:
        NotFoundError: when the client has no secret.
        ForbiddenError: as `create_client`.
    """
    await _authorise(registry, EventTag.CLIENT_ROTATE, by)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    async with registry.change() as change:
        row = await _live(change, code)
        row.secret_hash = digest_of(secret).hex()
        await _void_tokens(change, row)
        _record(change, EventTag.CLIENT_ROTATE, code, by)
    await registry.load()
    return secret


async def revoke_client(registry: Registry, code: str, *, by: Caller = SYSTEM) -> None:
    """End a client's secret and every token of it, in every process, from the commit on. Errors as `rotate_client`."""
    await _authorise(registry, EventTag.CLIENT_REVOKE, by)
    async with registry.change() as change:
        row = await _live(change, code)
        row.revoked_at = change.now
        await _void_tokens(change, row)
        _record(change, EventTag.CLIENT_REVOKE, code, by)
    await registry.load()


async def clients(registry: Registry) -> Sequence[Client]:
    """Every client that ever had a secret, by code."""
    async with registry.database.reading() as session:
        rows = (await session.execute(select(ClientRow).order_by(col(ClientRow.code)))).scalars().all()
    known = registry.policy.clients
    return [
        Client(
            row.code,
            known[row.code].purposes if row.code in known else (),
            row.created_at,
            row.tokens_from,
            row.revoked_at,
        )
        for row in rows
    ]


async def authenticate_client(registry: Registry, code: str, secret: str) -> Caller:
    """Check a client's secret; the outcome is recorded either way.

    Raises:
        AuthenticationError: unknown, revoked, or the wrong secret.
    """
    async with registry.database.reading() as session:
        row = await session.get(ClientRow, code)
        version = (await session.execute(select(col(StateRow.clients_version)))).scalar_one()
    if version != registry.credentials.version:
        await registry.load()
    stored = bytes.fromhex(row.secret_hash) if row is not None and row.revoked_at is None else bytes(SECRET_BYTES)
    valid = hmac.compare_digest(stored, digest_of(secret))
    operation = EventTag.TOKEN_ISSUE if valid else EventTag.TOKEN_REFUSE
    outcome = Outcome.DONE if valid else Outcome.DENY
    known = code if code in registry.policy.clients else ""
    entry = Entry(operation, outcome, client=known, policy=registry.policy.version)
    await registry.log.append(entry, None)
    if not valid:
        raise AuthenticationError("client or secret is wrong")
    return Caller(client=code)


async def _authorise(registry: Registry, operation: EventTag, by: Caller) -> None:
    if may(by, Action.MANAGE_CLIENTS):
        return
    entry = Entry(
        operation,
        Outcome.DENY,
        client=by.client,
        policy=registry.policy.version,
        reasons=("UNAUTHORISED",),
        actor=by.actor,
    )
    await registry.log.append(entry, None)
    raise ForbiddenError("this role administers no clients")


async def _live(change: Change, code: str) -> ClientRow:
    row = await change.session.get(ClientRow, code, with_for_update=True)
    if row is None or row.revoked_at is not None:
        raise NotFoundError("this client has no secret")
    return row


async def _void_tokens(change: Change, row: ClientRow) -> None:
    """Tokens name whole seconds, and one issued right after a change the next of them: so each change goes beyond."""
    row.tokens_from = max(change.now, row.tokens_from + _APART) if row.tokens_from else change.now
    await change.session.execute(update(StateRow).values(clients_version=col(StateRow.clients_version) + 1))


def _record(change: Change, operation: EventTag, code: str, by: Caller) -> None:
    change.record(
        Entry(operation, Outcome.DONE, client=code, policy=change.policy.version, actor=by.actor),
    )
