"""Forms of single values in a document."""

from datetime import date

import pytest
from pydantic import TypeAdapter

from policies.countries import COUNTRIES, EEA, WITH_A_DECISION, WITHOUT_INSTRUMENT
from policies.forms import Part, Version
from policies.parties import Recipient
from policies.purposes import Compatible

RECIPIENT = {"name": "Bote", "address": "Weg 2", "country": "DE", "role": "processor", "contract": "AVV-1"}


def assessed(assessment: str = "K-1", informed_from: str = "2026-11-01") -> Compatible:
    return Compatible.model_validate(
        {"purpose": "orders", "assessment": assessment, "informed_from": informed_from},
    )


@pytest.mark.parametrize(("length", "valid"), [(0, False), (1, True), (2, True), (2000, True), (2001, False)])
def test_a_text_says_something_and_is_no_book(length: int, *, valid: bool) -> None:
    assert assessed().assessment == "K-1"
    try:
        assert len(assessed("x" * length).assessment) == length
    except ValueError:
        assert not valid
    else:
        assert valid


@pytest.mark.parametrize("blank", [" ", "   ", "\t", "\n", "\u00a0", "\u3000 "])
def test_blanks_say_nothing(blank: str) -> None:
    with pytest.raises(ValueError, match="a text says something"):
        assessed(blank)
    assert assessed(f"{blank}K-1").assessment == f"{blank}K-1"
    for part in ("contract", "name", "address"):
        with pytest.raises(ValueError, match="a text says something"):
            Recipient.model_validate({**RECIPIENT, part: blank})


@pytest.mark.parametrize(
    ("version", "valid"),
    [
        ("1", True),
        ("2026-11-01", True),
        ("v1.2_b", True),
        ("x" * 32, True),
        ("x" * 33, False),
        ("0" * 64, False),
        ("", False),
        (" 2", False),
        ("2\n", False),
        ("2\n3", False),
        ("2\x003", False),
        ("2\u200b", False),
        ("-1", False),
        ("ä", False),
    ],
)
def test_a_version_is_a_word_that_cannot_be_taken_for_another(version: str, *, valid: bool) -> None:
    """An entry of the log names it, and the digest of a document is none."""
    adapter = TypeAdapter(Version)
    if valid:
        assert adapter.validate_python(version) == version
    else:
        with pytest.raises(ValueError, match="String should match pattern"):
            adapter.validate_python(version)


@pytest.mark.gdpr("44")
@pytest.mark.parametrize("code", ["ZZ", "XX", "EU", "UK", "AA", "de", "DEU", "D", "XK", "AN"])
def test_a_country_is_one_that_there_is(code: str) -> None:
    """R-26/28-1: ISO 3166-1 knows 249."""
    with pytest.raises(ValueError, match=r"no country has this code|String should match"):
        Recipient.model_validate({**RECIPIENT, "country": code})
    assert len(COUNTRIES) == 249
    assert len(EEA) == 30
    assert COUNTRIES >= WITH_A_DECISION | WITHOUT_INSTRUMENT
    for known in sorted(COUNTRIES):
        assert Recipient.model_validate({**RECIPIENT, "country": known}).country == known


@pytest.mark.parametrize("written", ["2026-11-1", "20261101", "1793491200", "tomorrow"])
def test_a_day_is_written_as_a_day(written: str) -> None:
    """A number would be read as seconds since 1970."""
    assert assessed().informed_from == date(2026, 11, 1)
    with pytest.raises(ValueError, match="a day is written as"):
        assessed(informed_from=written)


def test_a_part_is_not_changed_and_takes_no_key_that_nobody_declared() -> None:
    with pytest.raises(ValueError, match="frozen"):
        assessed().purpose = "news"  # type: ignore[misc]  # what is tested
    with pytest.raises(ValueError, match="Extra inputs"):
        Part.model_validate({"another": "something"})
