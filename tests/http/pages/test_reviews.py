"""Contesting a decision in the portal, and reviewing it in the console, as visitors do it."""

from uuid import UUID

import pytest

from policies.vocabulary import (
    Channel,
    ConsentMethod,
    FieldName,
    Origin,
    ParentalAct,
    ParentalVerification,
    PurposeId,
    Touchpoint,
)
from registry import rights, subjects
from registry.actors import Role
from registry.consents import Grant, ParentalAuthorisation, give_consent
from registry.context import Caller
from registry.records import GivenValue
from registry.scores import ModelRef
from tests.house import ANNA, SHOP, House
from tests.http.pages.browser import Browser
from tests.http.pages.conftest import LogIn

STATEMENT = "Ich habe alles bezahlt."
REASONS = "Die Mahnung war ein Irrtum."


async def scored(house: House) -> UUID:
    subject_id = await house.customer(values={**ANNA, "birth_date": "1990-04-01"})
    at = await house.registry.database.now()
    given = GivenValue(
        "0.31", PurposeId("credit_check"), Origin.THIRD_PARTY, observed_at=at, model=ModelRef("bureau_score", "2026-1")
    )
    values = {FieldName("credit_score"): given}
    await subjects.upsert(house.registry, Caller("sales"), [subjects.GivenSubject("A-1", "shop", values=values)])
    return subject_id


async def parents_consented(house: House, subject_id: UUID) -> None:
    at = await house.registry.database.now()
    parental = ParentalAuthorisation({"name": "Mutter"}, ParentalAct.GAVE, ParentalVerification.EID)
    quoted = await house.quote("newsletter")
    grant = Grant(
        PurposeId("newsletter"),
        Channel.EMAIL,
        ConsentMethod.TYPED,
        Touchpoint.WEB_FORM,
        at,
        quoted,
        parental=parental,
    )
    await give_consent(house.registry, SHOP, subject_id, grant)


@pytest.mark.gdpr("22(3)", "15(1)(h)")
async def test_a_decision_is_contested_heard_reviewed_and_answered(
    browser: Browser, other_browser: Browser, house: House, customer_logs_in: LogIn, staff_logs_in: LogIn
) -> None:
    """R-22-3, R-22-4."""
    subject_id = await scored(house)
    mine = await customer_logs_in(browser)
    assert "anerkannten statistischen Verfahren" in mine.text, "how the estimate comes about"
    contested = await browser.press(mine, "/portal/reviews", purpose="credit_check", statement=STATEMENT)
    assert "Ein Mensch wird die Entscheidung prüfen" in contested.text
    assert STATEMENT in contested.text
    (request,) = await rights.requests(house.registry, subject_id)

    await staff_logs_in(other_browser, Role.DECIDER)
    address = f"/console/requests/{subject_id}/{request.request_id}"
    before = await other_browser.open(address)
    assert STATEMENT in before.text
    assert "0.31" not in before.text, "nothing is shown before it is stored that it was"
    seen = await other_browser.press(before, f"{address}/review/begin")
    assert "0.31" in seen.text
    done = await other_browser.press(seen, f"{address}/review", outcome="changed", reasons=REASONS)
    assert REASONS in done.text
    assert "0.31" not in done.text
    await parents_consented(house, subject_id)
    figures = await other_browser.open("/console")
    assert f"Newsletter per E-Mail senden, E-Mail · {subject_id}" in figures.text, "R-8-2: old enough since long ago"
    assert "1 (100 %)" in figures.text
    assert "nur durchgewinkt?" in figures.text, "nobody looks that fast"
    assert REASONS in (await browser.open("/portal/me")).text
