"""The record of processing activities is the document, whole, in three forms."""

import csv
import io
import json
from html.parser import HTMLParser

import pytest

from policies.record_of_processing import COLUMNS, as_csv, as_html, as_json, record
from policies.wording import Language
from tests.unit.policies.people import retailer
from tests.unit.policies.small_shop import shop

ABROAD = (
    "country: DE, role: controller}",
    "country: US, role: controller, transfer: {instrument: standard_clauses, ref: SCC-1}}",
)


class Cells(HTMLParser):
    """The texts of a table's cells, and every tag of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "td":
            self.cells.append("")
        if tag == "br":
            self.cells[-1] += "\n"

    def handle_data(self, data: str) -> None:
        if self.cells and data != "\n":
            self.cells[-1] += " ".join(data.split())  # as a browser shows it


@pytest.mark.gdpr("30(1)")
def test_the_record_equals_the_document() -> None:
    """R-30-1: purposes in force, their data, recipients and periods; nothing more and nothing less."""
    document, made = retailer(), record(retailer())
    assert made["policy"]["sha256"] == document.digest
    activities = {one["purpose"]: one for one in made["activities"]}
    assert set(activities) == {name for name, _ in document.in_force()}
    for name, purpose in document.in_force():
        one = activities[name]
        assert {field["field"] for part in one["data"] for field in part["fields"]} == purpose.collectable
        assert {part["category"] for part in one["data"]} == set(purpose.basis)
        assert {basis["category"]: basis["article"] for basis in one["legal_bases"]} == {
            category: basis.article for category, basis in purpose.basis.items()
        }
        assert [recipient["code"] for recipient in one["recipients"]] == list(purpose.recipients)
        assert one["title"] == purpose.title.model_dump()
        for part in one["data"]:
            for field in part["fields"]:
                kept = document.retention[document.fields[field["field"]].retention]
                assert field["erasure"]["period"] == kept.period


@pytest.mark.gdpr("30(1)")
def test_every_letter_of_the_article_is_answered() -> None:
    made = record(shop(ABROAD))
    assert made["controller"]["name"] == "Kleiner Laden"
    assert made["controller"]["data_protection_officer"] == "dsb@example.com"
    orders = next(one for one in made["activities"] if one["purpose"] == "orders")
    assert orders["data_subjects"]["de"] == "Kundinnen und Kunden"
    assert [(one["country"], one["safeguard"]["ref"]) for one in orders["transfers"]] == [("US", "SCC-1")]
    assert record(retailer())["security_measures"]


@pytest.mark.gdpr("30(3)")
def test_json_is_the_record_and_nothing_but_text() -> None:
    assert json.loads(as_json(retailer())) == record(retailer())


@pytest.mark.gdpr("30(3)")
def test_json_can_be_read_by_people() -> None:
    lines = as_json(shop(("    name: Kleiner Laden\n", "    name: Großer Laden\n"))).splitlines(keepends=True)
    assert lines[0] == "{\n"
    assert '  "law": "GDPR Art. 30(1)",\n' in lines
    assert '    "name": "Großer Laden",\n' in lines
    assert lines[-1] == "}\n"


@pytest.mark.gdpr("30(1)")
def test_an_activity_is_told_in_words() -> None:
    """R-30-1: bases, data, recipients, transfers and periods as they are read by the authority."""
    document = shop(
        ABROAD,
        ("country: DE, role: processor", "country: CH, role: processor"),
        (
            "retention:\n",
            'retention:\n  brief: {period: P1M, starts: collected, why: "§ 1", title: {de: M, en: a month}}\n',
        ),
        ("clicks: {category: behavioural, retention: plain", "clicks: {category: behavioural, retention: brief"),
        (
            "    objection: withdraws_consent\n    dpia",
            "    collects: {behavioural: [clicks]}\n    objection: withdraws_consent\n    dpia",
        ),
        (
            "      master: {article: A6-1-a, why: asked first}\n",
            "      master: {article: A6-1-a, why: asked first}\n      score: {article: A6-1-a, why: x}\n",
        ),
    )
    rows = csv.DictReader(io.StringIO(as_csv(document, "en"), newline=""))
    told = {row["Purpose (b)"]: {key: row[key] for key in list(row)[2:8]} for row in rows}
    assert told["orders (orders)"] == {
        "Legal basis": "Master data: contract, Art. 6(1)(b) GDPR",
        "Data subjects (c)": "Customers",
        "Data (c)": "Master data: e-mail, telephone",
        "Recipients (d)": "Bote, Weg 2, US (third country): controller",
        "Third countries (e)": "Bote, US: standard clauses (Art. 46(2)), SCC-1",
        "Time limits for erasure (f)": "data",
    }
    assert told["news (news)"] == {
        "Legal basis": "Master data: consent, Art. 6(1)(a) GDPR\nEstimates: consent, Art. 6(1)(a) GDPR",
        "Data subjects (c)": "Customers",
        "Data (c)": "Master data: e-mail\nEstimates: none",
        "Recipients (d)": "Versender, Weg 3, CH (third country): processor",
        "Third countries (e)": "Versender, CH: adequacy decision (Art. 45)",
        "Time limits for erasure (f)": "data",
    }
    assert told["tips (tips)"] == {
        "Legal basis": (
            "Behaviour: explicit consent, Art. 6(1)(a) GDPR\nEstimates: explicit consent, Art. 6(1)(a) GDPR"
        ),
        "Data subjects (c)": "Customers",
        "Data (c)": "Behaviour: clicks\nEstimates: tip",
        "Recipients (d)": "none",
        "Third countries (e)": "none",
        "Time limits for erasure (f)": "a month\ndata",
    }


@pytest.mark.gdpr("30(3)")
@pytest.mark.parametrize("language", ["de", "en"])
def test_table_and_page_say_the_same_for_each_activity(language: Language) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(retailer(), language), newline="")))
    assert len(rows) == 1 + len(list(retailer().in_force()))
    assert all(len(row) == len(COLUMNS) and all(row) for row in rows)
    page = Cells()
    page.feed(as_html(retailer(), language))
    assert page.cells == [cell for row in rows[1:] for cell in row]


def test_the_page_brings_nothing_along_and_no_cell_starts_a_formula() -> None:
    strange = ("title: {de: Bestellungen, en: orders}", "title: {de: '=1+1<script>', en: '=cmd'}")
    page = Cells()
    page.feed(as_html(shop(strange), "de"))
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "a"})
    assert "'=1+1<script> (orders)" in as_csv(shop(strange), "de")


@pytest.mark.gdpr("30(1)")
def test_a_change_of_the_document_changes_the_record() -> None:
    wider = shop(("    fields: {master: [email]}\n", "    fields: {master: [email, phone]}\n"))
    assert record(wider) != record(shop())
    gone = shop(
        ("    dpv: dpv:LegalCompliance\n    state: active\n", "    dpv: dpv:LegalCompliance\n    state: retired\n")
    )
    assert "proofs" not in {one["purpose"] for one in record(gone)["activities"]}
