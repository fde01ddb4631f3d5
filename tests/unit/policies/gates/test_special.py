"""Special categories: only an explicit consent is one, and what is public is no invitation."""

from typing import get_args

import pytest

from policies.documents import Basis
from policies.gates import special
from policies.purposes import SpecialCondition
from policies.vocabulary import Category, LegalBasis
from tests.unit.policies.small_shop import faults, shop, with_field, with_purpose

CONDITIONS = get_args(SpecialCondition)


@pytest.mark.gdpr("9(2)(a)")
@pytest.mark.parametrize("explicit", [False, True])
@pytest.mark.parametrize("kind", ["health", None])
def test_condition_a_is_an_explicit_consent(kind: str | None, *, explicit: bool) -> None:
    """R-9-3: no other condition asks for one, and no other field."""
    held = {Category.MASTER: Basis(article=LegalBasis.CONSENT, why="x", explicit=explicit)}
    for condition in (*CONDITIONS, None):
        named = {"*": condition} if condition else {}
        document = with_purpose(with_field(shop(), "email", special=kind), "news", basis=held, special=named)
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
