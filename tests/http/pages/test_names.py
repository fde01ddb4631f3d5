"""Whoever acted is named to a person only after the officer's opinion, by the decider, with a balance on record."""

from uuid import UUID

import pytest

from api.console.site import record_reading
from audit.event import EventTag, Outcome, PersonRef
from audit.log import Filters
from registry.actors import Role, Staff
from registry.context import Caller
from registry.errors import ForbiddenError, NotFoundError, RequestStateError
from registry.staff_names import Need, Opinion, Weighed, advise, name_told, naming_of, release
from tests.house import House
from tests.http.pages.browser import Browser
from tests.http.pages.conftest import LogIn

CLERK = "erika.beispiel"


async def looked_at(house: House, subject_id: UUID) -> int:
    """The entry of a clerk who looked at what is on file of a person."""
    staff_id = await house.account(CLERK, Role.CLERK)
    await record_reading(house.registry, Staff(staff_id, Role.CLERK), [PersonRef(subject_id)])
    (entry,) = await house.registry.log.search(Filters(actor=staff_id), 1)
    return entry.index


@pytest.mark.gdpr("15(4)")
async def test_the_person_learns_the_name_once_it_was_balanced(
    browser: Browser,
    other_browser: Browser,
    house: House,
    staff_logs_in: LogIn,
    customer_logs_in: LogIn,
) -> None:
    """R-15.1-4, C-579/21."""
    subject_id = await house.customer()
    index = await looked_at(house, subject_id)
    await customer_logs_in(other_browser)
    assert CLERK not in (await other_browser.open(f"/portal/accesses/{index}")).source
    entry = f"/console/audit/{index}"

    await staff_logs_in(browser, Role.DPO)
    page = await browser.open(entry)
    assert CLERK not in page.source
    assert f"{entry}/name" not in page.source
    token = page.form(f"{entry}/opinion", {}).fields["token"]
    fields = {"token": token, "need": Need.ORDERED.value, "weighed": Weighed.NOT_HEARD.value, "told": ""}
    assert (await browser.send(f"{entry}/name", fields)).status_code == 403
    (refused,) = await house.registry.log.search(Filters(operation=EventTag.NAME_RELEASE), 1)
    assert refused.tree["out"] == Outcome.DENY
    advised = await browser.press(page, f"{entry}/opinion", opinion=Opinion.FOR.value)
    assert "Nennung befürwortet" in advised.text
    await browser.press(advised, "/console/logout")

    await staff_logs_in(browser, Role.DECIDER)
    page = await browser.open(entry)
    assert CLERK not in page.source
    need, weighed = Need.ACCESS_IN_DOUBT.value, Weighed.HEARD_OUTWEIGHED.value
    released = await browser.press(page, f"{entry}/name", need=need, weighed=weighed, told=str(subject_id))
    assert f"Offengelegt: {CLERK}" in released.text
    (recorded,) = await house.registry.log.search(Filters(operation=EventTag.NAME_RELEASE), 1)
    assert recorded.tree["why"] == [Need.ACCESS_IN_DOUBT, Weighed.HEARD_OUTWEIGHED, Opinion.FOR]
    assert CLERK.encode() not in recorded.body
    assert "Begründete Zweifel" in (await browser.open(f"/console/audit/{recorded.index}")).text

    assert CLERK in (await other_browser.open(f"/portal/accesses/{index}")).text
    told = await other_browser.open(f"/portal/accesses/{recorded.index}")
    assert f"Namen erfahren aus Eintrag: {index}" in told.text


@pytest.mark.sqlite
async def test_no_step_is_left_out_and_nobody_decides_about_themselves(sqlite_house: House) -> None:
    house = sqlite_house
    subject_id, stranger = await house.customer(), UUID(int=7)
    index = await looked_at(house, subject_id)
    decider = await house.decider()
    dpo = Caller("console", await house.account("dpo", Role.DPO), "dpo")
    balance = (Need.LEGAL_CLAIM, Weighed.HEARD_AGREED)

    with pytest.raises(RequestStateError, match="heard first"):
        await release(house.registry, decider, index, *balance, subject_id)
    with pytest.raises(ForbiddenError):
        await advise(house.registry, decider, index, Opinion.FOR)
    await advise(house.registry, dpo, index, Opinion.FOR)
    await advise(house.registry, dpo, index, Opinion.AGAINST)
    naming = await naming_of(house.registry, index)
    assert naming is not None
    assert (naming.opinion, naming.release, naming.login) == (Opinion.AGAINST, None, "")
    with pytest.raises(ForbiddenError):
        await release(house.registry, dpo, index, *balance, subject_id)
    with pytest.raises(NotFoundError):
        await release(house.registry, decider, index, *balance, stranger)
    assert await name_told(house.registry, subject_id, index) == ""

    await release(house.registry, decider, index, *balance, None)  # against the advice, and for the decider alone
    naming = await naming_of(house.registry, index)
    assert naming is not None
    assert naming.login == CLERK
    assert await name_told(house.registry, subject_id, index) == ""
    with pytest.raises(RequestStateError, match="before"):
        await release(house.registry, decider, index, *balance, subject_id)

    by_dpo = (await house.registry.log.search(Filters(operation=EventTag.NAME_ADVISE), 1))[0].index
    with pytest.raises(RequestStateError, match="own name"):
        await advise(house.registry, dpo, by_dpo, Opinion.AGAINST)
    assert await naming_of(house.registry, 0) is None  # the system's own entry
