"""What a purpose may store is what it reads and what it collects."""

import pytest

from policies.vocabulary import Category
from tests.unit.policies.small_shop import shop, with_purpose


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(
    ("collects", "stored"),
    [
        ({}, {"email"}),
        ({Category.MASTER: ("phone",)}, {"email", "phone"}),
        ({Category.MASTER: ("email",)}, {"email"}),
        ({Category.MASTER: ("email", "phone"), Category.EVIDENCE: ("proof",)}, {"email", "phone", "proof"}),
    ],
)
def test_what_is_read_may_be_collected_as_well(collects: dict[Category, tuple[str, ...]], stored: set[str]) -> None:
    news = with_purpose(shop(), "news", collects=collects).purposes["news"]
    assert news.collectable == stored
    assert news.allowed == {"email"}
