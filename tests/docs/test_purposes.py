"""The page of purposes is the shipped document, told in words."""

import re

import pytest

from policies.purposes_page import explain, page
from tests.checkout import ROOT
from tests.unit.policies.people import retailer
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


def test_another_document_makes_another_page() -> None:
    wider = shop(("    fields: {master: [email]}\n", "    fields: {master: [email, phone]}\n"))
    assert page(shop()) != page(wider)


def test_no_cell_breaks_its_table() -> None:
    told = page(shop(("why: the contract", "why: this | that"), ("§ 195 BGB", "§ 195 | BGB")))
    rows = [line for line in told.splitlines() if line.startswith("| ")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) in {4, 5, 6, 7} for row in rows)
    assert "§ 195 \\| BGB" in told
