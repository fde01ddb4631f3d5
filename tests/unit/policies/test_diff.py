"""What another document would change is told in words, and the same both ways."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.diff import Change, compare, scope_of_consent, told
from policies.documents import Basis, Budget, Compatible, ImpactAssessment, PolicyDocument, Transfer, Words
from policies.parties import ConsoleRole
from policies.vocabulary import Category, Channel, EventKind
from tests.unit.policies.people import retailer
from tests.unit.policies.small_shop import Edit, shop, with_client, with_field, with_purpose, with_recipient

MIRROR = {"WIDENS": "NARROWS", "NARROWS": "WIDENS", "REWORDS": "REWORDS"}


def lines(*edits: Edit) -> list[str]:
    return [str(change) for change in compare(shop(), shop(*edits))]


def marks(changes: tuple[Change, ...]) -> set[tuple[str, str, str, str]]:
    return {(one.direction, one.purpose, one.kind, one.subject) for one in changes}


def without(purpose: str) -> PolicyDocument:
    """The shop without one purpose, which its clients still ask for."""
    purposes = {name: one for name, one in shop().purposes.items() if name != purpose}
    return shop().model_copy(update={"purposes": purposes})


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
        ([("title: {de: Tipps, en: tips}", "title: {de: Rat, en: advice}")], "REWORDS tips: title in other words"),
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
        "REWORDS tips: basis score why is now the contract instead of named in the consent",
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
            [
                "NARROWS tips is no longer in force",
                "NARROWS tips: minimum age is now 21 instead of 18, while it is not in force",
                "REWORDS tips: title in other words",
            ],
        ),
        (
            [("clients:\n", "roles: {dpo: {title: {de: D, en: D}, purposes: [orders]}}\nclients:\n")],
            ["WIDENS role dpo may now act for orders"],
        ),
        (
            [("    recipients: [carrier]\n", "    collects: {master: [phone]}\n    recipients: [carrier]\n")],
            ["REWORDS orders: collects master is now phone instead of none"],
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
    """What changes while a purpose is switched off is told: it would come into force unseen with the next switch."""
    assert lines(*edits) == told_as


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(
    ("state", "comes", "goes"),
    [
        ("active", "proofs is put in force", "proofs is no longer in force"),
        (
            "observe",
            "proofs is observed from now on: decided and recorded, and nothing leaves",
            "proofs is no longer observed",
        ),
        *(
            (
                state,
                "proofs is written down, and not in force",
                "proofs, which was not in force, is no longer written down",
            )
            for state in ("inactive", "retired")
        ),
    ],
)
def test_a_purpose_more_is_one_line(state: str, comes: str, goes: str) -> None:
    there = with_purpose(shop(), "proofs", state=state)
    assert [str(change) for change in compare(without("proofs"), there)] == [f"WIDENS {comes}"]
    assert [str(change) for change in compare(there, without("proofs"))] == [f"NARROWS {goes}"]


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(
    ("was", "now", "line"),
    [
        ("retired", "inactive", "WIDENS news: state is now inactive instead of retired"),
        ("inactive", "observe", "WIDENS news is observed from now on: decided and recorded, and nothing leaves"),
        ("observe", "active", "WIDENS news: state is now active instead of observe"),
        ("inactive", "active", "WIDENS news is put in force"),
        ("active", "observe", "NARROWS news: state is now observe instead of active"),
        ("active", "retired", "NARROWS news is no longer in force"),
        ("observe", "inactive", "NARROWS news is no longer observed"),
        ("inactive", "retired", "NARROWS news: state is now retired instead of inactive"),
    ],
)
def test_each_switch_of_a_purpose_is_one_line(was: str, now: str, line: str) -> None:
    before, after = (with_purpose(shop(), "news", state=state) for state in (was, now))
    assert [str(change) for change in compare(before, after)] == [line]


US = {"country": "US", "third_country": True, "transfer": Transfer(instrument="standard_clauses", ref="SCC-1")}
ABROAD = with_recipient(shop(), "sender", **US)


@pytest.mark.gdpr("13(1)(e)", "44")
@pytest.mark.parametrize(
    ("before", "changes", "told_as", "in_scope"),
    [
        (shop(), {"role": "controller"}, ["WIDENS news sender: role is now controller instead of processor"], True),
        (shop(), {"role": "joint"}, ["WIDENS news sender: role is now joint instead of processor"], True),
        (shop(), US, ["WIDENS news may now reach sender in US, outside the EEA, under standard clauses"], True),
        (
            shop(),
            {"country": "CH"},
            ["WIDENS news may now reach sender in CH, outside the EEA, under no instrument of its own"],
            True,
        ),
        (shop(), {"country": "FR"}, ["REWORDS recipient sender: country is now FR instead of DE"], False),
        (
            ABROAD,
            {"country": "CN"},
            [
                "WIDENS news may now reach sender in CN, outside the EEA, under standard clauses",
                "NARROWS news may no longer reach sender in US, outside the EEA, under standard clauses",
            ],
            True,
        ),
        (
            ABROAD,
            {"transfer": Transfer(instrument="adequacy", ref="SCC-1")},
            [
                "WIDENS news may now reach sender in US, outside the EEA, under adequacy",
                "NARROWS news may no longer reach sender in US, outside the EEA, under standard clauses",
            ],
            True,
        ),
        (
            ABROAD,
            {"transfer": Transfer(instrument="standard_clauses", ref="SCC-1", until=date(2030, 1, 1))},
            ["NARROWS news sender: transfer until is now 2030-01-01 instead of unlimited"],
            False,
        ),
        (
            ABROAD,
            {"transfer": Transfer(instrument="standard_clauses", ref="SCC-2")},
            ["REWORDS recipient sender: transfer ref is now SCC-2 instead of SCC-1"],
            False,
        ),
        (
            shop(),
            {"name": "Anders"},
            [
                "WIDENS sender, whom news discloses to, is now Anders",
                "NARROWS sender, whom news discloses to, is no longer Versender",
            ],
            True,
        ),
        (shop(), {"address": "Weg 9"}, ["REWORDS recipient sender: address is now Weg 9 instead of Weg 3"], False),
        (shop(), {"contract": "AVV-2"}, ["REWORDS recipient sender: contract is now AVV-2 instead of AVV-1"], False),
        (shop(), {"contract": None}, ["WIDENS sender: contract is now none instead of AVV-1"], False),
        (
            shop(),
            {"contract_until": date(2029, 1, 1)},
            ["WIDENS sender: contract until is now 2029-01-01 instead of 2028-01-01"],
            False,
        ),
        (
            shop(),
            {"contract_until": None},
            ["WIDENS sender: contract until is now unlimited instead of 2028-01-01"],
            False,
        ),
    ],
)
def test_what_a_recipient_is_counts_for_each_purpose_that_uses_it(
    before: PolicyDocument, changes: dict[str, Any], told_as: list[str], *, in_scope: bool
) -> None:
    """R-6.1-2, R-13-1: who consented was told who gets the data, as what, where, and under which instrument."""
    after = with_recipient(before, "sender", **changes)
    assert [str(change) for change in compare(before, after)] == told_as
    widened = [change.sentence for change in compare(before, after) if change.direction == "WIDENS"]
    assert [change.sentence for change in scope_of_consent(before, after, "news")] == (widened if in_scope else [])
    assert scope_of_consent(before, after, "tips") == ()


def test_a_recipient_counts_for_what_its_systems_ask_for() -> None:
    """R-6.1-2: whether the purpose names it or not."""
    before, after = (with_client(one, "till", recipient="sender") for one in (shop(), ABROAD))
    line = "WIDENS {} may now reach sender in US, outside the EEA, under standard clauses"
    found = [str(change) for change in compare(before, after)]
    assert found == [line.format(name) for name in ("letters", "news", "orders", "tips")]
    assert [str(one) for one in scope_of_consent(before, after, "tips")] == [line.format("tips")]
    assert [str(one) for one in scope_of_consent(shop(), before, "tips")] == [
        "WIDENS tips now also discloses to sender"
    ]


@pytest.mark.gdpr("13(1)(e)", "28")
def test_a_system_that_becomes_somebody_elses_is_told_for_each_of_its_purposes() -> None:
    theirs = with_client(shop(), "office", recipient="sender")
    assert [str(change) for change in compare(shop(), theirs)] == [
        "WIDENS office, which asks for proofs, is now a system of sender",
        "WIDENS proofs now also discloses to sender",
        "NARROWS office now asks for proofs only while sender may receive it",
    ]
    assert [str(change) for change in compare(theirs, shop())] == [
        "WIDENS office now asks for proofs whether or not sender may receive it",
        "NARROWS office, which asks for proofs, is no longer a system of sender",
        "NARROWS proofs no longer discloses to sender",
    ]
    others = with_client(shop(), "office", recipient="carrier")
    assert [str(change) for change in compare(theirs, others)] == [
        "WIDENS office, which asks for proofs, is now a system of carrier",
        "WIDENS proofs now also discloses to carrier",
        "NARROWS office, which asks for proofs, is no longer a system of sender",
        "NARROWS proofs no longer discloses to sender",
    ]


@pytest.mark.gdpr("5(2)", "7(1)")
@pytest.mark.parametrize("kind", ["direct_marketing", "profiling", "significant_decision"])
def test_a_use_with_protections_of_its_own_widens_and_narrows_at_once(kind: str) -> None:
    """Without them it reaches who objected to it; with them it does what nobody was told. R-21.2-1, R-22-1."""
    without_it, with_it = (with_purpose(shop(), "tips", **{kind: flag}) for flag in (False, True))
    words = kind.replace("_", " ")
    assert [str(change) for change in compare(without_it, with_it)] == [
        f"WIDENS tips may now be used for {words}",
        f"NARROWS tips now has the protections of {words}",
    ]
    assert [str(change) for change in compare(with_it, without_it)] == [
        f"WIDENS tips no longer has the protections of {words}",
        f"NARROWS tips may no longer be used for {words}",
    ]
    for before, after in ((with_it, without_it), (without_it, with_it)):
        assert [one.direction for one in scope_of_consent(before, after, "tips")] == ["WIDENS"]


SOURCE = Compatible(purpose="orders", assessment="KOMP-1", informed_from=date(2026, 1, 2), dpo_opinion="no_objection")


def served(**changes: object) -> PolicyDocument:
    return with_purpose(shop(), "letters", compatible_from=(SOURCE.model_copy(update=changes),))


@pytest.mark.gdpr("6(4)", "35")
@pytest.mark.parametrize(
    ("before", "after", "told_as"),
    [
        (
            served(),
            served(informed_from=date(2026, 1, 1)),
            ["WIDENS letters orders: informed from is now 2026-01-01 instead of 2026-01-02"],
        ),
        (
            served(),
            served(informed_from=None),
            ["WIDENS letters orders: informed from is now none instead of 2026-01-02"],
        ),
        (
            served(),
            served(dpo_opinion="objection"),
            ["REWORDS letters: compatible from orders dpo opinion is now objection instead of no_objection"],
        ),
        (served(), shop(), ["NARROWS letters may no longer use what orders collected"]),
        (
            shop(),
            with_purpose(shop(), "tips", dpia=None),
            ["WIDENS tips: dpia is now none instead of DSFA-1"],
        ),
        (
            shop(),
            with_purpose(shop(), "tips", dpia=ImpactAssessment(ref="DSFA-2")),
            [
                "REWORDS tips: dpia approved on is now none instead of 2026-10-01",
                "REWORDS tips: dpia ref is now DSFA-2 instead of DSFA-1",
                "REWORDS tips: dpia review on is now none instead of 2028-10-01",
            ],
        ),
        (
            shop(),
            with_purpose(shop(), "letters", lia=None, notice=None),
            [
                "WIDENS letters: lia is now none instead of IA-1",
                "WIDENS letters: notice is now none instead of privacy",
            ],
        ),
        (
            shop(),
            shop(("balancing: fair", "balancing: unfair"), ("{de: Werben, en: To advertise}", "{de: A, en: To}")),
            [
                "REWORDS letters: lia balancing is now unfair instead of fair",
                "REWORDS letters: lia interest in other words",
            ],
        ),
        (
            shop(),
            with_purpose(shop(), "news", special={"email": "A9-2-a"}),
            ["WIDENS news email: special condition is now A9-2-a instead of none"],
        ),
        (
            shop(),
            with_purpose(
                shop(),
                "news",
                basis={**shop().purposes["news"].basis, Category.SCORE: Basis(article="A6-1-a", why="x")},
            ),
            ["WIDENS news now has a basis for score"],
        ),
    ],
)
def test_what_was_weighed_or_told_for_a_purpose_is_compared(
    before: PolicyDocument, after: PolicyDocument, told_as: list[str]
) -> None:
    assert [str(change) for change in compare(before, after)] == told_as


@pytest.mark.gdpr("6(1)", "5(1)(c)")
def test_a_field_in_another_category_comes_under_another_basis_and_window() -> None:
    contract = Basis(article="A6-1-b", why="x", rests_on=("contract",))
    bases = {**shop().purposes["tips"].basis, Category.MASTER: contract}
    before = with_purpose(shop(), "tips", basis=bases)
    moved = with_field(before, "clicks", category=Category.MASTER)
    after = with_purpose(moved, "tips", fields={Category.MASTER: ("clicks",), Category.SCORE: ("guess",)})
    assert [str(change) for change in compare(before, after)] == [
        "REWORDS field clicks: category is now master instead of behavioural",
        "WIDENS tips clicks: basis is now A6-1-b instead of A6-1-a explicit",
        "WIDENS tips clicks: look back is now unlimited instead of P24M",
        "REWORDS tips: fields behavioural is now none instead of clicks",
        "REWORDS tips: fields master is now clicks instead of none",
    ]
    assert [str(one) for one in scope_of_consent(before, after, "tips")] == [
        "WIDENS tips clicks: basis is now A6-1-b instead of A6-1-a explicit",
        "WIDENS tips clicks: look back is now unlimited instead of P24M",
    ]


CLICKS_BASIS = "      behavioural: {article: A6-1-a, explicit: yes, why: named in the consent}\n"
SINGLE, DIVORCED = Words(de="ledig", en="single"), Words(de="geschieden", en="divorced")


@pytest.mark.gdpr("5(1)(c)", "14(2)(f)")
@pytest.mark.parametrize(
    ("name", "changes", "told_as"),
    [
        ("email", {"event": EventKind.VISIT}, ["WIDENS every visit may now be kept as email"]),
        (
            "proof",
            {"event": EventKind.SURVEY_ANSWER},
            [
                "WIDENS every survey answer may now be kept as proof",
                "NARROWS not every consent evidence may be kept as proof any longer",
            ],
        ),
        ("email", {"granularity": "record"}, ["WIDENS email: granularity is now record instead of field"]),
        ("email", {"values": {"a": SINGLE}}, ["WIDENS email may now also be a"]),
        ("email", {"obtained_from": "sender"}, ["WIDENS email may now be obtained from sender"]),
        ("guess", {"derived_from": ()}, ["WIDENS guess may now be read by who may not read clicks"]),
        (
            "guess",
            {"derived_from": ("clicks", "phone")},
            ["NARROWS guess is now read only by who may read phone"],
        ),
        ("guess", {"estimate": False}, ["WIDENS guess: estimate is now no instead of yes"]),
        ("email", {"special": "health"}, ["NARROWS email: special category is now yes instead of no"]),
        ("email", {"title": SINGLE}, ["REWORDS field email: title in other words"]),
        ("email", {"dpv": "pd:Name"}, ["REWORDS field email: dpv is now pd:Name instead of pd:EmailAddress"]),
    ],
)
def test_what_a_field_is_is_compared(name: str, changes: dict[str, Any], told_as: list[str]) -> None:
    assert [str(change) for change in compare(shop(), with_field(shop(), name, **changes))] == told_as


def test_words_for_a_value_are_no_other_value() -> None:
    before, after = (with_field(shop(), "email", values={"a": words}) for words in (SINGLE, DIVORCED))
    assert [str(change) for change in compare(before, after)] == ["REWORDS field email: values a in other words"]


@pytest.mark.parametrize(
    ("edits", "told_as"),
    [
        ([("§ 195 BGB", "§ 199 BGB")], ["REWORDS retention class plain: why is now § 199 BGB instead of § 195 BGB"]),
        (
            [('  valid_from: "2026-11-01"', '  valid_from: "2027-01-01"')],
            ["REWORDS valid from is now 2027-01-01 instead of 2026-11-01"],
        ),
        ([("  decided_by: Owner", "  decided_by: Heir")], ["REWORDS decided by is now Heir instead of Owner"]),
        (
            [
                (
                    "    supervisory_authority: HmbBfDI\n",
                    "    supervisory_authority: BlnBDI\n    joint_controllers: [Zwei]\n",
                )
            ],
            [
                "WIDENS Zwei is now responsible jointly",
                "REWORDS controller supervisory authority is now BlnBDI instead of HmbBfDI",
            ],
        ),
        (
            [("  decided_by: Owner\n", "  decided_by: Owner\n  security_measures: [{de: Schlüssel, en: keys}]\n")],
            ["NARROWS a security measure is now named: Schlüssel / keys"],
        ),
        (
            [('version: "1", inputs: [clicks]', 'version: "2", inputs: [clicks]'), ("counts clicks", "adds clicks")],
            [
                "WIDENS score model guesser may now write guess for tips in version 2 (none, assistive)",
                "NARROWS score model guesser may no longer write guess for tips in version 1 (none, assistive)",
                "REWORDS score model guesser: method in other words",
            ],
        ),
        (
            [("owner: author}", "owner: heir}")],
            ["REWORDS score model guesser: owner is now heir instead of author"],
        ),
        (
            [
                ("derived_from: [clicks]", "derived_from: [clicks, email]"),
                ("inputs: [clicks]", "inputs: [clicks, email]"),
                ("{behavioural: [clicks], score: [guess]}", "{behavioural: [clicks], score: [guess], master: [email]}"),
                (
                    CLICKS_BASIS,
                    f"{CLICKS_BASIS}      master: {{article: A6-1-a, explicit: yes, why: x}}\n",
                ),
            ],
            [
                "NARROWS guess is now read only by who may read email",
                "WIDENS score model guesser may now also work with email for tips",
                "WIDENS till.tips may now also read email",
                "WIDENS tips now has a basis for master",
            ],
        ),
    ],
)
def test_what_belongs_to_no_purpose_is_compared_too(edits: list[Edit], told_as: list[str]) -> None:
    assert lines(*edits) == told_as


@pytest.mark.gdpr("7(1)")
def test_another_responsible_is_new_to_every_consent() -> None:
    """R-6.1-2: consent was given to those who were named."""
    joint = shop(
        ("    supervisory_authority: HmbBfDI\n", "    supervisory_authority: HmbBfDI\n    joint_controllers: [Z]\n")
    )
    for name in shop().purposes:
        assert [str(one) for one in scope_of_consent(shop(), joint, name)] == ["WIDENS Z is now responsible jointly"]
    assert scope_of_consent(joint, shop(), "news") == ()


ENDING = Transfer(instrument="standard_clauses", ref="SCC-1", until=date(2030, 1, 1))
ROLE = ConsoleRole(title=Words(de="a", en="b"), purposes=("news",))


@pytest.mark.gdpr("6(1)(a)")
@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("ask", shop(), with_client(shop(), "office", purposes=("proofs", "news"))),
        ("act", shop(), shop().model_copy(update={"roles": {"dpo": ROLE}})),
        ("system", shop(), with_client(shop(), "till", recipient="sender")),
        ("bound", with_client(shop(), "till", recipient="sender"), shop()),
        ("subjects_per_day", with_purpose(shop(), "news", budget=Budget(subjects_per_day=1)), shop()),
        ("subjects_per_day", with_client(shop(), "till", budget={"news": Budget(subjects_per_day=1)}), shop()),
        ("state", with_purpose(shop(), "news", state="observe"), shop()),
        ("purpose", with_purpose(shop(), "news", state="inactive"), shop()),
        ("observed", with_purpose(shop(), "news", state="retired"), with_purpose(shop(), "news", state="observe")),
        ("dpia", with_purpose(shop(), "news", dpia=ImpactAssessment(ref="DSFA-2")), shop()),
        ("lia", with_purpose(shop(), "news", lia=shop().purposes["letters"].lia), shop()),
        ("transfer_until", with_recipient(ABROAD, "sender", transfer=ENDING), ABROAD),
    ],
)
def test_what_people_were_not_told_with_a_consent_needs_no_other_text(
    kind: str, before: PolicyDocument, after: PolicyDocument
) -> None:
    """R-6.1-2: controllers, purposes, categories and recipients are; papers and the order of the house are not."""
    widened = [one.kind for one in compare(before, after) if one.purpose == "news" and one.direction == "WIDENS"]
    assert widened == [kind]
    assert scope_of_consent(before, after, "news") == ()


@pytest.mark.gdpr("32(1)")
def test_a_limit_is_told_for_the_client_it_holds_for() -> None:
    """A client's own number goes before the purpose's, and a number nobody is bound by is in other words."""
    own = with_client(shop(), "till", budget={"news": Budget(subjects_per_day=5)})
    both = with_purpose(own, "news", budget=Budget(subjects_per_day=9))
    assert [str(one) for one in compare(own, both)] == ["REWORDS news: budget is now given"]
    more = with_client(both, "till", budget={"news": Budget(subjects_per_day=6)})
    wider = with_purpose(more, "news", budget=Budget(subjects_per_day=10))
    assert [str(one) for one in compare(both, wider)] == [
        "WIDENS news till: subjects per day is now 6 instead of 5",
        "REWORDS news: budget subjects per day is now 10 instead of 9",
    ]


def test_no_text_of_a_document_passes_for_a_line() -> None:
    """Names are free text; a line break or a control in one would forge a change, or hide one."""
    forged = "Bote\nNARROWS nothing\x1b[2K\u2028"
    for after in (with_recipient(shop(), "carrier", name=forged), with_recipient(shop(), "carrier", address=forged)):
        found = told(compare(shop(), after))
        assert len(found.splitlines()) == len(compare(shop(), after))
        assert "Bote NARROWS nothing [2K " in found


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
    assert told(reworded, counted) == "REWORDS letters: title in other words"


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


@pytest.mark.parametrize(
    ("edit", "purpose", "kind", "subject"),
    [
        (("title: {de: Tipps, en: tips}", "title: {de: Rat, en: advice}"), "tips", "title", "title"),
        (("why: own customers", "why: regulars"), "letters", "why", "basis.master.why"),
        (("address: Weg 3", "address: Weg 9"), "", "address", "sender.address"),
    ],
)
def test_other_words_go_by_the_key_they_stand_under(edit: Edit, purpose: str, kind: str, subject: str) -> None:
    (change,) = compare(shop(), shop(edit))
    assert change[:4] == ("REWORDS", purpose, kind, subject)


@pytest.mark.gdpr("6(1)")
@pytest.mark.parametrize("was", ["active", "inactive"])
def test_a_switch_is_told_beside_whatever_changes_with_it(was: str) -> None:
    """R-6.1-2: each bound of a purpose, whatever its name."""
    now = "inactive" if was == "active" else "active"
    before = with_purpose(shop(), "tips", state=was, unknown_age="deny")
    after = with_purpose(before, "tips", state=now, unknown_age="adult", while_restricted=True, similar_goods=True)
    kinds = {change.kind: change.direction for change in compare(before, after)}
    assert kinds == {
        "purpose": "WIDENS" if now == "active" else "NARROWS",
        "unknown_age": "WIDENS",
        "while_restricted": "WIDENS",
        "similar_goods": "NARROWS",
    }


def test_a_purpose_that_says_the_same_is_looked_at_when_all_that_it_uses_is_another() -> None:
    """R-6.1-2: clients, recipients and fields, and nothing else."""
    after = with_client(shop(), "office", budget={"proofs": Budget(subjects_per_day=5)})
    after = with_recipient(after, "sender", country="CH")
    after = with_field(after, "phone", category=Category.TRANSACTIONAL)
    assert after.purposes == shop().purposes
    marked = marks(compare(shop(), after))
    assert ("NARROWS", "proofs", "subjects_per_day", "office") in marked
    assert ("WIDENS", "news", "transfer") in {one[:3] for one in marked}


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize("name", ["news", "tips", "proofs"])
def test_what_a_model_works_with_is_in_the_scope_of_its_own_purpose(name: str) -> None:
    """R-6.1-2: and of no other, wherever it stands in the alphabet."""
    model = shop().score_models["guesser"].model_copy(update={"inputs": ("clicks", "phone")})
    wider = shop().model_copy(update={"score_models": {"guesser": model}})
    found = [change.kind for change in scope_of_consent(shop(), wider, name)]
    assert found == ["input"] * (name == "tips")


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


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize("was", ["active", "observe", "inactive", "retired"])
@pytest.mark.parametrize("now", ["active", "observe", "inactive", "retired"])
def test_a_switch_hides_no_widening_and_is_none_itself(was: str, now: str) -> None:
    """R-6.1-2: off, wider while off, on again: the version that widens is the one that needs another text."""
    wider = shop(("    fields: {master: [email]}\n", "    fields: {master: [email, phone]}\n"))
    before = with_purpose(shop(), "news", state=was)
    for after, scope in ((shop(), []), (wider, ["till.news may now also read phone"])):
        switched = with_purpose(after, "news", state=now)
        assert [one.sentence for one in scope_of_consent(before, switched, "news")] == scope


@pytest.mark.gdpr("7(1)")
def test_a_purpose_that_was_not_there_had_no_scope() -> None:
    """R-6.1-2: all that it may do is new; what is not there any more may do nothing."""
    before = without("news")
    assert [one.sentence for one in scope_of_consent(before, shop(), "news")] == [
        "news may now also contact by email",
        "news may now be used for direct marketing",
        "news now also discloses to sender",
        "news now has a basis for master",
        "till.news may now also read email",
    ]
    assert scope_of_consent(shop(), before, "news") == ()
    assert scope_of_consent(shop(), shop(), "whim") == ()


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
    assert directions == {"WIDENS"}
