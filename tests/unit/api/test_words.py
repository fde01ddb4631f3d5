"""Every code has words in both languages."""

import importlib
import pkgutil
from datetime import UTC, date, datetime
from enum import StrEnum
from types import ModuleType

import pytest

import audit
import policies
import registry
from api.settings import CATALOGUE
from api.titles import Titles, day, instant
from api.words import WORDS, Language, say
from audit.event import EventTag
from policies.coverage import State
from policies.documents import load
from policies.notices import NoticeKind
from registry.activation_bars import Against
from registry.actors import Action
from registry.attempts import Place
from registry.backup import Part
from registry.columns import Holds
from registry.journal import JournalKind
from registry.keys.signatures import Signature
from registry.past import Known
from registry.policy_steps import Standing, StepKind, StepResult
from registry.second_factor import Factor
from registry.suppression import Scope
from registry.tables import EpochState
from registry.verification import FindingKind

POLICY = load(CATALOGUE / "retailer.yaml")
# What is written for machines alone and stands on no page.
FOR_NO_PAGE = {
    Action,
    Against,
    EpochState,
    Factor,
    FindingKind,
    Holds,
    JournalKind,
    Known,
    NoticeKind,
    Part,
    Place,
    Scope,
    Signature,
    Standing,
    State,
    StepKind,
    StepResult,
}


def codes_in(package: ModuleType) -> set[type[StrEnum]]:
    """Every StrEnum with members that a package defines."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if ".migrations" not in found.name and ".verify" not in found.name
    ]
    return {
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, StrEnum) and list(one) and one.__module__ == module.__name__
    }


@pytest.mark.gdpr("12(1)")
def test_every_code_of_the_product_has_words() -> None:
    found = codes_in(policies) | codes_in(audit) | codes_in(registry)
    assert len(found) > 15
    assert found - FOR_NO_PAGE == WORDS.keys() - {Language}


@pytest.mark.gdpr("12(1)")
@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_every_member_has_words_in_both_languages(kind: type[StrEnum]) -> None:
    assert set(WORDS[kind]) == set(kind)
    for code in kind:
        said = {say(kind, code, language) for language in Language}
        assert all(text.strip() for text in said)


def test_no_two_members_are_told_in_the_same_words() -> None:
    for kind, words in WORDS.items():
        for language in Language:
            assert len({both.in_(language) for both in words.values()}) == len(words), kind


def test_a_code_of_a_newer_release_stands_for_itself() -> None:
    assert say(EventTag, "teleport", Language.DE) == "teleport"


@pytest.mark.parametrize(
    ("detail", "german", "english"),
    [
        ("permit:email,city", "erlaubt: E-Mail-Adresse, Ort", "allowed: E-mail address, City"),
        ("permit:", "erlaubt", "allowed"),
        (
            "deny:CONSENT_MISSING,DM_OBJECTION",
            "verweigert: Es liegt keine Einwilligung vor, Der Werbung wurde widersprochen",
            "refused: There is no consent, Advertising was objected to",
        ),
        ("erasure:received", "Löschung: eingegangen", "Erasure: received"),
        ("updated,kept:email", "aktualisiert, behalten: E-Mail-Adresse", "updated, kept: E-mail address"),
        ("newsletter", "Newsletter per E-Mail senden", "Send the e-mail newsletter"),
        ("direct_marketing", "Werbung insgesamt", "all advertising"),
        ("", "", ""),
        ("something_new:x", "something_new: x", "something_new: x"),
    ],
)
def test_what_an_entry_meant_for_a_person_is_said_in_words(detail: str, german: str, english: str) -> None:
    assert Titles(POLICY, Language.DE).detail(detail) == german
    assert Titles(POLICY, Language.EN).detail(detail) == english


def test_times_are_german_times() -> None:
    at = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    assert instant(at, Language.DE) == "02.07.2026, 00:30"
    assert instant(at, Language.EN) == "2 Jul 2026, 00:30"
    assert day(date(2026, 11, 3), Language.EN) == "3 Nov 2026"


def test_titles_of_what_the_policy_no_longer_declares_are_the_codes() -> None:
    titles = Titles(POLICY, Language.DE)
    assert titles.purpose("newsletter old_purpose") == "Newsletter per E-Mail senden, old_purpose"
    assert (titles.field("old_field"), titles.client("old_client")) == ("old_field", "old_client")
    assert titles.recipient("Beispiel Paketdienst GmbH") == "Beispiel Paketdienst GmbH"
    assert Titles(POLICY, Language.EN).recipient("Online-Shop") == "Online shop"
    assert titles.retention("old_field") == ""
    assert titles.field("external_id") == "Kennung eines anderen Systems"
    assert titles.grounds(["MINOR", "older_value"]) == "Die Person ist zu jung, Älterer Wert nicht übernommen"
