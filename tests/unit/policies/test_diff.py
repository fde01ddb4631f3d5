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


@pytest.mark.parametrize(
    ("edits", "told_as"),
    [
        (
            [
                (
                    "dpv: dpv:ProvideProductRecommendations\n    state: active\n",
                    "dpv: dpv:ProvideProductRecommendations\n    state: inactive\n",
                ),
                ("    minimum_age: 18\n", "    minimum_age: 21\n"),
                ("title: {de: Tipps, en: tips}", "title: {de: Rat, en: advice}"),
            ],
            ["NARROWS tips is no longer in force", "REWORDS tips has another title"],
        ),
        (
            [("clients:\n", "roles: {dpo: {title: {de: D, en: D}, purposes: [orders]}}\nclients:\n")],
            ["WIDENS role dpo may now act for orders"],
        ),
        (
            [("    recipients: [carrier]\n", "    collects: {master: [phone]}\n    recipients: [carrier]\n")],
            [],
        ),
        (
            [
                ("    fields: {master: [email, phone]}\n", "    fields: {master: [phone]}\n"),
                ("    recipients: [carrier]\n", "    collects: {master: [email]}\n    recipients: [carrier]\n"),
            ],
            ["WIDENS orders may now also collect email", "NARROWS till.orders may no longer read email"],
        ),
    ],
)
def test_a_change_is_told_once_and_nothing_besides(edits: list[Edit], told_as: list[str]) -> None:
    """What a purpose may do is no matter while it is not in force."""
    assert lines(*edits) == told_as


@pytest.mark.gdpr("5(1)(b)")
def test_a_purpose_more_is_one_line() -> None:
    fewer = shop().model_copy(
        update={"purposes": {name: one for name, one in shop().purposes.items() if name != "proofs"}}
    )
    assert [str(change) for change in compare(fewer, shop())] == ["WIDENS proofs is put in force"]
    assert [str(change) for change in compare(shop(), fewer)] == ["NARROWS proofs is no longer in force"]


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
    assert told(wider) == "WIDENS till.news may now also read phone"
    reworded = compare(shop(), shop(("title: {de: Briefe, en: letters}", "title: {de: Post, en: letters}")))
    assert told(reworded, counted) == "REWORDS letters has another title"


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (
            ("    recipients: [sender]\n", "    recipients: [sender, carrier]\n"),
            "WIDENS news now also discloses to carrier",
        ),
        (("    channels: [email]\n", "    channels: [email, sms]\n"), "WIDENS news may now also contact by sms"),
        (("    minimum_age: 16\n", "    minimum_age: 17\n"), "NARROWS news: minimum age is now 17 instead of 16"),
        (("purposes: [proofs]", "purposes: [proofs, news]"), "WIDENS office may now ask for news"),
    ],
)
def test_customers_are_counted_for_a_field_only_where_a_field_is_read(edit: Edit, line: str) -> None:
    by_field = dict.fromkeys((("news", "carrier"), ("news", "sms"), ("news", "office")), (9, 9))
    counted = {**by_field, ("news", ""): (3, 1)}
    found = told(compare(shop(), shop(edit)), counted).splitlines()
    assert found == [f"{line} (3 customers gained, 1 lost)"]


def test_a_change_of_no_purpose_counts_nobody() -> None:
    longer = compare(shop(), shop(("period: P5Y", "period: P6Y")))
    assert {change.purpose for change in longer} == {""}
    assert "customers" not in told(longer, {("news", ""): (3, 1), ("", ""): (2, 2)})


@pytest.mark.gdpr("7(1)")
def test_each_purpose_has_the_scope_of_its_own_consent() -> None:
    """R-6.1-2: what others may do besides is theirs, and what was not in force before was not consented to."""
    wider = shop(
        ("    fields: {master: [email]}\n", "    fields: {master: [email, phone]}\n"),
        ("    minimum_age: 18\n", "    minimum_age: 16\n"),
        (
            "    objection: not_applicable\n    recipients: [carrier]",
            "    objection: not_applicable\n    recipients: [carrier, sender]",
        ),
    )
    scopes = {name: [str(one) for one in scope_of_consent(shop(), wider, name)] for name in shop().purposes}
    assert scopes == {
        "orders": ["WIDENS orders now also discloses to sender"],
        "news": ["WIDENS till.news may now also read phone"],
        "letters": [],
        "tips": ["WIDENS tips: minimum age is now 16 instead of 18"],
        "proofs": [],
    }
    for state in ("inactive", "retired"):
        assert scope_of_consent(with_purpose(shop(), "news", state=state), wider, "news") == ()
    assert scope_of_consent(shop(), wider, "whim") == ()


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
