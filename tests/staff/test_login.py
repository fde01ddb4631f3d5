"""Who may enter as staff, how often they may try, and when a session ends. R-ENC-6, R-AUD-2."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from audit.event import EventTag
from audit.log import Filters, Logged
from registry import staff
from registry.actors import Role
from registry.attempts import LIMITS, Place
from registry.errors import AuthenticationError
from registry.staff_login import (
    IDLE,
    LONGEST_SESSION,
    Credentials,
    access_of,
    authenticate_staff,
    end_staff_session,
    login_staff,
    staff_of,
)
from tests.colleagues import PASSWORD, Colleague, hire, let_pass
from tests.house import House

pytestmark = pytest.mark.gdpr("32(1)(b)")
WRONG_CODE = "000000"


@pytest.fixture
async def dpo(house: House) -> Colleague:
    return await hire(house, Role.DPO)


async def entries(house: House, operation: EventTag) -> list[Logged]:
    return await house.registry.log.search(Filters(operation=operation), 50)


async def fails(house: House, given: Credentials) -> None:
    with pytest.raises(AuthenticationError, match=r"^login, password or code is wrong$"):
        await authenticate_staff(house.registry, given)


async def test_login_password_and_code_open_a_session(house: House, dpo: Colleague) -> None:
    cookie = await login_staff(house.registry, await dpo.credentials())
    assert await staff_of(house.registry, cookie) == dpo.staff
    (entry,) = await entries(house, EventTag.LOGIN)
    assert "act" in entry.tree


async def test_a_code_that_was_used_is_refused(house: House, dpo: Colleague) -> None:
    given = await dpo.credentials()
    await authenticate_staff(house.registry, given)
    await fails(house, given)
    await fails(house, await dpo.credentials(code=await dpo.code(-1)))
    assert len(await entries(house, EventTag.LOGIN_FAILED)) == 2


async def test_two_logins_at_once_share_no_code(house: House, dpo: Colleague) -> None:
    given = await dpo.credentials()
    outcomes = await asyncio.gather(
        *(authenticate_staff(house.registry, given) for _ in range(3)), return_exceptions=True
    )
    assert [type(one).__name__ for one in outcomes].count("Staff") == 1


async def test_a_code_from_long_ago_or_of_another_account_is_refused(house: House, dpo: Colleague) -> None:
    clerk = await hire(house, Role.CLERK)
    for code in (await dpo.code(-3), await dpo.code(5), await clerk.code(), "", "12345", "1234567", "é" * 6):
        await fails(house, await dpo.credentials(code=code))
        await staff.unlock(house.registry, dpo.staff.staff_id)


async def test_a_recovery_code_works_once(house: House, dpo: Colleague) -> None:
    code = dpo.enrolment.recovery_codes[3].lower()
    assert await authenticate_staff(house.registry, await dpo.credentials(code=code)) == dpo.staff
    assert (await access_of(house.registry, dpo.staff)).recovery_codes == 9
    await fails(house, await dpo.credentials(code=code))
    (entry,) = await entries(house, EventTag.LOGIN)
    assert [one.detail for one in await house.registry.log.persons_of(entry.index)][:1] == ["recovery-code"]


async def test_an_account_without_a_second_factor_lets_nobody_in(house: House) -> None:
    await house.account("bare", Role.CLERK, PASSWORD)
    for code in (WRONG_CODE, ""):
        await fails(house, Credentials("bare", PASSWORD, code))


async def test_the_secret_of_another_account_does_not_open(house: House, dpo: Colleague) -> None:
    """Sealed for one account: whoever copies rows copies nothing."""
    clerk = await hire(house, Role.CLERK)
    await house.as_owner(
        "update staff_second_factor set wrapped = (select wrapped from staff_second_factor s"
        " join staff on staff.staff_id = s.staff_id where login = 'clerk')"
    )
    with pytest.raises(Exception, match="a wrapped key does not open"):
        await authenticate_staff(house.registry, await dpo.credentials(code=await clerk.code()))


async def test_after_five_failures_the_right_person_waits_too(house: House, dpo: Colleague) -> None:
    for _ in range(LIMITS[Place.STAFF_LOGIN].most):
        await fails(house, await dpo.credentials(code=WRONG_CODE))
    await fails(house, await dpo.credentials())
    await fails(house, await dpo.credentials())
    assert len(await entries(house, EventTag.LOCKOUT)) == 1
    await let_pass(house, "attempt", ("since", "closed_until"), LIMITS[Place.STAFF_LOGIN].window)
    assert await authenticate_staff(house.registry, await dpo.credentials()) == dpo.staff


async def test_a_place_that_is_closed_again_stays_closed_longer(house: House, dpo: Colleague) -> None:
    for _ in range(2):
        for _ in range(LIMITS[Place.STAFF_LOGIN].most + 1):
            await fails(house, await dpo.credentials(code=WRONG_CODE))
        await let_pass(house, "attempt", ("since", "closed_until"), LIMITS[Place.STAFF_LOGIN].window)
    await fails(house, await dpo.credentials())
    await staff.unlock(house.registry, dpo.staff.staff_id)
    assert await authenticate_staff(house.registry, await dpo.credentials()) == dpo.staff
    assert len(await entries(house, EventTag.STAFF_UNLOCK)) == 1


async def test_guesses_at_once_are_counted_before_they_are_judged(house: House, dpo: Colleague) -> None:
    most = LIMITS[Place.STAFF_LOGIN].most
    given = await dpo.credentials(password="wrong password 1", code=WRONG_CODE)
    await asyncio.gather(*(authenticate_staff(house.registry, given) for _ in range(most + 3)), return_exceptions=True)
    assert len(await entries(house, EventTag.LOCKOUT)) == 1
    limited = [one for one in await entries(house, EventTag.LOGIN_FAILED) if "why" in one.tree]
    assert len(limited) == 2


async def test_an_address_that_tries_many_accounts_is_closed(
    house: House, dpo: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = LIMITS[Place.STAFF_ADDRESS]
    monkeypatch.setitem(LIMITS, Place.STAFF_ADDRESS, type(limit)(3, limit.window))
    for number in range(4):
        await fails(house, Credentials(f"nobody-{number}", PASSWORD, WRONG_CODE, "192.0.2.7"))
    await fails(house, await dpo.credentials(address="192.0.2.7"))
    assert await authenticate_staff(house.registry, await dpo.credentials(address="192.0.2.8")) == dpo.staff


async def test_success_takes_nothing_from_the_others_behind_an_address(
    house: House, dpo: Colleague, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = LIMITS[Place.STAFF_ADDRESS]
    monkeypatch.setitem(LIMITS, Place.STAFF_ADDRESS, type(limit)(2, limit.window))
    for _ in range(5):
        await dpo.logs_in(address="192.0.2.7")


async def test_what_is_counted_names_nobody(house: House, dpo: Colleague) -> None:
    await fails(house, await dpo.credentials(code=WRONG_CODE, address="192.0.2.7"))
    async with house.registry.database.reading() as session:
        rows = str((await session.execute(text("select * from attempt"))).all())
    assert "staff-login" in rows
    assert dpo.login not in rows
    assert "192.0.2.7" not in rows


async def test_a_session_ends_after_half_an_hour_without_a_page(house: House, dpo: Colleague) -> None:
    cookie = await dpo.logs_in()
    await let_pass(house, "staff_session", ("seen_at",), IDLE - timedelta(minutes=1))
    await staff_of(house.registry, cookie)
    await let_pass(house, "staff_session", ("seen_at",), IDLE - timedelta(minutes=1))
    await staff_of(house.registry, cookie)
    await let_pass(house, "staff_session", ("seen_at",), IDLE)
    with pytest.raises(AuthenticationError):
        await staff_of(house.registry, cookie)


async def test_a_session_ends_after_ten_hours_in_any_case(house: House, dpo: Colleague) -> None:
    cookie = await dpo.logs_in()
    await let_pass(house, "staff_session", ("expires_at",), LONGEST_SESSION)
    with pytest.raises(AuthenticationError):
        await staff_of(house.registry, cookie)


async def test_logging_in_again_ends_the_session_this_browser_had(house: House, dpo: Colleague) -> None:
    former = await dpo.logs_in()
    await house.as_owner("update staff_second_factor set last_step = 0")
    cookie = await login_staff(house.registry, await dpo.credentials(), former)
    assert cookie != former
    with pytest.raises(AuthenticationError):
        await staff_of(house.registry, former)


@pytest.mark.parametrize("change", ["logout", "role", "password", "disable", "factor", "revoke"])
async def test_a_change_of_the_account_ends_its_sessions(house: House, change: str) -> None:
    clerk = await hire(house, Role.CLERK)
    first, second = await clerk.logs_in(), await clerk.logs_in()
    staff_id = clerk.staff.staff_id
    if change == "logout":
        await end_staff_session(house.registry, first)
        assert await staff_of(house.registry, second) == clerk.staff
        await end_staff_session(house.registry, second)
    elif change == "role":
        await staff.set_role(house.registry, staff_id, Role.LEGAL)
    elif change == "password":
        assert await staff.change_password(house.registry, clerk.staff, PASSWORD, "another password")
    elif change == "disable":
        await staff.disable(house.registry, staff_id)
    elif change == "factor":
        await staff.enrol_second_factor(house.registry, staff_id)
    else:
        await staff.revoke_sessions(house.registry, staff_id)
    for cookie in (first, second):
        with pytest.raises(AuthenticationError):
            await staff_of(house.registry, cookie)


async def test_a_disabled_account_lets_nobody_in(house: House) -> None:
    clerk = await hire(house, Role.CLERK)
    await staff.disable(house.registry, clerk.staff.staff_id)
    await fails(house, await clerk.credentials())


async def test_a_new_second_factor_voids_the_old_one_and_its_recovery_codes(house: House) -> None:
    clerk = await hire(house, Role.CLERK)
    await staff.enrol_second_factor(house.registry, clerk.staff.staff_id)
    await fails(house, await clerk.credentials())
    await fails(house, await clerk.credentials(code=clerk.enrolment.recovery_codes[0]))


async def test_the_old_password_is_asked_for_and_guesses_at_it_are_counted(house: House) -> None:
    clerk = await hire(house, Role.CLERK)
    for _ in range(LIMITS[Place.STAFF_LOGIN].most):
        assert not await staff.change_password(house.registry, clerk.staff, "wrong password 1", "another password")
    assert not await staff.change_password(house.registry, clerk.staff, PASSWORD, "another password")
    assert {one.tree["out"] for one in await entries(house, EventTag.STAFF_PASSWORD)} == {"deny"}
