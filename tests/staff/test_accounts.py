"""Who may change accounts, and what no administrator can do alone. R-38-1."""

from collections.abc import Awaitable, Callable

import pytest

from audit.event import EventTag, Outcome
from audit.log import Filters
from registry import staff
from registry.actors import MAY, SYSTEM, Action, Role, Staff, may
from registry.context import Caller
from registry.errors import DuplicateIdentifierError, ForbiddenError, InvalidValueError, UnknownStaffError
from tests.colleagues import PASSWORD, nobody
from tests.house import House

pytestmark = pytest.mark.sqlite
ADMINISTRATORS = {Role.ADMIN}
READERS = {Role.DPO, Role.CLERK, Role.DECIDER}


def test_the_matrix_says_what_the_law_asks() -> None:
    """Everything a role may do; a change here is a decision."""
    assert {role for role in Role if Action.READ_REGISTRY in MAY[role]} == READERS
    assert {role for role in Role if Action.EXPORT_AUDIT in MAY[role]} == {Role.DPO, Role.DECIDER}
    assert {role for role in Role if Action.ADVISE_ON_NAME in MAY[role]} == {Role.DPO}
    assert {role for role in Role if Action.RELEASE_NAME in MAY[role]} == {Role.DECIDER}
    assert {role for role in Role if Action.DECIDE_REQUEST in MAY[role]} == {Role.DECIDER}
    assert {role for role in Role if Action.PROPOSE_POLICY in MAY[role]} == {Role.AUTHOR}
    assert {role for role in Role if Action.REVIEW_POLICY in MAY[role]} == {Role.LEGAL}
    assert {role for role in Role if Action.ADVISE_ON_POLICY in MAY[role]} == {Role.DPO}
    assert {role for role in Role if Action.DECIDE_POLICY in MAY[role]} == {Role.DECIDER}
    assert {role for role in Role if Action.MANAGE_STAFF in MAY[role]} == ADMINISTRATORS
    assert {role for role in Role if Action.MANAGE_CLIENTS in MAY[role]} == ADMINISTRATORS
    assert {role for role in Role if Action.CONFIRM_STAFF in MAY[role]} == {Role.DPO, Role.DECIDER}
    assert all(Action.READ_POLICIES in MAY[role] for role in Role)


def test_a_machine_client_has_no_role() -> None:
    assert not [action for action in Action if may(Caller("shop"), action)]
    assert not may(SYSTEM, Action.DECIDE_POLICY)


@pytest.fixture
def house(sqlite_house: House) -> House:
    """Who may do what does not depend on the engine."""
    return sqlite_house


async def refused(house: House, attempt: Awaitable[object], operation: EventTag) -> None:
    """Refused, and recorded as refused."""
    before = len(await house.registry.log.search(Filters(operation=operation, outcome=Outcome.DENY), 50))
    with pytest.raises(ForbiddenError):
        await attempt
    assert len(await house.registry.log.search(Filters(operation=operation, outcome=Outcome.DENY), 50)) == before + 1


Change = Callable[[House, "Caller", "Staff | None"], Awaitable[object]]


def changes_of(target: Staff) -> dict[EventTag, Change]:
    """Everything that could take a role from somebody or let somebody else in under their name."""
    return {
        EventTag.STAFF_ROLE: lambda house, by, second: staff.set_role(
            house.registry, target.staff_id, Role.CLERK, by=by, confirmed_by=second
        ),
        EventTag.STAFF_DISABLE: lambda house, by, second: staff.disable(
            house.registry, target.staff_id, by=by, confirmed_by=second
        ),
        EventTag.SECOND_FACTOR: lambda house, by, second: staff.enrol_second_factor(
            house.registry, target.staff_id, by=by, confirmed_by=second
        ),
    }


@pytest.mark.gdpr("38(3)")
@pytest.mark.parametrize("role", [Role.DPO, Role.DECIDER])
@pytest.mark.parametrize("by_admin", [True, False], ids=["administrator", "server"])
async def test_no_administrator_takes_the_role_from_the_dpo_or_a_decider_alone(
    house: House, role: Role, *, by_admin: bool
) -> None:
    decider = await house.staff(Role.DECIDER)
    target = Staff(await house.account("target", role), role)
    await staff.enrol_second_factor(house.registry, target.staff_id)
    admin = await house.staff(Role.ADMIN)
    by = admin.caller if by_admin else SYSTEM
    for operation, change in changes_of(target).items():
        for second in (None, admin, target, await house.staff(Role.CLERK), await house.staff(Role.LEGAL)):
            await refused(house, change(house, by, second), operation)
    assert (await staff.account_of(house.registry, target.staff_id)).disabled_at is None
    await staff.disable(house.registry, target.staff_id, by=by, confirmed_by=decider)
    assert (await staff.account_of(house.registry, target.staff_id)).disabled_at is not None


@pytest.mark.parametrize("role", [Role.DPO, Role.DECIDER])
async def test_no_administrator_makes_somebody_who_could_confirm(house: House, role: Role) -> None:
    await house.staff(Role.DECIDER)
    admin = await house.staff(Role.ADMIN)
    clerk = await house.staff(Role.CLERK)
    made = staff.create_staff(house.registry, "friend", role, PASSWORD, by=admin.caller)
    await refused(house, made, EventTag.STAFF_CREATE)
    promoted = staff.set_role(house.registry, clerk.staff_id, role, by=admin.caller, confirmed_by=admin)
    await refused(house, promoted, EventTag.STAFF_ROLE)


async def test_the_dpo_may_give_up_the_own_account(house: House) -> None:
    await house.staff(Role.DECIDER)
    dpo = await house.staff(Role.DPO)
    await staff.disable(house.registry, dpo.staff_id, by=dpo.caller)
    assert (await staff.account_of(house.registry, dpo.staff_id)).disabled_at is not None


@pytest.mark.parametrize("role", sorted(set(Role) - ADMINISTRATORS))
async def test_only_administrators_change_accounts(house: House, role: Role) -> None:
    by = (await house.staff(role)).caller
    target = Staff(await house.account("target", Role.CLERK), Role.CLERK)
    for operation, change in changes_of(target).items():
        await refused(house, change(house, by, None), operation)
    await refused(house, staff.unlock(house.registry, target.staff_id, by=by), EventTag.STAFF_UNLOCK)
    await refused(house, staff.revoke_sessions(house.registry, target.staff_id, by=by), EventTag.SESSIONS_END)
    made = staff.create_staff(house.registry, "friend", Role.CLERK, PASSWORD, by=by)
    await refused(house, made, EventTag.STAFF_CREATE)


async def test_an_administrator_changes_other_accounts_and_the_log_says_who(house: House) -> None:
    admin = await house.staff(Role.ADMIN)
    made = await staff.create_staff(house.registry, "new", Role.CLERK, PASSWORD, by=admin.caller)
    await staff.set_role(house.registry, made, Role.AUTHOR, by=admin.caller)
    (entry,) = await house.registry.log.search(Filters(operation=EventTag.STAFF_ROLE), 1)
    concerned = await house.registry.log.persons_of(entry.index)
    assert [(one.person_ref, one.detail) for one in concerned] == [(made, "clerk:author"), (admin.staff_id, "")]


async def test_an_account_needs_a_login_of_its_own_and_a_password(house: House) -> None:
    await house.account("taken", Role.CLERK)
    with pytest.raises(DuplicateIdentifierError):
        await house.account("taken", Role.CLERK)
    for login, password in (("", PASSWORD), ("a\x00b", PASSWORD), ("x" * 321, PASSWORD), ("new", "short")):
        with pytest.raises(InvalidValueError):
            await house.account(login, Role.CLERK, password)
    with pytest.raises(UnknownStaffError):
        await staff.disable(house.registry, nobody())
    assert [one.login for one in await staff.accounts(house.registry)] == ["taken"]
