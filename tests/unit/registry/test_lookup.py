"""One spelling for everything that means the same identifier, and never one for two (R-ENC-4, R-4.1-3)."""

import pytest

from registry.errors import InvalidValueError
from registry.lookup import IdentifierKind, normalise


@pytest.mark.parametrize(
    ("kind", "spellings", "normal"),
    [
        (
            IdentifierKind.EMAIL,
            ["Anna@Example.COM", " anna@example.com ", "ANNA@EXAMPLE.com", "anna@\uff45xample.com"],
            "anna@example.com",
        ),
        (
            IdentifierKind.EMAIL,
            ["anna@müller.example", "anna@MÜLLER.example", "anna@mu\u0308ller.example", "anna@xn--mller-kva.example"],
            "anna@xn--mller-kva.example",
        ),
        (IdentifierKind.EMAIL, ["jürgen@example.com", "ju\u0308rgen@example.com"], "jürgen@example.com"),
        (
            IdentifierKind.PHONE,
            ["030 23125-000", "+49 (0)30 23125000", "0049 30 23125000", "030/23125000"],
            "+493023125000",
        ),
        (IdentifierKind.PHONE, ["+43 1 5858000"], "+4315858000"),
        (IdentifierKind.PHONE, ["0151 23456789", "+49-151-23456789"], "+4915123456789"),
    ],
)
def test_spellings_of_one_identifier_become_one(kind: IdentifierKind, spellings: list[str], normal: str) -> None:
    assert {normalise(kind, spelling) for spelling in spellings} == {normal}


def test_two_domains_stay_two() -> None:
    """IDNA 2008 keeps ß; the older form would send one person's letters to another domain."""
    assert normalise(IdentifierKind.EMAIL, "a@straße.example") == "a@xn--strae-oqa.example"
    assert normalise(IdentifierKind.EMAIL, "a@strasse.example") == "a@strasse.example"


def test_an_external_id_belongs_to_its_source() -> None:
    kind = IdentifierKind.EXTERNAL_ID
    assert normalise(kind, "7", "shop") != normalise(kind, "7", "crm")
    assert normalise(kind, "A-1", "shop") != normalise(kind, "a-1", "shop")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (IdentifierKind.EMAIL, ""),
        (IdentifierKind.EMAIL, "anna"),
        (IdentifierKind.EMAIL, "@example.com"),
        (IdentifierKind.EMAIL, "anna@localhost"),
        (IdentifierKind.EMAIL, "an na@example.com"),
        (IdentifierKind.EMAIL, "anna@exa mple.com"),
        (IdentifierKind.EMAIL, "anna@-.com"),
        (IdentifierKind.EMAIL, f"{'a' * 320}@example.com"),
        (IdentifierKind.PHONE, "1"),
        (IdentifierKind.PHONE, "no number"),
        (IdentifierKind.EXTERNAL_ID, "  "),
    ],
)
def test_what_cannot_be_an_identifier_is_refused_without_a_word_of_it(kind: IdentifierKind, value: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        normalise(kind, value)
    assert not value.strip() or value not in str(refused.value)
