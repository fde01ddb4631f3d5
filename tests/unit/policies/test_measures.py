"""Of two bounds the wider one lets more happen to data, whatever kind of bound it is."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import inf
from typing import Any

import pytest

from policies.documents import Compatible, FieldPart, Purpose, RetentionClass, Transfer
from policies.holdings import SpecialKind
from policies.measures import (
    Key,
    Measure,
    measures_of_disclosure,
    measures_of_field,
    measures_of_purpose,
    measures_of_recipient,
)
from policies.purposes import Basis
from policies.vocabulary import Category, LegalBasis
from tests.unit.policies.small_shop import shop

TIPS = shop().purposes["tips"]
CLICKS = shop().fields["clicks"]
PLAIN = shop().retention["plain"]
YES_WIDENS = ("while_restricted", "from_any_purpose")
YES_NARROWS = ("similar_goods", "aggregates_only")
CONDITIONS = [f"A9-2-{letter}" for letter in "abcdefghij"]
# Each bound of a purpose with its values, the strictest first, and how they are told where they are told otherwise.
OF_PURPOSE: list[tuple[str, Sequence[object], Sequence[str] | None]] = [
    ("state", ["retired", "inactive", "observe", "active"], None),
    ("minimum_age", [21, 18, 16, 1, 0], ["21", "18", "16", "1", "0"]),
    ("unknown_age", ["deny", "adult"], None),
    ("objection", ["withdraws_consent", "absolute", "weighed", "not_applicable"], None),
    ("case_reference", ["required", "optional"], None),
    ("advertises_for", ["own", "third_party"], None),
    ("human_review", ["required", "not_required"], None),
    ("adm_exception", [None, "explicit_consent", "contract", "law"], ["none", "explicit_consent", "contract", "law"]),
    *((key, [False, True], ["no", "yes"]) for key in YES_WIDENS),
    *((key, [True, False], ["yes", "no"]) for key in YES_NARROWS),
    (
        "consent_texts",
        [("tips_consent/1",), ("tips_consent/1", "tips_consent/2"), ()],
        ["tips_consent/1", "tips_consent/1, tips_consent/2", "every version"],
    ),
]
# From what the person decides alone to what the person cannot stop.
BASES = [
    (LegalBasis.CONSENT, True),
    (LegalBasis.CONSENT, False),
    (LegalBasis.SOFT_OPT_IN, False),
    (LegalBasis.LEGITIMATE_INTERESTS, False),
    (LegalBasis.CONTRACT, False),
    (LegalBasis.VITAL_INTERESTS, False),
    (LegalBasis.PUBLIC_TASK, False),
    (LegalBasis.LEGAL_OBLIGATION, False),
]


def of_purpose(**changes: object) -> Mapping[Key, Measure]:
    held = {key: getattr(TIPS, key) for key in Purpose.model_fields}
    return {key: one for key, one, _ in measures_of_purpose("tips", Purpose.model_construct(**held | changes))}


def of_field(field: FieldPart = CLICKS, kept: RetentionClass = PLAIN) -> Mapping[Key, Measure]:
    return {key: one for key, one, _ in measures_of_field("clicks", field, {"plain": kept})}


def told(measures: Sequence[Measure]) -> list[str]:
    """How measures are told, once it is sure that each is wider than the one before."""
    widths = [measure.width for measure in measures]
    assert widths == sorted(set(widths))
    return [measure.shown for measure in measures]


@pytest.mark.gdpr("25(1)")
@pytest.mark.parametrize(("key", "values", "shown"), OF_PURPOSE, ids=[key for key, _, _ in OF_PURPOSE])
def test_each_bound_of_a_purpose_is_measured_by_what_it_lets_happen(
    key: str, values: Sequence[object], shown: Sequence[str] | None
) -> None:
    assert told([of_purpose(**{key: value})[Key("tips", key)] for value in values]) == list(shown or values)


@pytest.mark.gdpr("6(1)")
def test_a_basis_is_the_wider_the_less_the_person_decides() -> None:
    """R-6.1-1: from explicit consent to a duty of law."""
    bases = [Basis(article=article, why="x", explicit=explicit) for article, explicit in BASES]
    assert {article for article, _ in BASES} == set(LegalBasis)
    assert told([of_purpose(basis={Category.SCORE: one})[Key("tips", "basis", "score")] for one in bases]) == [
        "A6-1-a explicit",
        "A6-1-a",
        "UWG-7-3",
        "A6-1-f",
        "A6-1-b",
        "A6-1-d",
        "A6-1-e",
        "A6-1-c",
    ]


@pytest.mark.gdpr("5(1)(e)")
def test_a_look_back_without_end_is_wider_than_any_other() -> None:
    """R-5.1c-2: and one is measured for every category that is read."""
    windows = ["P30D", "P2M", "P24M", "P99Y", None]
    held = [of_purpose(look_back={Category.SCORE: window} if window else {}) for window in windows]
    assert told([one[Key("tips", "look_back", "score")] for one in held]) == [
        "P30D",
        "P2M",
        "P24M",
        "P99Y",
        "unlimited",
    ]
    assert {key.what for key in of_purpose() if key.kind == "look_back"} == {"behavioural", "score"}


def test_who_somebody_is_does_not_grow_old() -> None:
    """Master data is what holds now, so no window of the past is measured on it."""
    read = dict.fromkeys(Category, ("email",))
    windows = {key.what for key in of_purpose(fields=read) if key.kind == "look_back"}
    assert windows == set(Category) - {Category.MASTER}


@pytest.mark.gdpr("9(2)")
def test_a_condition_for_special_data_is_measured_for_the_fields_it_opens() -> None:
    """R-9-1."""
    key = Key("tips", "special_condition", "clicks")
    found = [of_purpose(special={"clicks": one} if one else {})[key] for one in (None, *CONDITIONS)]
    assert told(found) == ["none", *CONDITIONS]
    assert of_purpose(special={"*": "A9-2-b"})[key].shown == "A9-2-b"
    assert {one.what for one in of_purpose() if one.kind == "special_condition"} == {"clicks", "guess"}
    held = {key: getattr(TIPS, key) for key in Purpose.model_fields} | {"special": {"clicks": "A9-2-a"}}
    said = {one.what: at for one, _, at in measures_of_purpose("tips", Purpose.model_construct(**held)) if one == key}
    assert said == {"clicks": (("purposes", "tips", "special", "clicks"),)}, "where the document says it"
    elsewhere = {one.what: at for one, _, at in measures_of_purpose("tips", TIPS) if one == key}
    assert elsewhere == {"clicks": (("purposes", "tips", "special", "*"),)}


@pytest.mark.parametrize(
    ("key", "kept", "shown"),
    [
        ("retention", [{"period": one} for one in ("P29D", "P1M", "P2Y", "P25M")], ["P29D", "P1M", "P2Y", "P25M"]),
        (
            "retention_starts",
            [{"starts": one} for one in ("collected", "year_end", "relationship_end")],
            ["collected", "year_end", "relationship_end"],
        ),
        ("kept_by_law_after_an_erasure", [{"obligation": False}, {"obligation": True}], ["no", "yes"]),
    ],
)
@pytest.mark.gdpr("5(1)(e)")
def test_what_is_kept_longer_is_wider(key: str, kept: list[dict[str, Any]], shown: list[str]) -> None:
    """R-DEL-1."""
    measures = [of_field(kept=PLAIN.model_copy(update=changes)) for changes in kept]
    assert told([one[Key("", key, "clicks")] for one in measures]) == shown


@pytest.mark.gdpr("9(1)")
def test_a_field_no_longer_special_is_wider() -> None:
    """R-9-1: nothing but its category guards it then."""
    special: SpecialKind = "health"
    measures = [of_field(CLICKS.model_copy(update={"special": one})) for one in (special, None)]
    assert told([one[Key("", "special_category", "clicks")] for one in measures]) == ["yes", "no"]


def test_a_limit_that_nobody_set_is_wider_than_any_number() -> None:
    assert Measure.of_limit(None) == (inf, "unlimited")
    assert told([Measure.of_limit(limit) for limit in (1, 7, 100_000_000, None)]) == [
        "1",
        "7",
        "100000000",
        "unlimited",
    ]


@pytest.mark.gdpr("28(3)", "44")
def test_a_recipient_that_decides_more_or_may_receive_longer_is_wider() -> None:
    """R-26/28-1."""

    def disclosed(**changes: object) -> Mapping[Key, Measure]:
        recipient = shop().recipients["sender"].model_copy(update=changes)
        found = (*measures_of_recipient("sender", recipient), *measures_of_disclosure("news", "sender", recipient))
        return {key: one for key, one, _ in found}

    roles = ["processor", "joint", "controller", "authority"]
    assert told([disclosed(role=one)[Key("news", "role", "sender")] for one in roles]) == roles
    days = [date(2026, 1, 1), date(2026, 1, 2), None]
    shown = ["2026-01-01", "2026-01-02", "unlimited"]
    assert told([disclosed(contract_until=day)[Key("", "contract_until", "sender")] for day in days]) == shown
    transfers = [Transfer(instrument="adequacy", ref="x", until=day) for day in days]
    assert told([disclosed(transfer=one)[Key("news", "transfer_until", "sender")] for one in transfers]) == shown
    assert Key("news", "transfer_until", "sender") not in disclosed()
    assert told([disclosed(contract=one)[Key("", "contract", "sender")] for one in ("AVV-1", None)]) == [
        "AVV-1",
        "none",
    ]


@pytest.mark.gdpr("6(4)")
def test_data_that_serves_earlier_is_wider() -> None:
    """R-5.1b-2: without a day it serves at once."""
    days = [date(2026, 1, 2), date(2026, 1, 1), None]
    sources = [Compatible(purpose="orders", assessment="x", informed_from=day) for day in days]
    found = [of_purpose(compatible_from=(one,))[Key("tips", "informed_from", "orders")] for one in sources]
    assert told(found) == ["2026-01-02", "2026-01-01", "none"]


@pytest.mark.parametrize("key", ["notice", "lia", "dpia"])
def test_what_protects_by_being_there_is_wider_when_it_is_gone(key: str) -> None:
    lia = shop().purposes["letters"].lia
    there = {"notice": "privacy", "lia": lia, "dpia": TIPS.dpia}[key]
    shown = {"notice": "privacy", "lia": "IA-1", "dpia": "DSFA-1"}[key]
    assert told([of_purpose(**{key: one})[Key("tips", key)] for one in (there, None)]) == [shown, "none"]


@pytest.mark.parametrize(
    ("key", "values"),
    [("granularity", ["field", "record"]), ("estimate", [True, False])],
    ids=["granularity", "estimate"],
)
def test_a_field_that_is_sealed_or_guarded_less_is_wider(key: str, values: Sequence[object]) -> None:
    measures = [of_field(CLICKS.model_copy(update={key: one}))[Key("", key, "clicks")] for one in values]
    assert told(measures) == (["field", "record"] if key == "granularity" else ["yes", "no"])


def test_a_class_that_nobody_declared_has_no_length() -> None:
    found = measures_of_field("clicks", CLICKS, {})
    assert {key.kind for key, _, _ in found} == {"special_category", "estimate", "granularity"}
