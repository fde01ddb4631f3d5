"""The page of purposes is the shipped document, told in words."""

import re

import pytest

from policies.documents import Budget, Compatible, Purpose
from policies.purposes_page import explain, page
from policies.vocabulary import Category, Channel
from tests.checkout import ROOT
from tests.unit.policies.people import retailer, with_purpose
from tests.unit.policies.small_shop import shop


@pytest.mark.gdpr("12(1)")
def test_the_page_is_up_to_date() -> None:
    """Write it anew with `registry policy document > docs/purposes.md`."""
    assert (ROOT / "docs/purposes.md").read_text(encoding="utf-8") == page(retailer())


def test_the_page_tells_every_purpose_field_recipient_and_client_in_both_languages() -> None:
    told, document = page(retailer()), retailer()
    for part in (document.purposes, document.fields, document.clients, document.retention):
        for name, one in part.items():
            assert one.title.de in told, name
            assert one.title.en in told, name
    for recipient in document.recipients.values():
        assert f"| {recipient.name} | {recipient.address} |" in told


def test_a_purpose_is_told_with_its_bounds() -> None:
    told = explain(retailer(), "credit_check")
    assert "Decides with significant effect (Art. 22): a human decides" in told
    assert "Legitimate interest (IA-2024-02, approved 2024-11-20, review 2031-10-01)" in told
    assert "Credit information (estimate), 3 months back" in told
    assert "From 18 years; who did not tell an age is refused" in told


# Each bound of a purpose with values of its own; some bound only purposes of which something else holds.
BOUNDS: dict[str, tuple[object, ...]] = {
    "state": ("active", "observe", "inactive", "retired"),
    "channels": ((), (Channel.EMAIL,), (Channel.EMAIL, Channel.PHONE)),
    "direct_marketing": (False, True),
    "advertises_for": ("own", "third_party"),
    "similar_goods": (False, True),
    "profiling": (False, True),
    "significant_decision": (False, True),
    "human_review": ("required", "not_required"),
    "adm_exception": (None, "contract", "law", "explicit_consent"),
    "aggregates_only": (False, True),
    "while_restricted": (False, True),
    "from_any_purpose": (False, True),
    "minimum_age": (0, 16, 18),
    "unknown_age": ("adult", "deny"),
    "case_reference": ("required", "optional"),
    "budget": (None, Budget(subjects_per_day=7), Budget(subjects_per_day=8)),
    "objection": ("withdraws_consent", "absolute", "weighed", "not_applicable"),
    "look_back": ({}, dict.fromkeys(Category, "P6M"), dict.fromkeys(Category, "P7M")),
    "special": ({}, {"*": "A9-2-a"}, {"*": "A9-2-f"}),
    "compatible_from": ((), (Compatible(purpose="prize_draws", assessment="KOMP-9"),)),
    "recipients": ((), ("mail_house",), ("mail_house", "parcel_service")),
    "notice": (None, "another_notice"),
    "consent_texts": ((), ("another_notice/1",)),
    "lia": (None,),
    "dpia": (None,),
}
BOUND_BY = {
    "advertises_for": "direct_marketing",
    "human_review": "significant_decision",
    "adm_exception": "significant_decision",
    "unknown_age": "minimum_age",
}


def test_every_bound_of_a_purpose_is_tried() -> None:
    """Otherwise a key that is new could be left out of the page; what is left is told by other tests."""
    told_elsewhere = {"title", "people", "dpv", "fideslang", "basis", "fields", "collects"}
    assert BOUNDS.keys() == Purpose.model_fields.keys() - told_elsewhere


@pytest.mark.gdpr("24(1)", "30(1)")
@pytest.mark.parametrize("name", retailer().purposes)
def test_no_bound_of_a_purpose_can_be_dropped_unseen(name: str) -> None:
    """R-30-1: each stands on the page, which is compared with the shipped document above."""
    purpose, told = retailer().purposes[name], explain(retailer(), name)
    for key, values in BOUNDS.items():
        if not getattr(purpose, BOUND_BY.get(key, "state")):
            continue
        for value in values:
            other = explain(with_purpose(name, None, **{key: value}), name)
            assert (other == told) is (getattr(purpose, key) == value), (key, value)


def test_another_document_makes_another_page() -> None:
    wider = shop(("    fields: {master: [email]}\n", "    fields: {master: [email, phone]}\n"))
    assert page(shop()) != page(wider)


def test_no_cell_breaks_its_table() -> None:
    told = page(shop(("why: the contract", "why: this | that"), ("§ 195 BGB", "§ 195 | BGB")))
    rows = [line for line in told.splitlines() if line.startswith("| ")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) in {4, 5, 6, 7} for row in rows)
    assert "§ 195 \\| BGB" in told
