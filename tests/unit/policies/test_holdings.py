"""What may be kept: the ground that is told for it, and which values are estimates."""

import pytest

from policies.holdings import FieldPart, RetentionClass
from policies.vocabulary import Category

TITLE, TOLD = {"de": "Belege", "en": "records"}, {"de": "das Steuerrecht", "en": "tax law"}


@pytest.mark.gdpr("12(1)")
@pytest.mark.parametrize(("told", "expected"), [(TOLD, TOLD), (None, TITLE)])
def test_why_a_value_is_still_kept_is_told_in_the_words_made_for_people(
    told: dict[str, str] | None, expected: dict[str, str]
) -> None:
    kept = RetentionClass.model_validate(
        {"period": "P8Y", "starts": "year_end", "why": "§ 147 AO", "title": TITLE, "told": told}
    )
    assert kept.ground.model_dump() == expected
    assert not kept.obligation


@pytest.mark.parametrize("estimate", [False, True])
@pytest.mark.parametrize("category", list(Category))
def test_only_models_write_what_is_marked_as_an_estimate_or_a_score(category: Category, *, estimate: bool) -> None:
    """R-22-1."""
    part = FieldPart.model_validate(
        {"category": category, "retention": "plain", "title": TITLE, "dpv": "x", "estimate": estimate}
    )
    assert part.scored is (estimate or category is Category.SCORE)


def test_a_field_is_no_estimate_unless_it_is_marked() -> None:
    part = FieldPart.model_validate({"category": "master", "retention": "plain", "title": TITLE, "dpv": "x"})
    assert not part.estimate
