"""A gate sees the texts of a notice, which of them are new, and cannot change what it sees."""

from dataclasses import FrozenInstanceError

import pytest

from policies.gates import Existing, Published, published
from policies.gates.activation import Activation
from policies.notices import NoticeKind, NoticeText
from tests.unit.policies.small_shop import ON, shop, text, texts


def seen(*on_file: Published, shown: tuple[NoticeText, ...] | None = None) -> Activation:
    return Activation(shop(), None, Existing(ON, published=frozenset(on_file)), shown or texts(version="2"))


def of_news(version: str, *languages: str, words: str = "old", settled: bool = True) -> list[Published]:
    sha256 = text("news_consent", [], "de", words=words).sha256
    return [Published("news_consent", version, language, sha256, settled) for language in languages or ("de", "en")]


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize(
    ("on_file", "new"),
    [
        ([], {"news_consent/2"}),
        (of_news("1"), {"news_consent/2"}),
        (of_news("3"), {"news_consent/2"}),
        (of_news("2"), set()),
        (of_news("2", "de"), set()),
        (of_news("2", settled=False), {"news_consent/2"}),
        (of_news("1", words="Kleiner Laden, Versender, Bote 2"), set()),
        (of_news("1", words="Kleiner Laden, Versender, Bote 2", settled=False), {"news_consent/2"}),
        ([one._replace(notice="tips_consent") for one in of_news("2")], {"news_consent/2"}),
    ],
)
def test_a_text_is_new_where_nobody_was_shown_its_version_or_words(on_file: list[Published], new: set[str]) -> None:
    """R-6.1-2: since the document in force was decided."""
    activation = seen(*on_file)
    assert activation.new_texts("news_consent") == new
    assert activation.new_texts(None) == activation.new_texts("unheard") == frozenset()


def test_a_text_is_new_in_all_its_languages_or_not_at_all() -> None:
    """R-6.1-2: somebody reads the other one."""
    mixed = (
        text("news_consent", ["news"], "de", "2", words="neu"),
        text("news_consent", ["news"], "en", "1", words="old"),
    )
    assert seen(*of_news("1"), shown=mixed).new_texts("news_consent") == frozenset()
    assert seen(shown=mixed).new_texts("news_consent") == frozenset(), "each is new, and neither in both languages"
    both = (*mixed, text("news_consent", ["news"], "en", "2", words="new"))
    assert seen(*of_news("1"), shown=both).new_texts("news_consent") == {"news_consent/2"}


def test_texts_as_they_would_be_on_file_are_settled() -> None:
    assert published(texts()) == {Published(one.id, one.version, one.language, one.sha256) for one in texts()}
    assert all(one.settled for one in published(texts()))


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
