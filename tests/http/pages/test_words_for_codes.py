"""People read words where systems keep codes, each in their own language (Art. 12(1))."""

import json
from uuid import UUID

import pytest

from api.demo.people import EDUCATION, HOUSEHOLD, INCOME, MARITAL, OCCUPATION, OLD_OCCUPATION, YOUNG_OCCUPATION
from api.settings import CATALOGUE
from policies.documents import load
from policies.vocabulary import FieldName, PurposeId
from registry import rights, subjects
from registry.records import GivenValue
from tests.house import CONSOLE, SHOP, House
from tests.http.pages.browser import Browser
from tests.http.pages.conftest import LogIn

POLICY = load(CATALOGUE / "retailer.yaml")
CODED = {
    "income": INCOME,
    "household_size": HOUSEHOLD,
    "education": EDUCATION,
    "marital_status": MARITAL,
    "occupation": {**OCCUPATION, **OLD_OCCUPATION, **YOUNG_OCCUPATION},
}


async def with_income(house: House, code: str) -> UUID:
    subject_id = await house.customer(profiling=True)
    given = {FieldName("income"): GivenValue(code, PurposeId("recommendations"))}
    await subjects.upsert(house.registry, SHOP, [subjects.GivenSubject("A-1", "shop", values=given)])
    return subject_id


@pytest.mark.parametrize("field", CODED)
def test_every_code_of_the_demo_has_words(field: str) -> None:
    words = POLICY.fields[field].values
    assert words.keys() == CODED[field].keys()
    for both in words.values():
        assert both.de != both.en


@pytest.mark.gdpr("12(1)")
async def test_a_coded_value_stands_in_words_on_the_page_and_in_the_file(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    await with_income(house, "1500_2499")
    page = await customer_logs_in(browser)
    assert "1.500 bis 2.499 € im Monat" in page.text
    assert "1500_2499" not in page.text
    english = await browser.open("/portal/me?lang=en")
    assert "€1,500 to €2,499 a month" in english.text
    package = json.loads((await browser.get("/portal/me.json")).content)
    (income,) = [one for one in package["values"] if one["field"] == "income"]
    assert income["value"] == "1500_2499"
    assert income["value_title"] == {"de": "1.500 bis 2.499 € im Monat", "en": "€1,500 to €2,499 a month"}
    (city,) = [one for one in package["values"] if one["field"] == "city"]
    assert city["value_title"] is None


async def test_a_code_without_words_stands_for_itself(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    await with_income(house, "a lot")
    assert "a lot" in (await customer_logs_in(browser)).text


async def test_a_coded_value_is_corrected_by_choosing(
    browser: Browser, house: House, customer_logs_in: LogIn, staff_logs_in: LogIn
) -> None:
    subject_id = await with_income(house, "1500_2499")
    page = await customer_logs_in(browser)
    offered = {tag["value"] for tag in page.all("option")}
    assert set(INCOME) <= offered
    given = {"kind": "rectification", "field": "income"}
    await browser.press(page, "/portal/requests", given=given, value="under_1500")
    (asked,) = await rights.requests(house.registry, subject_id)
    await staff_logs_in(browser)
    case = await browser.open(f"/console/requests/{asked.subject_id}/{asked.request_id}")
    assert "unter 1.500 € im Monat" in case.text
    assert "1.500 bis 2.499 € im Monat" in case.text


@pytest.mark.gdpr("17(3)(b)")
async def test_the_letter_about_an_erasure_keeps_to_one_language_at_a_time(house: House) -> None:
    subject_id = await house.customer(newsletter=True)
    await house.invoice(subject_id)
    overview = await house.erase(subject_id)
    letter = (await rights.answers_of(house.registry, CONSOLE, subject_id))[overview.request_id]
    assert "Grund: Rechnungen müssen wir acht Jahre aufbewahren (§ 147 AO, § 257 HGB, § 14b UStG)." in letter["de"]
    assert "Ground: the law has us keep invoices for eight years (§ 147 AO, § 257 HGB, § 14b UStG)." in letter["en"]
    assert "Einwilligungen müssen wir nachweisen können" in letter["de"]
    for english in ("Booking", "Proof", "while", "years", " and "):
        assert english not in letter["de"], english
    for german in ("Rechnungen (", "Grund:", "aufbewahren", "Art. 7 Abs."):
        assert german not in letter["en"], german


def test_every_class_that_keeps_tells_why_in_both_languages() -> None:
    for name, retention in POLICY.retention.items():
        assert retention.ground.de != retention.ground.en, name
        if retention.obligation:
            assert retention.told is not None, name
            assert any(mark in retention.ground.de for mark in ("§", "Art.")), name
