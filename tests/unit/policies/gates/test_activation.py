"""A gate sees the texts of a notice, whether they are new, and cannot change what it sees."""

from dataclasses import FrozenInstanceError

import pytest

from policies.gates import Existing
from policies.gates.activation import Activation
from policies.notices import NoticeKind
from tests.unit.policies.small_shop import ON, shop, texts


def seen(**published: str) -> Activation:
    return Activation(shop(), None, Existing(ON, published=published), texts(version="2"))


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize(
    ("published", "new"),
    [({"news_consent": "2"}, False), ({"news_consent": "1"}, True), ({"news_consent": "3"}, True), ({}, True)],
)
def test_a_text_is_new_where_people_saw_another_version_or_none(published: dict[str, str], *, new: bool) -> None:
    """R-6.1-2."""
    assert seen(**published).text_is_new("news_consent") is new
    assert seen(**published).text_is_new(None) is False
    assert seen(**published).text_is_new("unheard") is False


def test_the_texts_of_a_notice_are_those_of_its_id_in_all_languages() -> None:
    assert [(one.id, one.language) for one in seen().texts_of("tips_consent")] == [
        ("tips_consent", "de"),
        ("tips_consent", "en"),
    ]
    assert seen().texts_of(None) == ()
    informing = [one.language for one in seen().privacy_notices() if one.kind is NoticeKind.PRIVACY_NOTICE]
    assert informing == [one.language for one in seen().privacy_notices()] == ["de", "en"]


def test_a_gate_cannot_change_what_it_sees() -> None:
    activation = seen()
    assert activation.privacy_notices()
    for value, name in [(activation, "texts"), (activation.existing, "on"), (activation.privacy_notices()[0], "text")]:
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, getattr(value, name))
