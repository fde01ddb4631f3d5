"""What is kept has a ground, a need and a contract that still runs on the day."""

from datetime import timedelta

import pytest

from policies.documents import PolicyDocument, Transfer
from policies.findings import Fault
from policies.gates import Existing, keeping
from policies.vocabulary import Category, EventKind
from tests.unit.policies.small_shop import ON, faults, shop, with_field, with_recipient

WISH = (
    "  proof: {",
    "  wish: {category: evidence, retention: plain, title: {de: Wunsch, en: wish}, dpv: z}\n  proof: {",
)
SHOE = (
    "  clicks: {",
    (
        "  shoe: {category: sociodemographic, retention: plain, title: {de: Schuh, en: shoe}, dpv: z}\n"
        "  visit: {category: behavioural, retention: plain, title: {de: Besuch, en: visit}, dpv: z}\n  clicks: {"
    ),
)
ANSWERS = """\
  answers:
    title: {{de: Auskunft, en: answers}}
    dpv: dpv:LegalCompliance
    state: {}
    basis:
      master: {{article: A6-1-c, why: Art. 15 GDPR}}
      sociodemographic: {{article: A6-1-c, why: Art. 15 GDPR}}
      behavioural: {{article: A6-1-c, why: Art. 15 GDPR}}
      score: {{article: A6-1-c, why: Art. 15 GDPR}}
      evidence: {{article: A6-1-c, why: Art. 15 GDPR}}
    fields: {{master: [email, phone], {}}}
    objection: not_applicable
  proofs:
"""
DAYS = (-400, -1, 0, 1, 400)


def answering(fields: str, state: str = "active") -> PolicyDocument:
    """The shop with a wish, a visit and a shoe size, and a purpose that reads these fields besides addresses."""
    return shop(WISH, SHOE, ("  proofs:\n", ANSWERS.format(state, fields)))


def unneeded(document: PolicyDocument) -> set[str]:
    found = faults(keeping.every_field_is_needed, document)
    assert all(fault.path[0] == "fields" for fault in found)
    return {fault.path[1] for fault in found}


ALL_BUT_EVIDENCE = "sociodemographic: [shoe], behavioural: [clicks, visit], score: [guess]"
ALL_BUT_VISITS = "sociodemographic: [shoe], behavioural: [clicks], score: [guess]"


@pytest.mark.gdpr("5(1)(c)")
@pytest.mark.parametrize(
    ("fields", "left"),
    [
        (ALL_BUT_EVIDENCE, {"shoe", "visit", "wish"}),
        (f"{ALL_BUT_EVIDENCE}, evidence: [wish]", {"shoe", "visit"}),
        (f"{ALL_BUT_EVIDENCE}, evidence: [wish, proof]", {"shoe", "visit"}),
        (ALL_BUT_VISITS, {"visit", "wish"}),
        (f"{ALL_BUT_VISITS}, evidence: [wish]", {"visit"}),
        ("behavioural: [clicks, visit], score: [guess], evidence: [wish, proof]", {"shoe"}),
        ("evidence: [wish]", {"shoe", "visit"}),
    ],
)
def test_who_reads_everything_proves_the_need_of_evidence_alone(fields: str, left: set[str]) -> None:
    """R-5.1c-1: that people may ask for their data is no reason to keep more of it."""
    assert unneeded(answering(fields)) == left


@pytest.mark.gdpr("5(1)(c)")
def test_what_is_not_in_force_needs_nothing() -> None:
    """R-25-1."""
    assert unneeded(answering("sociodemographic: [shoe], evidence: [wish]", "inactive")) == {"shoe", "visit", "wish"}


def test_where_no_evidence_is_kept_a_purpose_may_need_everything() -> None:
    document = shop().model_copy(update={"fields": {"email": shop().fields["email"], "phone": shop().fields["phone"]}})
    assert unneeded(document) == set()


@pytest.mark.gdpr("28(3)")
@pytest.mark.parametrize("day", DAYS)
def test_a_contract_holds_until_its_last_day(day: int) -> None:
    """R-26/28-1."""
    until = ON + timedelta(days=day)
    found = faults(keeping.contracts_still_run, with_recipient(shop(), "sender", contract_until=until))
    ended = [Fault(("recipients", "sender", "contract_until"), f"recipient sender: its contract ended on {until}")]
    assert found == (ended if day < 0 else [])


@pytest.mark.gdpr("46")
@pytest.mark.parametrize("day", DAYS)
def test_an_instrument_holds_until_its_last_day(day: int) -> None:
    """R-26/28-1."""
    until = ON + timedelta(days=day)
    transfer = Transfer(instrument="adequacy", ref="DPF-1", until=until)
    found = faults(keeping.contracts_still_run, with_recipient(shop(), "carrier", country="US", transfer=transfer))
    ended = [Fault(("recipients", "carrier", "transfer"), f"recipient carrier: its instrument ended on {until}")]
    assert found == (ended if day < 0 else [])


@pytest.mark.gdpr("28(3)")
@pytest.mark.parametrize(
    ("role", "bound"), [("controller", False), ("authority", False), ("joint", True), ("processor", True)]
)
def test_who_works_for_or_with_the_controller_has_a_contract(role: str, *, bound: bool) -> None:
    """R-26/28-1."""
    without = with_recipient(shop(), "sender", role=role, contract=None, contract_until=None)
    assert [fault.path for fault in faults(keeping.contracts_still_run, without)] == [("recipients", "sender")] * bound
    signed = with_recipient(shop(), "sender", role=role, contract="AVV-1", contract_until=None)
    assert faults(keeping.contracts_still_run, signed) == []


def test_a_recipient_of_nothing_in_force_needs_no_contract() -> None:
    nobody_sends = shop(("    recipients: [sender]\n", ""))
    assert faults(keeping.contracts_still_run, with_recipient(nobody_sends, "sender", contract=None)) == []


@pytest.mark.gdpr("17(3)(b)")
@pytest.mark.parametrize("starts", ["collected", "relationship_end", "year_end"])
@pytest.mark.parametrize(
    ("ground", "tax"),
    [("obligation: yes, why: § 147 AO", True), ("why: § 147 AO", False), ("obligation: yes, why: § 195 BGB", False)],
)
def test_books_are_kept_from_the_end_of_the_year(starts: str, ground: str, *, tax: bool) -> None:
    """R-DE-RET-1: a duty of the tax code runs from there, other periods from where they say."""
    document = shop(('starts: relationship_end, why: "§ 195 BGB"', f"starts: {starts}, {ground}"))
    found = faults(keeping.duties_of_bookkeeping_start_with_the_year, document)
    broken = tax and starts != "year_end"
    assert [fault.path for fault in found] == [("retention", "plain", "starts")] * broken


@pytest.mark.gdpr("5(1)(e)")
@pytest.mark.parametrize("was", list(Category))
def test_a_value_on_file_stays_in_the_category_whose_key_seals_it(was: Category) -> None:
    """R-5.1e-1."""
    gate = keeping.what_is_stored_is_declared
    stored = Existing(ON, stored=frozenset({"clicks", "email"}))
    for then in Category:
        before, after = (with_field(shop(), "clicks", category=category) for category in (was, then))
        moved = [("fields", "clicks", "category")] if was is not then else []
        assert [fault.path for fault in faults(gate, after, before=before, existing=stored)] == moved, then
        assert faults(gate, after, before=before) == []
        assert faults(gate, after, existing=stored) == []


def test_a_period_names_an_article_or_a_section() -> None:
    """R-DEL-1."""
    for why, named in [
        ("§ 195 BGB", True),
        ("Art. 17(3)(e) GDPR", True),
        ("195 BGB", False),
        ("Article of ours", False),
    ]:
        document = shop(("§ 195 BGB", why))
        assert [fault.path for fault in faults(keeping.periods_name_their_law, document)] == [
            ("retention", "plain")
        ] * (not named)


@pytest.mark.gdpr("5(1)(e)")
@pytest.mark.parametrize("was", [None, EventKind.VISIT, EventKind.CLICK])
@pytest.mark.parametrize("then", [None, EventKind.VISIT, EventKind.CLICK])
def test_what_is_on_file_stays_a_value_or_an_event_of_its_kind(was: EventKind | None, then: EventKind | None) -> None:
    """R-5.1e-1: under another kind nobody would find it, the person who asks included."""
    before, after = (with_field(shop(), "clicks", event=kind) for kind in (was, then))
    on_file = Existing(ON, stored=frozenset({"clicks"}))
    found = faults(keeping.what_is_stored_is_declared, after, before=before, existing=on_file)
    assert [fault.path for fault in found] == [("fields", "clicks")] * (was is not then)
    told = f"events of kind {was}" if was else "values that are no events"
    assert all(f"field clicks: {told} of it are on file" in fault.message for fault in found)
    assert faults(keeping.what_is_stored_is_declared, after, before=before, existing=Existing(ON)) == []
    assert faults(keeping.what_is_stored_is_declared, after, existing=on_file) == []
