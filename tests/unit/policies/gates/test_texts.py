"""People are told in both languages, by a text of the right kind, with every name."""

import pytest

from policies.findings import Fault
from policies.gates import texts as gate
from policies.notices import NoticeKind
from tests.unit.policies.small_shop import ALL, faults, shop, text, texts, with_purpose


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
