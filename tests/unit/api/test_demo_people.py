"""The demo's customers: published purchases, invented people, nobody reachable, the same bytes in every run."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import variance

import phonenumbers
import pytest

from api.demo import people
from api.demo.data.sources import FOLDER, ExtraMissingError, Purchase, iter_purchases, mini_ipip
from api.demo.people import TODAY, Row, iter_customers, shift_before
from policies.documents import PolicyDocument, load
from policies.vocabulary import (
    NO_ACTIVE_ACT,
    Channel,
    ConsentMethod,
    EventKind,
    LegalBasis,
    Origin,
    RelationshipKind,
    Touchpoint,
)

ROOT = Path(__file__).parents[3]
CATALOGUE = ROOT / "policies" / "catalogues" / "retailer.yaml"
# Holds for the name lists of Faker 38 to 40; the digest is of the first 100 rows as sorted JSON lines.
FIRST_HUNDRED = "995cac29eb3e40e994cb3894530199f5f6b312097c6cdc19745625f3a963399c"
FAKE_MASTER = (
    " customer_id  date number_of_cds  dollar_value\r\n 00001 19970101  1   11.77\r\n 00002 19980630  5   77.00\r\n\r\n"
)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(iter_customers())


@pytest.fixture(scope="module")
def catalogue() -> PolicyDocument:
    return load(CATALOGUE)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package that carries a history and cannot be imported."""
    datasets = tmp_path / "lifetimes" / "datasets"
    datasets.mkdir(parents=True)
    (tmp_path / "lifetimes" / "__init__.py").write_text("raise ImportError", encoding="ascii")
    (datasets / "CDNOW_master.txt").write_bytes(FAKE_MASTER.encode("ascii"))
    monkeypatch.syspath_prepend(str(tmp_path))
    return datasets


def digest(rows: list[Row]) -> str:
    return hashlib.sha256("\n".join(json.dumps(row, sort_keys=True) for row in rows).encode("ascii")).hexdigest()


def instants(part: object) -> list[str]:
    """Every value below a key that ends in `_at`."""
    if isinstance(part, dict):
        own = [value for key, value in part.items() if key.endswith("_at") and value is not None]
        return own + [found for value in part.values() for found in instants(value)]
    if isinstance(part, list):
        return [found for value in part for found in instants(value)]
    return []


def parsed(instant: str) -> datetime:
    assert len(instant) == len("2026-06-30T00:00:00Z")
    assert instant.endswith("Z")
    return datetime.fromisoformat(instant)


def consent(row: Row, purpose: str) -> Row | None:
    return next((given for given in row["consents"] if given["purpose"] == purpose), None)


def events(row: Row, kind: str) -> list[Row]:
    return [event for event in row["events"] if event["kind"] == kind]


def test_the_sample_has_the_published_counts() -> None:
    """2,357 customers, 6,919 purchases (Fader & Hardie); 6,696 after merging those of one day."""
    purchases = list(iter_purchases())
    assert len(purchases) == 6919
    assert len({one.customer for one in purchases}) == 2357
    assert len({(one.customer, one.on) for one in purchases}) == 6696
    assert (min(one.on for one in purchases), max(one.on for one in purchases)) == (date(1997, 1, 1), date(1998, 6, 30))


def test_the_published_number_of_customers_never_came_back_in_the_first_39_weeks() -> None:
    """1,411 of 2,357 (Fader, Hardie & Lee 2005)."""
    days = defaultdict(set)
    for one in iter_purchases():
        if one.on < date(1997, 1, 1) + timedelta(weeks=39):
            days[one.customer].add(one.on)
    assert sum(len(own) == 1 for own in days.values()) == 1411


def test_the_sample_has_the_sums_that_its_origin_states() -> None:
    origin = (FOLDER / "ORIGIN.md").read_text("utf-8")
    purchases = list(iter_purchases())
    assert f"| {sum(one.quantity for one in purchases):,} |" in origin
    assert f"| {sum((one.amount for one in purchases), Decimal()):,} |" in origin


@pytest.mark.parametrize("name", ["cdnow_sample.csv.gz", "mini_ipip.csv"])
def test_the_shipped_files_are_those_that_their_origin_names(name: str) -> None:
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() in (FOLDER / "ORIGIN.md").read_text("utf-8")


@pytest.mark.usefixtures("package")
def test_the_full_history_is_read_without_importing_its_package() -> None:
    assert list(iter_purchases(full=True)) == [
        Purchase(1, date(1997, 1, 1), 1, Decimal("11.77")),
        Purchase(2, date(1998, 6, 30), 5, Decimal("77.00")),
    ]
    assert "lifetimes" not in sys.modules


def test_a_missing_full_history_names_the_extra_to_install(package: Path) -> None:
    (package / "CDNOW_master.txt").unlink()
    with pytest.raises(ExtraMissingError, match=r"pip install 'consent-registry\[full-demo\]'"):
        list(iter_customers(full=True))


def test_a_missing_faker_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faker", None)
    people._pools.cache_clear()
    with pytest.raises(ExtraMissingError, match=r"pip install 'consent-registry\[demo\]'"):
        next(iter_customers())


@pytest.mark.usefixtures("package")
def test_the_full_history_becomes_rows_of_the_same_shape(rows: list[Row]) -> None:
    full = list(iter_customers(full=True))
    assert [row["external_id"] for row in full] == ["cdnow-00001", "cdnow-00002"]
    assert all(row.keys() == rows[0].keys() for row in full)


def test_every_customer_of_the_sample_becomes_one_row(rows: list[Row]) -> None:
    numbers = sorted({one.customer for one in iter_purchases()})
    assert [row["external_id"] for row in rows] == [f"cdnow-{number:05d}" for number in numbers]
    assert {tuple(row) for row in rows} == {
        (
            "external_id",
            "source",
            "kind",
            "language",
            "country",
            "collected_at",
            "values",
            "relationships",
            "events",
            "consents",
            "notices",
        ),
    }


def test_every_purchase_keeps_its_weekday_quantity_and_amount(rows: list[Row]) -> None:
    published = Counter(
        (f"cdnow-{one.customer:05d}", one.on + timedelta(days=10220), one.quantity, str(one.amount))
        for one in iter_purchases()
    )
    told = Counter(
        (row["external_id"], parsed(event["occurred_at"]).date(), *list(event["payload"].values())[:2])
        for row in rows
        for event in events(row, "purchase")
    )
    assert told == published


@pytest.mark.parametrize("today", [TODAY, date(2026, 7, 1), date(2027, 2, 28), date(2031, 1, 6)])
def test_the_last_purchase_falls_into_the_week_before_today(today: date) -> None:
    shift = shift_before(today)
    assert shift.days % 7 == 0
    assert timedelta(0) < today - (date(1998, 6, 30) + shift) <= timedelta(days=7)


def test_every_instant_lies_before_today(rows: list[Row]) -> None:
    end = datetime(2026, 6, 30, tzinfo=UTC)
    assert all(parsed(instant) < end for row in rows for instant in instants(row))
    assert max(instants(rows)) > "2026-06-23"


def test_nothing_happens_before_the_first_purchase(rows: list[Row]) -> None:
    for row in rows:
        assert min(instants(row)) == row["collected_at"] == min(event["occurred_at"] for event in row["events"])


def test_orders_close_after_thirty_days_and_warranties_run_on(rows: list[Row]) -> None:
    end = datetime(2026, 6, 30, tzinfo=UTC)
    parts = [part for row in rows for part in row["relationships"]]
    assert Counter(part["kind"] for part in parts) == {"contract": 6919, "warranty": 6919}
    assert len({part["reference"] for part in parts}) == len(parts)
    for part in parts:
        opened, closed = parsed(part["opened_at"]), part["closed_at"] and parsed(part["closed_at"])
        due = opened + timedelta(days=30)
        assert closed == (due if part["kind"] == "contract" and due < end else None)
    assert any(part["kind"] == "contract" and part["closed_at"] is None for part in parts)


def test_each_paid_purchase_has_one_invoice_with_a_number_of_its_own(rows: list[Row]) -> None:
    invoices = [event["payload"] for row in rows for event in events(row, "invoice")]
    assert len({invoice["number"] for invoice in invoices}) == len(invoices) == 6919 - 8
    assert all(Decimal(invoice["amount"]) > 0 for invoice in invoices)


def test_nobody_can_be_reached(rows: list[Row]) -> None:
    """R-5.1b-3: addresses at example.com only, numbers from the ranges for media productions."""
    emails = [row["values"]["email"]["value"] for row in rows]
    assert all(email.isascii() and email == email.lower() and email.endswith("@example.com") for email in emails)
    assert len(set(emails)) == len(emails)
    blocks = r"\+49(?:3023125\d{3}|6990009\d{3}|4066969\d{3}|2214710\d{3}|8999998\d{3}|17139200\d\d|176040690\d\d)"
    phones = [row["values"]["phone"]["value"] for row in rows]
    for phone in phones:
        assert re.fullmatch(blocks, phone)
        number = phonenumbers.parse(phone)
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == phone


def test_everybody_is_of_age_at_the_first_purchase(rows: list[Row]) -> None:
    for row in rows:
        born = date.fromisoformat(row["values"]["birth_date"]["value"])
        bought = parsed(row["collected_at"]).date()
        assert (bought.year - born.year) - ((bought.month, bought.day) < (born.month, born.day)) in range(18, 81)


def test_about_six_in_ten_take_the_newsletter_and_a_third_agree_to_profiling(rows: list[Row]) -> None:
    given = Counter(consent["purpose"] for row in rows for consent in row["consents"])
    assert given["newsletter"] / len(rows) == pytest.approx(0.60, abs=0.03)
    assert given["recommendations"] / len(rows) == pytest.approx(0.35, abs=0.03)
    assert all(
        consent["explicit"] == (consent["purpose"] == "recommendations") for row in rows for consent in row["consents"]
    )


@pytest.mark.gdpr("6(1)(a)")
def test_nothing_is_collected_for_recommendations_without_or_before_consent(rows: list[Row]) -> None:
    for row in rows:
        parts = [*row["values"].values(), *row["events"]]
        times = [
            part.get("observed_at") or part["occurred_at"]
            for part in parts
            if part["collected_for"] == "recommendations"
        ]
        given = consent(row, "recommendations")
        assert bool(times) == bool(given)
        assert given is None or min(times) >= given["given_at"]
        assert given is not None or "income" not in row["values"]


def test_only_newsletter_readers_have_a_salutation_and_it_is_optional_for_them(rows: list[Row]) -> None:
    """C-394/23: no contract needs it."""
    readers = [row for row in rows if consent(row, "newsletter")]
    assert {row["external_id"] for row in rows if "salutation" in row["values"]} < {
        row["external_id"] for row in readers
    }
    assert all(
        row["values"]["salutation"]["collected_for"] == "newsletter" for row in rows if "salutation" in row["values"]
    )


def test_a_third_of_the_customers_answered_all_twenty_statements_once(rows: list[Row]) -> None:
    answered = [events(row, "survey_answer") for row in rows]
    assert sum(map(bool, answered)) / len(rows) == pytest.approx(1 / 3, abs=0.03)
    for survey in filter(None, answered):
        (event,) = survey
        assert event["payload"]["instrument"] == "mini-ipip"
        assert len(event["payload"]["answers"]) == 20
        assert set(event["payload"]["answers"]) <= {1, 2, 3, 4, 5}


def test_the_questionnaire_has_five_scales_of_four_with_the_published_key() -> None:
    """Donnellan, Oswald, Baird & Lucas 2006: statements 6 to 10 and 15 to 20 count reversed."""
    items = mini_ipip()
    assert [item.number for item in items] == list(range(1, 21))
    assert [item.number for item in items if item.keyed == -1] == [6, 7, 8, 9, 10, 15, 16, 17, 18, 19, 20]
    assert [item.scale for item in items[:5]] * 3 == [item.scale for item in items[:15]]
    assert set(Counter(item.scale for item in items).values()) == {4}
    assert all(item.text_en.endswith(".") and item.text_de.endswith(".") for item in items)


def test_scored_with_the_key_each_scale_is_about_as_reliable_as_in_real_samples(rows: list[Row]) -> None:
    """Cronbach's alpha; without reversing, the scales would fall apart."""
    sheets = [event["payload"]["answers"] for row in rows for event in events(row, "survey_answer")]
    for scale in {item.scale for item in mini_ipip()}:
        items = [item for item in mini_ipip() if item.scale == scale]
        scored = [
            [sheet[item.number - 1] if item.keyed == 1 else 6 - sheet[item.number - 1] for item in items]
            for sheet in sheets
        ]
        alpha = 4 / 3 * (1 - sum(map(variance, zip(*scored, strict=True))) / variance(map(sum, scored)))
        assert 0.6 < alpha < 0.8


def test_the_first_hundred_rows_are_the_same_bytes_as_ever(rows: list[Row]) -> None:
    assert digest(rows[:100]) == FIRST_HUNDRED


def test_another_process_with_another_hash_seed_gives_the_same_rows(rows: list[Row]) -> None:
    program = """
import json
from api.demo.people import iter_customers
for row in iter_customers():
    print(json.dumps(row, sort_keys=True))
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        check=True,
    )
    assert hashlib.sha256(run.stdout.strip()).hexdigest() == digest(rows)


def test_codes_are_those_of_the_vocabulary(rows: list[Row]) -> None:
    """A misspelt code would be refused row by row at import."""
    parts = [part for row in rows for part in (*row["values"].values(), *row["events"])]
    assert {part["touchpoint"] for part in parts} <= set(Touchpoint)
    assert {part["origin"] for part in parts if "origin" in part} <= set(Origin)
    assert {event["kind"] for row in rows for event in row["events"]} <= set(EventKind)
    assert {part["kind"] for row in rows for part in row["relationships"]} <= set(RelationshipKind)
    assert {given["method"] for row in rows for given in row["consents"]} <= set(ConsentMethod) - NO_ACTIVE_ACT
    assert {given["channel"] for row in rows for given in row["consents"]} <= set(Channel)


def test_the_shipped_catalogue_lets_every_value_be_stored_for_its_purpose(
    rows: list[Row],
    catalogue: PolicyDocument,
) -> None:
    """R-5.1c-1: a field that no purpose collects has no place in an import."""
    fields = {field.event: name for name, field in catalogue.fields.items() if field.event}
    wanted = {(name, value["collected_for"]) for row in rows for name, value in row["values"].items()}
    wanted |= {(fields[EventKind(event["kind"])], event["collected_for"]) for row in rows for event in row["events"]}
    assert {(name, purpose) for name, purpose in wanted if name not in catalogue.purposes[purpose].collectable} == set()


def test_the_shipped_catalogue_knows_the_purposes_and_notices_of_all_consents(
    rows: list[Row],
    catalogue: PolicyDocument,
) -> None:
    for given in (given for row in rows for given in row["consents"]):
        purpose = catalogue.purposes[given["purpose"]]
        articles = {basis.article for basis in purpose.basis.values()}
        assert LegalBasis.CONSENT in articles
        assert given["notice"] == purpose.notice
        assert given["explicit"] or not any(basis.explicit for basis in purpose.basis.values())
