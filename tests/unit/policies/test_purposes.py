"""One purpose: what it may read, store and use, and when it is in force."""

import pytest

from policies.purposes import Purpose
from policies.vocabulary import LegalBasis


def purpose(**changes: object) -> Purpose:
    return Purpose.model_validate(
        {
            "title": {"de": "Zweck", "en": "purpose"},
            "dpv": "x",
            "state": "active",
            "basis": {
                "master": {"article": "A6-1-b", "why": "the contract"},
                "score": {"article": "A6-1-a", "why": "asked first"},
            },
            "fields": {"master": ["email", "street"], "score": ["guess"]},
            "objection": "not_applicable",
            "dpia": "DSFA-1",
            **changes,
        }
    )


@pytest.mark.gdpr("5(1)(c)")
def test_what_a_purpose_reads_it_may_store_and_what_it_only_stores_it_does_not_read() -> None:
    """R-5.1c-1: a field named twice is still one of them."""
    both = purpose(collects={"master": ["street", "birth_date"]})
    assert both.allowed == {"email", "street", "guess"}
    assert both.collectable == {"email", "street", "guess", "birth_date"}
    assert purpose().collectable == purpose().allowed


def test_the_bases_and_sources_of_a_purpose_are_those_of_all_its_parts() -> None:
    compatible = [{"purpose": "orders", "assessment": "K-1"}, {"purpose": "news", "assessment": "K-2"}]
    assert purpose(compatible_from=compatible).sources == {"orders", "news"}
    assert purpose().sources == frozenset()
    assert purpose().articles == {LegalBasis.CONTRACT, LegalBasis.CONSENT}


@pytest.mark.parametrize(
    ("state", "in_force"), [("active", True), ("observe", True), ("inactive", False), ("retired", False)]
)
def test_a_purpose_is_in_force_while_anything_is_decided_under_it(state: str, *, in_force: bool) -> None:
    assert purpose(state=state).in_force is in_force


@pytest.mark.gdpr("9(2)")
@pytest.mark.parametrize(
    ("special", "expected"),
    [({}, None), ({"guess": "A9-2-a"}, "A9-2-a"), ({"*": "A9-2-j"}, "A9-2-j"), ({"email": "A9-2-a"}, None)],
)
def test_a_condition_is_named_for_a_field_or_for_all(special: dict[str, str], expected: str | None) -> None:
    """R-9-1: the field's own goes first."""
    assert purpose(special=special).condition("guess") == expected
    assert purpose(special={"*": "A9-2-j", "guess": "A9-2-a"}).condition("guess") == "A9-2-a"


def test_what_a_document_leaves_out_opens_nothing() -> None:
    """Defaults: no advertising, no profile, no machine that decides, no age, a human in every case of weight."""
    plain = purpose()
    assert not plain.direct_marketing
    assert not plain.similar_goods
    assert not plain.profiling
    assert not plain.significant_decision
    assert not plain.aggregates_only
    assert not plain.while_restricted
    assert not plain.from_any_purpose
    assert plain.minimum_age == 0
    assert plain.human_review == "required"
    assert not any(basis.explicit for basis in plain.basis.values())


@pytest.mark.parametrize(("age", "valid"), [(-1, False), (0, True), (1, True), (21, True), (22, False)])
def test_a_minimum_age_is_one_that_a_law_could_name(age: int, *, valid: bool) -> None:
    try:
        assert purpose(minimum_age=age).minimum_age == age
    except ValueError:
        assert not valid
    else:
        assert valid
