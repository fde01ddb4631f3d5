"""Accounts of staff: made, disabled, given another role, let in again; every change ends the account's sessions.

Whoever administers accounts could make everybody else powerless: give the role of the data protection officer to a
friend, or make a decider who waves changes through. So whatever touches an account of the data protection officer or
of a decider needs a second person, who is one of them and not the one concerned, as soon as the house has a decider.
The data protection officer may give up the own account. Whoever is at the server acts as the system, and needs the
second person just the same.

Legal: GDPR Art. 32(1)(b), Art. 38(3), (6); R-38-1, R-AUD-2, R-ENC-6.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, select
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from audit.log import create_person_key
from registry import attempts, second_factor
from registry.actors import SYSTEM, Action, Role, Staff, may
from registry.attempts import Place, Turn
from registry.context import Caller, Change, Registry
from registry.errors import DuplicateIdentifierError, ForbiddenError, InvalidValueError, UnknownStaffError
from registry.passwords import hash_password, matches
from registry.second_factor import Enrolment
from registry.tables import SecondFactorRow, StaffRow, StaffSessionRow

LONGEST_LOGIN = 320
GUARDED = frozenset({Role.DPO, Role.DECIDER})


@dataclass(frozen=True, slots=True)
class Account:
    """One account as an administrator sees it."""

    staff_id: UUID
    login: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None
    enrolled: bool


async def create_staff(
    registry: Registry, login: str, role: Role, password: str, *, by: Caller = SYSTEM, confirmed_by: Staff | None = None
) -> UUID:
    """Make a staff account; nobody can log in before it has a second factor (`enrol_second_factor`).

    Args:
        registry: the collaborators.
        login: 1 to 320 printable characters.
        role: what the account may do.
        password: 12 to 1,024 characters.
        by: who administers.
        confirmed_by: the second person, where the role asks for one.

    Raises:
        InvalidValueError: when login or password have not their form.
        DuplicateIdentifierError: when the login is taken.
        ForbiddenError: when the caller may not administer accounts, or the second person is missing; recorded.
    """
    if not login.isprintable() or not login.strip() or len(login) > LONGEST_LOGIN:
        raise InvalidValueError(f"a login has 1 to {LONGEST_LOGIN} printable characters")
    hashed = hash_password(password)
    await _authorise(registry, EventTag.STAFF_CREATE, by, confirmed_by, None, {role})
    async with registry.change() as change:
        taken = await change.session.execute(select(col(StaffRow.staff_id)).where(col(StaffRow.login) == login))
        if taken.first() is not None:
            raise DuplicateIdentifierError("this login is taken")
        staff_id = uuid4()
        row = StaffRow(staff_id=staff_id, login=login, role=role.value, password_hash=hashed, created_at=change.now)
        change.session.add(row)
        await create_person_key(change.session, staff_id, await change.new_audit_key(staff_id))
        _record(change, EventTag.STAFF_CREATE, by, staff_id, role.value)
    return staff_id


async def enrol_second_factor(
    registry: Registry, staff_id: UUID, *, by: Caller = SYSTEM, confirmed_by: Staff | None = None
) -> Enrolment:
    """Give an account its second factor, or a new one in place of a lost one; ends its sessions.

    The first one of an account needs no second person: nobody could log in to it before.

    Raises:
        UnknownStaffError: when there is no such account.
        ForbiddenError: as `create_staff`.
    """
    account = await account_of(registry, staff_id)
    touched = {account.role} if account.enrolled else set()
    await _authorise(registry, EventTag.SECOND_FACTOR, by, confirmed_by, staff_id, touched)
    async with registry.change() as change:
        await _end_sessions(change, staff_id)
        enrolment = await second_factor.enrol(change.session, change.ring, staff_id, account.login, change.now)
        _record(change, EventTag.SECOND_FACTOR, by, staff_id)
    return enrolment


async def set_role(
    registry: Registry, staff_id: UUID, role: Role, *, by: Caller = SYSTEM, confirmed_by: Staff | None = None
) -> None:
    """Give an account another role; ends its sessions. Errors as `enrol_second_factor`."""
    account = await account_of(registry, staff_id)
    await _authorise(registry, EventTag.STAFF_ROLE, by, confirmed_by, staff_id, {account.role, role})
    async with registry.change() as change:
        row = await _locked(change, staff_id)
        row.role = role.value
        await _end_sessions(change, staff_id)
        _record(change, EventTag.STAFF_ROLE, by, staff_id, f"{account.role.value}:{role.value}")


async def disable(
    registry: Registry, staff_id: UUID, *, by: Caller = SYSTEM, confirmed_by: Staff | None = None
) -> None:
    """Let an account log in no more; what it did stays its own. Errors as `enrol_second_factor`."""
    account = await account_of(registry, staff_id)
    await _authorise(registry, EventTag.STAFF_DISABLE, by, confirmed_by, staff_id, {account.role})
    async with registry.change() as change:
        row = await _locked(change, staff_id)
        row.disabled_at = row.disabled_at or change.now
        await _end_sessions(change, staff_id)
        _record(change, EventTag.STAFF_DISABLE, by, staff_id)


async def unlock(registry: Registry, staff_id: UUID, *, by: Caller = SYSTEM) -> None:
    """Open an account again that was closed by failed logins; errors as `enrol_second_factor`."""
    account = await account_of(registry, staff_id)
    await _authorise(registry, EventTag.STAFF_UNLOCK, by, None, staff_id, set())
    async with registry.change() as change:
        await attempts.begin_anew(change.session, change.ring, Place.STAFF_LOGIN, account.login)
        _record(change, EventTag.STAFF_UNLOCK, by, staff_id)


async def revoke_sessions(registry: Registry, staff_id: UUID, *, by: Caller = SYSTEM) -> None:
    """End every session of an account, by an administrator or its owner; errors as `enrol_second_factor`."""
    if by.actor != staff_id:
        await _authorise(registry, EventTag.SESSIONS_END, by, None, staff_id, set())
    async with registry.change() as change:
        await _locked(change, staff_id)
        await _end_sessions(change, staff_id)
        _record(change, EventTag.SESSIONS_END, by, staff_id)


async def change_password(registry: Registry, staff: Staff, old: str, new: str) -> bool:
    """Give the own account a new password and end its sessions; False = the old one is wrong, recorded and counted.

    Raises:
        InvalidValueError: when the new password has not its form.
    """
    hashed = hash_password(new)
    caller = Caller("console", staff.staff_id, staff.role.value)
    login = (await account_of(registry, staff.staff_id)).login
    async with registry.database.transaction() as session:
        now = await registry.database.clock(session)
        turn = await attempts.take_turn(session, registry.ring, Place.STAFF_LOGIN, login, now)
    async with registry.change() as change:
        row = await _locked(change, staff.staff_id)
        right = matches(old, row.password_hash) and turn is Turn.ALLOWED
        if right:
            row.password_hash = hashed
            await attempts.begin_anew(change.session, change.ring, Place.STAFF_LOGIN, login)
            await _end_sessions(change, staff.staff_id)
        _record(
            change, EventTag.STAFF_PASSWORD, caller, staff.staff_id, outcome=Outcome.DONE if right else Outcome.DENY
        )
    return right


async def accounts(registry: Registry) -> Sequence[Account]:
    """All accounts, by login."""
    async with registry.database.reading() as session:
        rows = (await session.execute(select(StaffRow).order_by(col(StaffRow.login)))).scalars().all()
        enrolled = set((await session.execute(select(col(SecondFactorRow.staff_id)))).scalars())
    return [_account(row, enrolled=row.staff_id in enrolled) for row in rows]


async def account_of(registry: Registry, staff_id: UUID) -> Account:
    """One account.

    Raises:
        UnknownStaffError: when there is none.
    """
    return await _found(registry, col(StaffRow.staff_id) == staff_id)


async def account_named(registry: Registry, login: str) -> Account:
    """The account with this login; errors as `account_of`."""
    return await _found(registry, col(StaffRow.login) == login)


async def _found(registry: Registry, condition: ColumnElement[bool]) -> Account:
    async with registry.database.reading() as session:
        row = (await session.execute(select(StaffRow).where(condition))).scalar_one_or_none()
        if row is None:
            raise UnknownStaffError("no such account")
        return _account(row, enrolled=await session.get(SecondFactorRow, row.staff_id) is not None)


def _account(row: StaffRow, *, enrolled: bool) -> Account:
    return Account(row.staff_id, row.login, Role(row.role), row.created_at, row.disabled_at, enrolled)


async def _authorise(
    registry: Registry,
    operation: EventTag,
    by: Caller,
    confirmed_by: Staff | None,
    staff_id: UUID | None,
    touched: set[Role],
) -> None:
    """Let only those administer who may, and guarded roles only with a second person; refusals are recorded."""
    own = by.actor is not None and by.actor == staff_id and operation is EventTag.STAFF_DISABLE
    allowed = own or may(by, Action.MANAGE_STAFF)
    confirmed = not touched & GUARDED or own or not await _has_decider(registry)
    if not confirmed and confirmed_by is not None and confirmed_by.may(Action.CONFIRM_STAFF):
        confirmed = confirmed_by.staff_id not in {staff_id, by.actor}
    if allowed and confirmed:
        return
    persons = (PersonRef(staff_id),) if staff_id else ()
    entry = Entry(
        operation,
        Outcome.DENY,
        client=by.client,
        policy=registry.policy.version,
        reasons=("SECOND_PERSON_MISSING",) if allowed else ("UNAUTHORISED",),
        persons=persons,
        actor=by.actor,
    )
    await registry.log.append(entry, None)
    if allowed:
        raise ForbiddenError("accounts of the data protection officer and of deciders are changed by two persons")
    raise ForbiddenError("this role administers no accounts")


async def _has_decider(registry: Registry) -> bool:
    statement = select(col(StaffRow.staff_id)).where(
        col(StaffRow.role) == Role.DECIDER.value, col(StaffRow.disabled_at).is_(None)
    )
    async with registry.database.reading() as session:
        return (await session.execute(statement.limit(1))).first() is not None


async def _locked(change: Change, staff_id: UUID) -> StaffRow:
    row = await change.session.get(StaffRow, staff_id, with_for_update=True)
    if row is None:
        raise UnknownStaffError("no such account")
    return row


async def _end_sessions(change: Change, staff_id: UUID) -> None:
    await change.session.execute(delete(StaffSessionRow).where(col(StaffSessionRow.staff_id) == staff_id))


def _record(
    change: Change, operation: EventTag, by: Caller, staff_id: UUID, detail: str = "", outcome: Outcome = Outcome.DONE
) -> None:
    change.record(
        Entry(
            operation,
            outcome,
            client=by.client,
            policy=change.policy.version,
            persons=(PersonRef(staff_id, detail),),
            actor=by.actor,
        ),
    )
