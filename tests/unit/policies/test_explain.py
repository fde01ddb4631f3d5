"""Every code in whole sentences, and only the codes that can come up."""

import pytest

from policies.explain import EXPLANATIONS, in_words, possible_codes, rule_of
from policies.vocabulary import Channel, ReasonCode
from registry.imagined import come_to
from tests.checkout import ROOT
from tests.unit.policies.people import NEWSLETTER, ORDERS, POSTAL, RECOMMENDATIONS, retailer, with_purpose
from tests.unit.policies.test_coverage import AT, EXPECTED


@pytest.mark.gdpr("12(1)")
def test_every_code_is_explained_in_both_languages() -> None:
    """R-12.1-1: what, why, under which article, and what one can do."""
    assert set(EXPLANATIONS) == set(ReasonCode)
    for code, said in EXPLANATIONS.items():
        assert said.articles, code
        for part in (said.what, said.why, said.remedy):
            for text in (part.de, part.en):
                assert text.endswith("."), text
                assert len(text) > 15
            assert part.de != part.en
        assert code.value not in f"{said.what.de} {said.why.de} {said.remedy.de}"


def test_every_code_names_a_rule_that_exists() -> None:
    for said in EXPLANATIONS.values():
        names = (f"policies/rules/{said.rule}.py", f"policies/{said.rule}.py")
        assert any((ROOT / name).exists() for name in names), said.rule


def test_a_basis_that_is_missing_names_the_rule_by_what_it_cites() -> None:
    assert rule_of(ReasonCode.NO_BASIS, ["GDPR Art. 6(1)(b)"]) == "lawful_basis"
    assert rule_of(ReasonCode.NO_BASIS, ["UWG § 7(3) no. 4"]) == "soft_opt_in"


@pytest.mark.parametrize("purpose", sorted({cell.purpose for cell in EXPECTED}))
def test_what_can_refuse_a_purpose_is_foretold(purpose: str) -> None:
    """Whatever a cell comes to was named beforehand."""
    named = {code.value for code in possible_codes(retailer(), retailer().purposes[purpose])}
    came = {
        code
        for cell in EXPECTED
        if cell.purpose == purpose
        for code in come_to(retailer(), cell, AT).split("+")
        if code != "PERMIT"
    }
    assert came <= named


def test_a_purpose_names_only_what_bears_on_it() -> None:
    newsletter = possible_codes(retailer(), retailer().purposes[NEWSLETTER])
    assert ReasonCode.LI_NOT_INFORMED not in newsletter
    assert ReasonCode.CONSENT_WITHDRAWN in newsletter
    postal = possible_codes(retailer(), retailer().purposes[POSTAL], "street")
    assert ReasonCode.LI_NOT_INFORMED in postal
    assert ReasonCode.CONSENT_MISSING not in postal
    without_channels = possible_codes(retailer(), retailer().purposes[RECOMMENDATIONS])
    assert ReasonCode.CHANNEL_NOT_ALLOWED in without_channels
    assert ReasonCode.ADDRESS_MISSING not in without_channels
    assert ReasonCode.ADDRESS_MISSING in newsletter
    by_push = with_purpose(NEWSLETTER, channels=(Channel.PUSH, Channel.FAX))
    assert ReasonCode.ADDRESS_MISSING not in possible_codes(by_push, by_push.purposes[NEWSLETTER])
    assert list(postal) == [code for code in ReasonCode if code in postal]


@pytest.mark.gdpr("32")
@pytest.mark.parametrize(
    ("client", "english", "german"),
    [
        ("shop", "", ""),
        ("service", "At most 500 people a day.", "Höchstens 500 Personen am Tag."),
        (
            None,
            "At most 2000 people a day (Sales). At most 20000 people a day (Logistics). At most 500 people",
            "Höchstens 2000 Personen am Tag (Vertrieb). Höchstens 20000 Personen am Tag (Logistik). Höchstens 500",
        ),
    ],
)
def test_the_number_of_people_is_told_that_counts_for_whoever_asks(
    client: str | None, english: str, german: str
) -> None:
    said = in_words(retailer(), retailer().purposes[ORDERS], client)
    for words, told, begins in [(said.en, english, "At most"), (said.de, german, "Höchstens")]:
        assert words[words.find(begins) :].startswith(told) if told else begins not in words


@pytest.mark.parametrize(("purpose", "limited"), [(ORDERS, True), ("customer_care", True), (NEWSLETTER, False)])
def test_a_number_of_people_is_foretold_where_the_purpose_or_a_client_of_it_has_one(
    purpose: str, *, limited: bool
) -> None:
    assert (ReasonCode.QUOTA in possible_codes(retailer(), retailer().purposes[purpose])) is limited


def test_a_purpose_is_told_in_words() -> None:
    said = in_words(retailer(), retailer().purposes[RECOMMENDATIONS])
    assert said.en.startswith("Readable: Income, Household size,")
    assert "Contact: nothing." in said.en
    assert "Nicht für Personen unter 18 Jahren." in said.de
