"""Who may enter as staff: login, password and a code of the second factor, all three right at once.

1. The attempt is counted, for the account and for the network address, before anything is judged.
2. Password and code are judged at the same effort whether there is such an account or not, closed or not.
3. One answer to everything that is wrong: nobody learns which of the three it was, or that the account is closed.
4. The outcome is recorded, and so is the attempt that closes an account.

A session ends after half an hour without a page, after ten hours in any case, and when the account changes.

Legal: GDPR Art. 32(1)(b); R-AUD-2, R-ENC-6.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from registry import attempts, second_factor
from registry.actors import Role, Staff
from registry.attempts import Place, Turn
from registry.context import Registry
from registry.cookies import digest_of, new_cookie, owner_of
from registry.errors import AuthenticationError
from registry.passwords import matches
from registry.second_factor import Factor
from registry.tables import RecoveryCodeRow, StaffRow, StaffSessionRow

IDLE = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=10)
SEEN_EVERY = timedelta(minutes=1)
CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody types to prove who they are; `address` is where from, "" = this machine's command line."""

    login: str
    password: str
    code: str
    address: str = ""

    def __repr__(self) -> str:
        return "<Credentials>"


async def authenticate_staff(registry: Registry, given: Credentials, client: str = CONSOLE) -> Staff:
    """Check all three; recorded either way.

    Raises:
        AuthenticationError: when any is wrong, the account is disabled or closed, or the address tried too often.
    """
    async with registry.database.reading() as session:
        statement = select(StaffRow).where(col(StaffRow.login) == given.login)
        row = (await session.execute(statement)).scalar_one_or_none()
    turn = await _count(registry, given)  # 1
    factor = await _judge(registry, row, given, turn)  # 2
    persons = (PersonRef(row.staff_id),) if row else ()
    if row is None or factor is None:
        closes = turn is Turn.CLOSES
        entry = Entry(
            EventTag.LOCKOUT if closes else EventTag.LOGIN_FAILED,
            Outcome.DENY,
            client=client,
            policy=registry.policy.version,
            reasons=() if turn is Turn.ALLOWED else ("TOO_MANY_ATTEMPTS",),
            persons=persons,
        )
        await registry.log.append(entry, None)  # 4
        raise AuthenticationError("login, password or code is wrong")  # 3
    async with registry.change() as change:
        await attempts.begin_anew(change.session, change.ring, Place.STAFF_LOGIN, given.login)
        if address := attempts.network_of(given.address):
            await attempts.give_back(change.session, change.ring, Place.STAFF_ADDRESS, address)
        await attempts.forget_old(change.session, change.now)
        detail = factor.value if factor is Factor.RECOVERY_CODE else ""
        login = (PersonRef(row.staff_id, detail),) if detail else ()
        change.record(
            Entry(
                EventTag.LOGIN,
                Outcome.DONE,
                client=client,
                policy=change.policy.version,
                persons=login,
                actor=row.staff_id,
            ),
        )
    return Staff(row.staff_id, Role(row.role))


async def _count(registry: Registry, given: Credentials) -> Turn:
    """Count this attempt in both places; the account's word is told first."""
    async with registry.database.transaction() as session:
        now = await registry.database.clock(session)
        turns = [await attempts.take_turn(session, registry.ring, Place.STAFF_LOGIN, given.login, now)]
        if address := attempts.network_of(given.address):
            turns.append(await attempts.take_turn(session, registry.ring, Place.STAFF_ADDRESS, address, now))
    if Turn.CLOSES in turns:
        return Turn.CLOSES
    return next((turn for turn in turns if turn is not Turn.ALLOWED), Turn.ALLOWED)


async def _judge(registry: Registry, row: StaffRow | None, given: Credentials, turn: Turn) -> Factor | None:
    """The factor that was used; a code is used up only where everything else is right."""
    right = matches(given.password, row.password_hash if row else None)
    usable = row is not None and row.disabled_at is None and right and turn is Turn.ALLOWED
    async with registry.database.transaction() as session:
        now = await registry.database.clock(session)
        staff_id = row.staff_id if row is not None and usable else None
        return await second_factor.take_code(session, registry.ring, staff_id, given.code, now)


async def login_staff(registry: Registry, given: Credentials, former: str = "") -> str:
    """Open a session and end the one this browser had; returns the cookie. Errors as `authenticate_staff`."""
    staff = await authenticate_staff(registry, given)
    cookie = new_cookie(staff.staff_id)
    await _end(registry, former)
    async with registry.database.transaction() as session:
        now = await registry.database.clock(session)
        await session.execute(delete(StaffSessionRow).where(col(StaffSessionRow.expires_at) <= now))
        session.add(
            StaffSessionRow(
                staff_id=staff.staff_id,
                digest=digest_of(cookie),
                expires_at=now + LONGEST_SESSION,
                opened_at=now,
                seen_at=now,
            ),
        )
    return cookie


async def staff_of(registry: Registry, cookie: str) -> Staff:
    """Whose session this is.

    Raises:
        AuthenticationError: none, over, idle for half an hour, or of a disabled account.
    """
    staff_id = owner_of(cookie)
    now = await registry.database.now()
    async with registry.database.reading() as session:
        row = await session.get(StaffSessionRow, (staff_id, digest_of(cookie)))
        staff = await session.get(StaffRow, staff_id)
    if row is None or staff is None or staff.disabled_at is not None:
        raise AuthenticationError("no such session")
    if row.expires_at <= now or row.seen_at + IDLE <= now:
        raise AuthenticationError("this session is over")
    if row.seen_at + SEEN_EVERY <= now:
        async with registry.database.transaction() as session:
            mine = (col(StaffSessionRow.staff_id) == staff_id) & (col(StaffSessionRow.digest) == row.digest)
            await session.execute(update(StaffSessionRow).where(mine).values(seen_at=now))
    return Staff(staff_id, Role(staff.role))


async def end_staff_session(registry: Registry, cookie: str) -> None:
    """Log out; recorded if there was a session."""
    staff_id = await _end(registry, cookie)
    if staff_id is not None:
        entry = Entry(EventTag.LOGOUT, Outcome.DONE, client=CONSOLE, policy=registry.policy.version, actor=staff_id)
        await registry.log.append(entry, None)


@dataclass(frozen=True, slots=True)
class Access:
    """How somebody is logged in: open sessions, and recovery codes not used yet."""

    sessions: int
    recovery_codes: int


async def access_of(registry: Registry, staff: Staff) -> Access:
    """The own sessions and recovery codes, counted."""
    async with registry.database.reading() as session:
        sessions = select(func.count()).where(col(StaffSessionRow.staff_id) == staff.staff_id)
        codes = select(func.count()).where(col(RecoveryCodeRow.staff_id) == staff.staff_id)
        return Access((await session.execute(sessions)).scalar_one(), (await session.execute(codes)).scalar_one())


async def _end(registry: Registry, cookie: str) -> UUID | None:
    """End one session; returns whose it was, None = there was none."""
    try:
        staff_id = owner_of(cookie)
    except AuthenticationError:
        return None
    async with registry.database.transaction() as session:
        row = await session.get(StaffSessionRow, (staff_id, digest_of(cookie)))
        if row is None:
            return None
        await session.delete(row)
    return staff_id
