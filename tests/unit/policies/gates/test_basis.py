"""A basis holds on the day, for what was told, and is not swapped behind anybody's back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policies.documents import Basis, Compatible, PolicyDocument
from policies.findings import Fault
from policies.gates import Existing, basis, published
from policies.vocabulary import Category, LegalBasis
from tests.unit.policies.gate_cases import KNOWN, NEWS_WITHDRAWN
from tests.unit.policies.small_shop import ON, faults, shop, texts, with_purpose

DAYS = (-400, -1, 0, 1, 400)
UNASSESSED = Compatible(purpose="orders", assessment="KOMP-1")
ASSESSED = UNASSESSED.model_copy(
    update={"assessed_on": ON, "dpo_opinion": "no_objection", "informed_from": ON + timedelta(days=1)}
)


def resting(*articles: LegalBasis) -> dict[Category, Basis]:
    return {category: Basis(article=one, why="x") for category, one in zip(Category, articles, strict=False)}


@pytest.mark.gdpr("6(4)")
@pytest.mark.parametrize(
    "articles",
    [(), *((one,) for one in LegalBasis), (LegalBasis.CONSENT, LegalBasis.CONTRACT)],
    ids=lambda articles: "+".join(articles) or "none",
)
def test_only_consent_to_all_of_it_opens_data_of_another_purpose_unassessed(articles: tuple[LegalBasis, ...]) -> None:
    """R-5.1b-2."""
    changed = with_purpose(shop(), "news", basis=resting(*articles), compatible_from=(ASSESSED, UNASSESSED))
    missing = "data of orders serves it only with assessed_on, dpo_opinion, informed_from"
    fault = Fault(("purposes", "news", "compatible_from", "1"), f"purpose news: {missing}")
    assert faults(basis.purpose_change, changed) == ([] if articles == (LegalBasis.CONSENT,) else [fault])


@pytest.mark.gdpr("13(3)")
@pytest.mark.parametrize("day", DAYS)
def test_people_are_informed_no_earlier_than_the_change_was_assessed(day: int) -> None:
    """R-5.1b-2: on the same day is early enough."""
    source = ASSESSED.model_copy(update={"informed_from": ON + timedelta(days=day)})
    found = faults(basis.purpose_change, with_purpose(shop(), "letters", compatible_from=(source,)))
    assert [fault.path for fault in found] == [("purposes", "letters", "compatible_from", "0")] * (day < 0)


@pytest.mark.parametrize("key", ["assessed_on", "dpo_opinion", "informed_from"])
def test_what_an_assessment_lacks_is_named(key: str) -> None:
    """R-5.1b-2."""
    source = ASSESSED.model_copy(update={key: None})
    (fault,) = faults(basis.purpose_change, with_purpose(shop(), "letters", compatible_from=(source,)))
    assert fault.message == f"purpose letters: data of orders serves it only with {key}"


@pytest.mark.gdpr("7(3)")
@pytest.mark.parametrize("was", list(LegalBasis))
def test_after_a_withdrawal_consent_gives_way_to_no_other_basis(was: LegalBasis) -> None:
    """R-6.1-3: from any other basis to any other, and where nobody withdrew, a change is no swap."""
    gate = basis.no_swap_after_withdrawal
    for then in LegalBasis:
        before, after = (
            with_purpose(shop(), "news", basis={Category.MASTER: Basis(article=one, why="x")}) for one in (was, then)
        )
        found = faults(gate, after, before=before, existing=NEWS_WITHDRAWN)
        swapped = was is LegalBasis.CONSENT and then is not LegalBasis.CONSENT
        assert [fault.path for fault in found] == [("purposes", "news", "basis", "master")] * swapped, then
        assert faults(gate, after, before=before, existing=KNOWN) == []
        assert faults(gate, after, existing=NEWS_WITHDRAWN) == []


def test_a_category_that_was_not_there_before_swaps_nothing() -> None:
    """R-6.1-3."""
    contract = Basis(article=LegalBasis.CONTRACT, why="x")
    wider = with_purpose(shop(), "news", basis={**shop().purposes["news"].basis, Category.SCORE: contract})
    assert faults(basis.no_swap_after_withdrawal, wider, before=shop(), existing=NEWS_WITHDRAWN) == []


@pytest.mark.gdpr("7(3)")
@pytest.mark.parametrize("state", ["active", "observe", "inactive", "retired"])
def test_no_detour_swaps_a_consent_that_ended(state: str) -> None:
    """R-6.1-3: neither by way of a document in which the purpose rests, nor of one in which it is missing."""
    gate, contract = basis.no_swap_after_withdrawal, Basis(article=LegalBasis.CONTRACT, why="x")
    other = with_purpose(shop(), "news", basis={Category.MASTER: contract}, state=state)
    assert [fault.path for fault in faults(gate, other, before=shop(), existing=NEWS_WITHDRAWN)] == [
        ("purposes", "news", "basis", "master")
    ]
    without = without_news()
    assert [fault.path for fault in faults(gate, other, before=without, existing=NEWS_WITHDRAWN)] == [
        ("purposes", "news")
    ]
    assert faults(gate, other, before=without, existing=KNOWN) == []
    assert faults(gate, shop(), before=without, existing=NEWS_WITHDRAWN) == []


def without_news() -> PolicyDocument:
    return shop().model_copy(
        update={"purposes": {name: one for name, one in shop().purposes.items() if name != "news"}}
    )


def called(name: str) -> PolicyDocument:
    return shop(("    name: Kleiner Laden\n", f"    name: {name}\n"))


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize("name", ["Alter Laden", "Zweiter Laden"])
def test_who_consented_to_one_controller_did_not_consent_to_another(name: str) -> None:
    """R-6.1-2: whatever the name, it is told of each purpose on consent that was there before; others are new."""
    found = faults(basis.consent_scope, called(name), before=shop(), existing=KNOWN)
    assert [fault.path for fault in found] == [("purposes", "news"), ("purposes", "tips")]
    assert all("not cover this: the controller has another name; " in fault.message for fault in found)
    found = faults(basis.consent_scope, called(name), before=without_news(), existing=KNOWN)
    assert [fault.path[1] for fault in found if "another name" in fault.message] == ["tips"]


@pytest.mark.gdpr("7(1)")
def test_a_wider_purpose_waits_for_a_text_that_says_so() -> None:
    """R-6.1-2: and nothing else needs another text."""
    wider = shop(("    recipients: [sender]\n", "    recipients: [sender, carrier]\n"))
    (fault,) = faults(basis.consent_scope, wider, before=shop(), existing=KNOWN)
    assert fault.path == ("purposes", "news")
    assert fault.message.startswith(
        "purpose news: the consent text in force does not cover this: news now also discloses to carrier"
    )
    assert fault.message.endswith("; consent_texts must name new texts alone")
    for counted, enough in [
        ((), False),
        (("news_consent/1",), False),
        (("news_consent/1", "news_consent/2"), False),
        (("news_consent/2",), True),
    ]:
        counting = with_purpose(wider, "news", consent_texts=counted)
        found = faults(basis.consent_scope, counting, texts(version="2"), shop(), KNOWN)
        assert [one.path for one in found] == [("purposes", "news")] * (not enough), counted
        assert len(faults(basis.consent_scope, counting, before=shop(), existing=KNOWN)) == 1, (
            "the old text is no new one"
        )
    assert faults(basis.consent_scope, wider, existing=KNOWN) == []
    assert faults(basis.consent_scope, shop(), before=wider, existing=KNOWN) == []


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize("state", ["active", "observe", "inactive", "retired"])
def test_no_detour_stretches_a_consent(state: str) -> None:
    """R-6.1-2: a purpose grows wider in the document that widens it, whether or not it is in force there."""
    gate = basis.consent_scope
    wider = with_purpose(shop(), "news", recipients=("sender", "carrier"), state=state)
    assert [fault.path for fault in faults(gate, wider, before=shop(), existing=KNOWN)] == [("purposes", "news")]
    on_file = replace(KNOWN, declared=frozenset({"news"}))
    back = faults(gate, with_purpose(shop(), "news", state=state), before=without_news(), existing=on_file)
    assert [fault.path for fault in back] == [("purposes", "news")], "somebody consented before it was left out"
    assert faults(gate, wider, before=without_news(), existing=KNOWN) == [], "nobody ever consented"
    ordered = with_purpose(shop(), "orders", recipients=("carrier", "sender"))
    assert faults(gate, ordered, before=shop(), existing=on_file) == [], "it rests on no consent"


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ((), (), ""),
        ((), ("news_consent/1", "news_consent/2"), ""),
        ((), ("news_consent/2",), ""),
        ((), ("news_consent/1",), "a declaration on news_consent/2 would count for nothing"),
        ((), ("news_consent/2", "tips_consent/1"), "there is no text tips_consent/1 of its notice"),
        ((), ("news_consent/2", "news_consent/3"), "there is no text news_consent/3 of its notice"),
        (("news_consent/0",), ("news_consent/2", "news_consent/0"), "there is no text news_consent/0 of its notice"),
        (("news_consent/1",), ("news_consent/1", "news_consent/2"), ""),
        (("news_consent/0",), ("news_consent/1", "news_consent/2"), "declarations on news_consent/1 would count again"),
        (("news_consent/1",), (), "declarations on older texts would count again without consent_texts"),
    ],
)
def test_what_ceased_to_count_does_not_come_back(before: tuple[str, ...], after: tuple[str, ...], fault: str) -> None:
    """R-6.1-2, R-7.1-1."""
    old, new = (with_purpose(shop(), "news", consent_texts=one) for one in (before, after))
    found = faults(basis.consent_texts_count, new, texts(version="2"), old, KNOWN)
    assert [one.message for one in found] == [f"purpose news: {fault}"] * bool(fault)
    place = ("purposes", "news", "consent_texts") if after else ("purposes", "news")
    assert [one.path for one in found] == [place] * bool(fault)


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize("settled", [False, True])
def test_a_text_that_was_laid_on_file_with_this_document_counts_for_it(settled: bool) -> None:  # noqa: FBT001 - a column
    """R-6.1-2: a new text may be on file already, and a text on file need not be new."""
    counted = with_purpose(shop(), "news", consent_texts=("news_consent/2",))
    on_file = published(texts(version="2"))
    existing = Existing(ON, published=frozenset(one._replace(settled=settled) for one in on_file))
    assert faults(basis.consent_texts_count, counted, texts(version="2"), shop(), existing) == []


def test_texts_count_for_a_purpose_that_rests_on_consent() -> None:
    """R-6.1-2: the first document of all may say so too."""
    gate = basis.consent_texts_count
    counted = with_purpose(shop(), "news", consent_texts=("news_consent/1",))
    assert faults(gate, counted) == faults(gate, shop()) == []
    letters = with_purpose(shop(), "letters", consent_texts=("privacy/1",))
    assert [fault.message for fault in faults(gate, letters)] == [
        "purpose letters: consent_texts are for a purpose that rests on consent"
    ]
    assert faults(gate, counted, before=without_news()) == []


@pytest.mark.gdpr("6(1)(f)")
@pytest.mark.parametrize("article", list(LegalBasis))
def test_an_interest_is_approved_by_the_day(article: LegalBasis) -> None:
    """R-6.1f-1: and no other basis asks for it."""
    held = shop().purposes["letters"].lia
    assert held is not None
    weighed = article is LegalBasis.LEGITIMATE_INTERESTS
    for day in (*DAYS, None):
        approved_on = None if day is None else ON + timedelta(days=day)
        lia = held.model_copy(update={"approved_on": approved_on})
        found = faults(basis.interest_is_approved, with_purpose(shop(), "letters", lia=lia, basis=resting(article)))
        late = weighed and (day is None or day > 0)
        assert [fault.path for fault in found] == [("purposes", "letters", "lia")] * late, day
    unweighed = faults(basis.interest_is_approved, with_purpose(shop(), "letters", lia=None, basis=resting(article)))
    assert [fault.path for fault in unweighed] == [("purposes", "letters")] * weighed


@pytest.mark.gdpr("6(1)(f)")
@pytest.mark.parametrize("day", [*DAYS, None])
def test_an_interest_is_looked_at_again_before_its_review_date(day: int | None) -> None:
    """R-6.1f-1: on that day it is due."""
    held = shop().purposes["letters"].lia
    assert held is not None
    lia = held.model_copy(update={"review_on": None if day is None else ON + timedelta(days=day)})
    found = faults(basis.interest_is_approved, with_purpose(shop(), "letters", lia=lia))
    due = day is not None and day <= 0
    assert [fault.path for fault in found] == [("purposes", "letters", "lia", "review_on")] * due
