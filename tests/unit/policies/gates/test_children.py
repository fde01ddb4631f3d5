"""Ages: sixteen for a consent of one's own, eighteen for profiles and decisions of weight."""

import pytest

from policies.documents import Basis
from policies.gates import children
from policies.vocabulary import Category, LegalBasis
from tests.unit.policies.small_shop import faults, shop, with_purpose

AGES = range(22)


@pytest.mark.gdpr("8(1)")
@pytest.mark.parametrize("article", list(LegalBasis))
def test_consent_has_an_age_of_sixteen(article: LegalBasis) -> None:
    """R-8-1."""
    held = {Category.MASTER: Basis(article=article, why="x")}
    for age in AGES:
        found = faults(children.consent_has_an_age, with_purpose(shop(), "news", basis=held, minimum_age=age))
        refused = article is LegalBasis.CONSENT and age < 16
        assert [fault.path for fault in found] == [("purposes", "news")] * refused


@pytest.mark.gdpr("22(1)")
@pytest.mark.parametrize("profiling", [False, True])
@pytest.mark.parametrize("direct_marketing", [False, True])
@pytest.mark.parametrize("significant_decision", [False, True])
def test_profiles_and_decisions_of_weight_have_an_age_of_eighteen(
    *, profiling: bool, direct_marketing: bool, significant_decision: bool
) -> None:
    """R-8-3: an advertising profile is one that serves advertising."""
    of_weight = significant_decision or (profiling and direct_marketing)
    for age in AGES:
        document = with_purpose(
            shop(),
            "news",
            profiling=profiling,
            direct_marketing=direct_marketing,
            significant_decision=significant_decision,
            minimum_age=age,
        )
        found = faults(children.no_profiles_of_children, document)
        assert [fault.path for fault in found] == [("purposes", "news")] * (of_weight and age < 18)
