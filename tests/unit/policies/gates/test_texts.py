"""People are told in both languages, by a text of the right kind, with every name."""

import pytest

from policies.findings import Fault
from policies.gates import Existing, published
from policies.gates import texts as gate
from policies.notices import NoticeKind
from tests.unit.policies.small_shop import ALL, ON, faults, shop, text, texts, with_purpose


@pytest.mark.gdpr("12(1)")
@pytest.mark.parametrize(
    ("languages", "lacking"),
    [
        (["de", "en"], ""),
        (["de", "en", "fr"], ""),
        (["de"], "en"),
        (["en"], "de"),
        (["en", "fr"], "de"),
        ([], "de, en"),
    ],
)
def test_german_and_english_are_needed_and_another_language_does_no_harm(languages: list[str], lacking: str) -> None:
    """R-13-1."""
    privacy = tuple(text("privacy", ALL, one, kind=NoticeKind.PRIVACY_NOTICE) for one in languages)
    consents = tuple(text("news_consent", ["news"], one) for one in languages)
    said = f"purpose news: no text of news_consent speaks of it in {lacking}"
    told = tuple(one for one in texts() if one.id != "news_consent") + consents
    wanted = [Fault(("purposes", "news", "notice"), said)] if lacking else []
    assert faults(gate.notice_is_written, shop(), told) == wanted
    named = faults(gate.privacy_notice_names_it, shop(), (*privacy, *consents))
    assert named == [
        Fault(("purposes", name), f"purpose {name}: no privacy notice names it in {lacking}") for name in ALL if lacking
    ]


@pytest.mark.gdpr("7(2)")
@pytest.mark.parametrize("kind", list(NoticeKind))
@pytest.mark.parametrize(
    ("name", "wanted"), [("news", NoticeKind.CONSENT_TEXT), ("letters", NoticeKind.PRIVACY_NOTICE)]
)
def test_a_consent_is_asked_for_by_a_consent_text_and_nothing_else(
    kind: NoticeKind, name: str, wanted: NoticeKind
) -> None:
    """R-13-1."""
    told = tuple(text("notice", ["news", "letters"], one, kind=kind) for one in ("de", "en"))
    document = with_purpose(shop(), name, notice="notice")
    found = faults(gate.notice_is_written, document, (*texts(), *told))
    words = wanted.value.replace("_", " ")
    fault = Fault(("purposes", name, "notice"), f"purpose {name}: notice is no {words}")
    assert found == ([] if kind is wanted else [fault])


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize("words", ["Kleiner Laden", "a", "b", "c", "d"])
def test_other_words_under_a_published_version_are_refused(words: str) -> None:
    """R-7.1-1: whichever of their hashes is the greater number."""
    was, now = text("news_consent", ["news"], "de"), text("news_consent", ["news"], "de", words=words)
    on_file = Existing(ON, published=published([was]))
    (fault,) = faults(gate.version_names_one_text, shop(), (now,), existing=on_file)
    assert fault == Fault(("policy", "version"), "news_consent 1 (de) is published with other words")
    assert faults(gate.version_names_one_text, shop(), (was,), existing=on_file) == []


@pytest.mark.gdpr("7(2)")
def test_a_consent_to_anything_but_advertising_names_nobody_who_advertises() -> None:
    """R-DE-UWG-3."""
    anonymous = tuple(text("news_consent", ["news"], one, words="Ja") for one in ("de", "en"))
    others = tuple(one for one in texts() if one.id != "news_consent")
    for advertises in (True, False):
        document = with_purpose(shop(), "news", direct_marketing=advertises)
        found = faults(gate.consent_names_the_advertisers, document, (*others, *anonymous))
        assert [fault.path for fault in found] == [("purposes", "news", "notice")] * 2 * advertises
