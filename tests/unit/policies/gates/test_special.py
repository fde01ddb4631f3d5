"""Special categories: only an explicit consent is one, and what is public is no invitation."""

from typing import get_args

import pytest

from policies.documents import Basis, Words
from policies.gates import special
from policies.purposes import SpecialCondition
from policies.vocabulary import Category, LegalBasis
from tests.unit.policies.people import retailer
from tests.unit.policies.small_shop import faults, shop, with_field, with_purpose

CONDITIONS = get_args(SpecialCondition)


@pytest.mark.gdpr("9(2)(a)")
@pytest.mark.parametrize("explicit", [False, True])
@pytest.mark.parametrize("kind", ["health", None])
@pytest.mark.parametrize("part", ["fields", "collects"])
def test_condition_a_is_an_explicit_consent(part: str, kind: str | None, *, explicit: bool) -> None:
    """R-9-3: no other condition asks for one, and no other field; collected or read."""
    used: dict[str, object] = {"fields": {}, "collects": {}, part: {Category.MASTER: ("email",)}}
    held = {Category.MASTER: Basis(article=LegalBasis.CONSENT, why="x", explicit=explicit)}
    for condition in (*CONDITIONS, None):
        named = {"*": condition} if condition else {}
        document = with_purpose(with_field(shop(), "email", special=kind), "news", basis=held, special=named, **used)
        found = faults(special.special_consent_is_explicit, document)
        refused = kind is not None and condition == "A9-2-a" and not explicit
        assert [fault.path for fault in found] == [("purposes", "news", "basis", "master")] * refused, condition


@pytest.mark.gdpr("9(2)(e)")
@pytest.mark.parametrize("direct_marketing", [False, True])
@pytest.mark.parametrize("profiling", [False, True])
def test_what_somebody_made_public_serves_neither_advertising_nor_profiling(
    *, direct_marketing: bool, profiling: bool
) -> None:
    """R-9-4."""
    for condition in CONDITIONS:
        document = with_purpose(
            shop(), "news", special={"email": condition}, direct_marketing=direct_marketing, profiling=profiling
        )
        found = faults(special.public_is_not_for_advertising, document)
        refused = condition == "A9-2-e" and (direct_marketing or profiling)
        assert [fault.path for fault in found] == [("purposes", "news", "special", "email")] * refused, condition


def revealing(name: str, **changes: object) -> bool:
    """Whether a field of this name seems to reveal a special category."""
    meaning = {"title": Words(de="Angabe", en="Statement"), "dpv": "pd:Demographic"} | changes
    held = with_field(shop(), "email", **meaning).fields["email"]
    document = shop().model_copy(update={"fields": {name: held}})
    return faults(special.revealing_fields_are_special, document) != []


@pytest.mark.gdpr("9(1)")
@pytest.mark.parametrize(
    "word",
    [
        "Glaube", "Glaubensrichtung", "Bekenntnis", "Gläubig", "Konfession", "Muslimisch", "isst halal", "koscher",
        "Katholisch", "evangelisch", "Jüdisch", "Partei", "Parteimitglied", "Gewerkschaft", "Migrationshintergrund",
        "Ethnie", "Rasse", "Hautfarbe", "sexuelle Orientierung", "Orientierung", "Blutgruppe", "DNA", "Krankheit",
        "Leiden", "Allergien", "Schwangerschaft", "Pflegegrad", "Fingerabdruck",
        "Faith", "Belief", "Religion", "Church", "Political opinion", "Party member", "Union member", "Race",
        "Migration background", "Orientation", "Blood type", "Genome", "Illness", "Medication", "Disability",
    ],
)  # fmt: skip
def test_words_that_reveal_a_special_category_are_known_wherever_they_stand(word: str) -> None:
    """R-9-2: in the title, and in the words for coded values."""
    assert revealing("x", title=Words(de=word, en="Statement"))
    assert revealing("x", title=Words(de="Angabe", en=word))
    assert revealing("x", values={"code": Words(de=word, en="one")})
    assert revealing("x", values={"code": Words(de="eines", en=word)})


@pytest.mark.gdpr("9(1)")
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("union_member", {}),
        ("blood_type", {}),
        ("x", {"dpv": "pd:BloodType"}),
        ("x", {"dpv": "pd:TradeUnionMembership"}),
        ("x", {"dpv": "pd:DNACode"}),
        ("x", {"fideslang": "user.health_and_medical"}),
        ("x", {"values": {"catholic": Words(de="A", en="A")}}),
        ("x", {"title": Words(de="\N{FULLWIDTH LATIN CAPITAL LETTER D}NA", en="x")}),
    ],
)
def test_names_terms_and_codes_are_read_word_by_word(name: str, changes: dict[str, object]) -> None:
    """R-9-2."""
    assert revealing(name, **changes)


@pytest.mark.parametrize(
    "word",
    [
        "Vertragspartei", "Parteien des Vertrags", "contract party", "Gläubiger", "Christian name", "Wertorientierung",
        "Leidenschaft", "abgenommene Menge", "Privacy policy", "Embrace", "Data migration", "Judge", "Jewellery",
    ],
)  # fmt: skip
def test_words_that_only_look_like_it_reveal_nothing(word: str) -> None:
    assert not revealing("x", title=Words(de=word, en=word))


def test_every_field_of_the_shipped_catalogue_is_known_to_reveal_nothing() -> None:
    assert faults(special.revealing_fields_are_special, retailer()) == []
