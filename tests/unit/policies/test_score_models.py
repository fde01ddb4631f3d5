"""What a model works with, and which estimates are spoiled when one of its inputs was wrong."""

import pytest

from policies.score_models import ScoreModel, inputs_of, made_of, scores_from
from policies.vocabulary import Category
from tests.unit.policies.people import retailer

FIELDS = retailer().fields
MODELS = retailer().score_models


def model(*inputs: str, field: str = "purchase_affinity") -> ScoreModel:
    return MODELS["affinity"].model_copy(update={"inputs": inputs, "field": field})


def test_a_category_stands_for_its_fields_but_not_for_the_estimate_itself() -> None:
    assert inputs_of(FIELDS, model("visits", "score")) == {"visits", "credit_score", "fraud_hint"}
    behavioural = {name for name, field in FIELDS.items() if field.category is Category.BEHAVIOURAL}
    assert inputs_of(FIELDS, model("behavioural")) == behavioural


def test_a_field_goes_before_a_category_of_its_name_and_what_nobody_declared_stays_named() -> None:
    assert inputs_of({**FIELDS, "score": FIELDS["visits"]}, model("score")) == {"score"}
    assert inputs_of(FIELDS, model("hearsay", "visits")) == {"hearsay", "visits"}
    assert inputs_of({}, model("score")) == frozenset()


@pytest.mark.gdpr("5(1)(d)")
@pytest.mark.parametrize(
    ("corrected", "stale"),
    [
        ("visits", {"purchase_affinity"}),
        ("purchases", {"purchase_affinity", "fraud_hint"}),
        ("street", {"credit_score"}),
        ("income", set()),
        ("purchase_affinity", set()),
    ],
)
def test_what_was_made_of_it_is_spoiled_with_it(corrected: str, stale: set[str]) -> None:
    """R-22-5."""
    assert retailer().scores_from(corrected) == stale


def test_an_estimate_of_estimates_is_spoiled_too_also_in_a_circle() -> None:
    """R-22-5."""
    models = {
        "first": model("income", "credit_score"),
        "second": model("purchase_affinity", field="credit_score"),
    }
    assert scores_from(FIELDS, models, "income") == {"purchase_affinity", "credit_score"}


def test_estimates_without_a_model_are_spoiled_by_what_they_are_derived_from() -> None:
    """R-22-5: documents from before models were registered."""
    assert scores_from(FIELDS, {}, "visits") == {"purchase_affinity"}


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(
    ("name", "made", "worked_out"),
    [
        ("street", set(), set()),
        ("hearsay", set(), set()),
        ("values_segment", {"survey_answers"}, {"survey_answers"}),
        ("credit_score", {"first_name", "last_name", "street", "postcode", "city"}, set()),
    ],
)
def test_a_field_is_made_of_what_it_or_its_model_names(name: str, made: set[str], worked_out: set[str]) -> None:
    """R-9-2: what somebody supplies is worked out elsewhere."""
    assert retailer().made_of(name) == made
    assert retailer().made_of(name, received=False) == worked_out


def test_what_it_is_made_of_is_followed_through_estimates_models_and_circles() -> None:
    """R-9-2: a model of another field adds nothing, and a supplied estimate hands on what it was asked for with."""
    models = {
        "first": model("credit_score"),
        "second": model("income", "hearsay", "purchase_affinity", field="credit_score"),
        "third": model("birth_date", field="fraud_hint"),
    }
    own = {"purchases", "visits", "newsletter_clicks", "credit_score"}
    assert made_of(FIELDS, models, "purchase_affinity") == own | {"income", "hearsay", "purchase_affinity"}
    assert made_of(FIELDS, models, "purchase_affinity", received=False) == own
    derived = {**FIELDS, "credit_score": FIELDS["credit_score"].model_copy(update={"derived_from": ("phone",)})}
    assert made_of(derived, models, "credit_score", received=False) == {"phone"}
