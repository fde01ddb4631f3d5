"""Who may enter the portal: whoever reads a one-time code at a contact address on file.

Answers and effort are the same whether somebody exists or not. Codes are asked for and tried a limited number of
times, per contact address and per network address; whoever asks too often gets the same page and no letter. So does
whoever asks at an address that was written over another one lately: `registry.contact_changes`.

Legal: GDPR Art. 12(6), Art. 32(1)(b); R-12.6-1, R-12.6-2, R-ENC-6.
"""

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.vocabulary import SubjectStatus
from registry import attempts
from registry.attempts import Place, Turn
from registry.contact_changes import must_wait, vouch
from registry.context import Change, Registry
from registry.cookies import digest_of, new_cookie, owner_of
from registry.errors import AuthenticationError, InvalidValueError
from registry.lookup import IdentifierKind, normalise
from registry.passwords import hash_code, matches
from registry.tables import LookupRow, PortalCodeRow, PortalSessionRow, SubjectRow

PORTAL_SESSION = timedelta(minutes=30)
CODE_VALID = timedelta(minutes=15)
CODE_DIGITS = 8
MOST_ATTEMPTS = 5
PORTAL = "portal"
PURPOSE = "data_subject_request"
TOO_OFTEN = "TOO_MANY_ATTEMPTS"
NEW_ADDRESS = "NEW_ADDRESS"
_NOBODY = UUID(int=0)


async def prepare_code(registry: Registry, email: str, wait: timedelta, address: str = "") -> tuple[str, str] | None:
    """Make a one-time code for the person known under a contact address.

    Args:
        registry: the collaborators.
        email: as typed.
        wait: how long an address that the person did not come with, nor ask for in the portal, must be on file.
        address: the network address it comes from; "" = not known, not counted.

    Returns:
        The normalised contact address and the code to send there; None where nobody or more than one person has it, it
        is too new, or too many were asked for, which the caller must not let show.
    """
    try:
        normalised = normalise(IdentifierKind.EMAIL, email)
    except InvalidValueError:
        return None
    allowed = await _may_try(registry, {Place.CODE_REQUEST: normalised, Place.PORTAL_ADDRESS: address})
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    hashed = hash_code(code).encode()
    async with registry.change() as change:
        known = await _only_one_known(change, normalised) if allowed else None
        waits = await must_wait(change, known or _NOBODY, wait)
        sent = known is not None and not waits
        if known is not None and sent:
            await change.session.execute(delete(PortalCodeRow).where(col(PortalCodeRow.subject_id) == known))
            row = PortalCodeRow(
                subject_id=known, digest=hashed, created_at=change.now, expires_at=change.now + CODE_VALID, attempts=0
            )
            change.session.add(row)
        _record(change, EventTag.CODE_SENT, known, done=sent, why=_why(limited=not allowed, waits=waits))
    return (normalised, code) if sent else None


async def vouch_for(registry: Registry, subject_id: UUID, email: str) -> None:
    """A person asks in their own session for another contact address; once it is on file it need not wait.

    Raises:
        InvalidValueError: when it is no address.
    """
    normalised = normalise(IdentifierKind.EMAIL, email)
    async with registry.database.transaction() as session:
        now = await registry.database.clock(session)
        await vouch(session, registry.ring, subject_id, normalised, now)


async def redeem_code(registry: Registry, email: str, code: str, address: str = "") -> str:
    """Open a portal session with a one-time code; returns the cookie. Other arguments as `prepare_code`.

    Raises:
        AuthenticationError: wrong, used, expired, or tried too often.
    """
    try:
        normalised = normalise(IdentifierKind.EMAIL, email)
    except InvalidValueError:
        normalised = ""
    allowed = await _may_try(registry, {Place.PORTAL_ADDRESS: address})
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
        valid = matches(code, row.digest.decode() if row else None)
        usable = row is not None and row.expires_at > change.now and row.attempts < MOST_ATTEMPTS and allowed
        if row is not None and usable and valid:
            cookie = new_cookie(row.subject_id)
            ends = change.now + PORTAL_SESSION
            change.session.add(PortalSessionRow(subject_id=row.subject_id, digest=digest_of(cookie), expires_at=ends))
            await change.session.delete(row)
        elif row is not None:
            row.attempts += 1
        operation = EventTag.LOGIN if cookie else EventTag.LOGIN_FAILED
        why = _why(limited=not allowed)
        _record(change, operation, row.subject_id if row else None, done=cookie is not None, why=why)
    if cookie is None:
        raise AuthenticationError("code is wrong or no longer valid")
    return cookie


async def subject_of(registry: Registry, cookie: str) -> UUID:
    """Whose portal session this is.

    Raises:
        AuthenticationError: none, or expired.
    """
    subject_id = owner_of(cookie)
    now = await registry.database.now()
    async with registry.database.reading() as session:
        row = await session.get(PortalSessionRow, (subject_id, digest_of(cookie)))
    if row is None or row.expires_at <= now:
        raise AuthenticationError("no such session")
    return subject_id


async def end_portal_session(registry: Registry, cookie: str) -> None:
    """Log out."""
    async with registry.database.transaction() as session:
        await session.execute(
            delete(PortalSessionRow).where(
                col(PortalSessionRow.subject_id) == owner_of(cookie),
                col(PortalSessionRow.digest) == digest_of(cookie),
            ),
        )


async def _may_try(registry: Registry, places: dict[Place, str]) -> bool:
    """Count one attempt everywhere; whether all places are open."""
    async with registry.database.transaction() as session:
        now = await registry.database.clock(session)
        turns = []
        for place, who in places.items():
            counted = attempts.network_of(who) if place is Place.PORTAL_ADDRESS else who
            if counted:
                turns.append(await attempts.take_turn(session, registry.ring, place, counted, now))
    return all(turn is Turn.ALLOWED for turn in turns)


async def _only_one_known(change: Change, normalised: str) -> UUID | None:
    """The one active person with this contact address; None = nobody, or several."""
    digests = [one.value for one in change.ring.index_digests(IdentifierKind.EMAIL.value, normalised)]
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
    return found[0] if len(found) == 1 else None


def _why(*, limited: bool, waits: bool = False) -> tuple[str, ...]:
    return (TOO_OFTEN,) if limited else (NEW_ADDRESS,) if waits else ()


def _record(change: Change, operation: EventTag, person: UUID | None, *, done: bool, why: tuple[str, ...]) -> None:
    change.record(
        Entry(
            operation,
            Outcome.DONE if done else Outcome.DENY,
            client=PORTAL,
            purpose=PURPOSE,
            policy=change.policy.version,
            reasons=why,
            persons=(PersonRef(person),) if person else (),
        ),
    )
