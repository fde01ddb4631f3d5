"""What another document would change is told in words, and the same both ways."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.diff import Change, compare, scope_of_consent, told
from policies.documents import PolicyDocument
from policies.vocabulary import Category, Channel
from tests.unit.policies.people import retailer
from tests.unit.policies.small_shop import Edit, shop, with_purpose

MIRROR = {"WIDENS": "NARROWS", "NARROWS": "WIDENS", "REWORDS": "REWORDS"}


def lines(*edits: Edit) -> list[str]:
    return [str(change) for change in compare(shop(), shop(*edits))]


def marks(changes: tuple[Change, ...]) -> set[tuple[str, str, str, str]]:
    return {(one.direction, one.purpose, one.kind, one.subject) for one in changes}


@pytest.mark.parametrize(
    ("edits", "line"),
    [
        (
            [("    fields: {master: [email]}\n", "    fields: {master: [email, phone]}\n")],
            "WIDENS till.news may now also read phone",
        ),
        (
            [("    fields: {master: [email, phone]}\n", "    fields: {master: [phone]}\n")],
            "NARROWS till.orders may no longer read email",
        ),
        (
            [("    channels: [email]\n", "    channels: [email, phone]\n")],
            "WIDENS news may now also contact by phone",
        ),
        (
            [("    recipients: [sender]\n", "    recipients: [sender, carrier]\n")],
            "WIDENS news now also discloses to carrier",
        ),
        (
            [("purposes: [orders, news, letters, tips]", "purposes: [orders, letters, tips]")],
            "NARROWS till may no longer ask for news",
        ),
        (
            [("look_back: {behavioural: P24M", "look_back: {behavioural: P3Y")],
            "WIDENS tips behavioural: look back is now P3Y instead of P24M",
        ),
        (
            [("    minimum_age: 16\n", "    minimum_age: 18\n")],
            "NARROWS news: minimum age is now 18 instead of 16",
        ),
        (
            [
                (
                    "dpv: dpv:ProvideProductRecommendations\n    state: active\n",
                    "dpv: dpv:ProvideProductRecommendations\n    state: retired\n",
                )
            ],
            "NARROWS tips is no longer in force",
        ),
        (
            [("    objection: absolute\n", "    objection: absolute\n    budget: {subjects_per_day: 100}\n")],
            "NARROWS letters till: subjects per day is now 100 instead of unlimited",
        ),
        ([("period: P5Y", "period: P6Y")], "WIDENS email: retention is now P6Y instead of P5Y"),
        ([("title: {de: Tipps, en: tips}", "title: {de: Rat, en: advice}")], "REWORDS tips has another title"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_change_is_one_line_in_words(edits: list[Edit], line: str) -> None:
    assert line in lines(*edits)


@pytest.mark.gdpr("6(1)")
def test_a_basis_that_leaves_less_to_the_person_widens() -> None:
    bases = {**shop().purposes["tips"].basis, Category.SCORE: shop().purposes["orders"].basis[Category.MASTER]}
    changes = compare(shop(), with_purpose(shop(), "tips", basis=bases))
    assert [str(change) for change in changes] == [
        "WIDENS tips may now also rest on a contract for score",
        "WIDENS tips score: basis is now A6-1-b instead of A6-1-a explicit",
    ]


def test_nothing_changes_nothing() -> None:
    assert compare(retailer(), retailer()) == ()
    assert told(()) == "no difference"


def test_the_count_of_customers_is_told_where_the_registry_counted() -> None:
    changes = compare(shop(), shop(("    minimum_age: 16\n", "    minimum_age: 18\n")))
    assert told(changes, {("news", ""): (0, 7)}) == (
        "NARROWS news: minimum age is now 18 instead of 16 (0 customers gained, 7 lost)"
    )
    assert told(changes, {}).endswith("(0 customers gained, 0 lost)")
    wider = compare(shop(), shop(("    fields: {master: [email]}\n", "    fields: {master: [email, phone]}\n")))
    counted = {("news", ""): (1, 0), ("news", "phone"): (40, 0), ("news", "email"): (2, 0)}
    assert told(wider, counted) == "WIDENS till.news may now also read phone (40 customers gained, 0 lost)"
    reworded = compare(shop(), shop(("title: {de: Briefe, en: letters}", "title: {de: Post, en: letters}")))
    assert told(reworded, counted) == "REWORDS letters has another title"


@pytest.mark.gdpr("6(1)(a)")
def test_who_asks_in_the_house_is_no_matter_of_consent_but_what_is_read_is() -> None:
    """R-6.1-2."""
    office = ("purposes: [proofs]", "purposes: [proofs, news]")
    assert scope_of_consent(shop(), shop(office), "news") == ()
    wider = shop(("    fields: {master: [email]}\n", "    fields: {master: [email, phone]}\n"))
    assert [change.subject for change in scope_of_consent(shop(), wider, "news")] == ["till.phone"]
    assert scope_of_consent(wider, shop(), "news") == ()


def subset(names: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), unique=True).map(tuple)


@st.composite
def documents(draw: st.DrawFn) -> PolicyDocument:
    """The shop with every purpose and client drawn anew; lawful or not does not matter to a comparison."""
    document = shop()
    for name in ("orders", "tips"):
        changes = {
            "state": draw(st.sampled_from(["active", "observe", "inactive", "retired"])),
            "fields": draw(
                st.dictionaries(st.sampled_from(list(Category)[:3]), subset(["email", "phone", "clicks"]), max_size=2)
            ),
            "channels": draw(st.lists(st.sampled_from(list(Channel)[:3]), unique=True).map(tuple)),
            "recipients": draw(subset(["carrier", "sender"])),
            "look_back": draw(
                st.dictionaries(
                    st.sampled_from(list(Category)[:3]), st.sampled_from(["P30D", "P24M", "P2Y"]), max_size=2
                )
            ),
            "minimum_age": draw(st.integers(0, 21)),
            "profiling": draw(st.booleans()),
            "objection": draw(st.sampled_from(["not_applicable", "withdraws_consent", "weighed", "absolute"])),
            "notice": draw(st.sampled_from([None, "privacy", "news_consent"])),
        }
        document = with_purpose(document, name, **changes)
    clients = {
        code: client.model_copy(update={"purposes": draw(subset(list(document.purposes)))})
        for code, client in document.clients.items()
    }
    return document.model_copy(update={"clients": clients})


@pytest.mark.gdpr("5(2)")
@settings(max_examples=50)
@given(documents(), documents())
def test_what_widens_one_way_narrows_the_other(before: PolicyDocument, after: PolicyDocument) -> None:
    there, back = marks(compare(before, after)), marks(compare(after, before))
    assert {(MIRROR[direction], *rest) for direction, *rest in there} == back


@settings(max_examples=20)
@given(documents())
def test_a_document_is_no_different_from_itself(document: PolicyDocument) -> None:
    assert compare(document, document) == ()


@pytest.mark.gdpr("5(1)(c)")
@settings(max_examples=30)
@given(documents(), st.sampled_from(["orders", "tips"]))
def test_a_field_more_only_widens(document: PolicyDocument, name: str) -> None:
    fields = {**document.purposes[name].fields, Category.EVIDENCE: ("proof",)}
    wider = with_purpose(document, name, fields=fields)
    directions = {change.direction for change in compare(document, wider)}
    assert directions == ({"WIDENS"} if document.purposes[name].in_force else set())
