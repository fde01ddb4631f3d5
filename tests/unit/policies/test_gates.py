"""Each gate trips on a document that breaks it alone, and lets its repaired twin pass."""

import re

import pytest

from policies.documents import PolicyDocumentError, parse
from policies.gates import GATES
from policies.gates.activation import Activation
from policies.laws import LAWS, four_eyes
from tests.unit.policies.gate_cases import CASES, DPIA, Case, repaired
from tests.unit.policies.small_shop import ALL, SHOP, completed, edited, findings, texts


def test_the_shop_passes_every_gate() -> None:
    assert findings(SHOP) == ()


@pytest.mark.gdpr("24(1)")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_gate_trips_alone_and_says_where_and_why(case: Case) -> None:
    found = findings(edited(*case.edits), case.shown, case.before, case.existing, case.own)
    assert {finding.rule for finding in found} == {case.rule}
    for finding in found:
        assert finding.line > 0
        assert re.search(r"(Art\.|§|Recital).*; R-", finding.message)


@pytest.mark.gdpr("24(1)")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_its_repaired_twin_passes(case: Case) -> None:
    shown = case.shown if case.shown_repaired is None else case.shown_repaired
    existing = case.existing if case.existing_repaired is None else case.existing_repaired
    assert findings(repaired(case), shown, case.before, existing) == ()


def test_no_gate_could_be_left_out() -> None:
    """Each is tripped by some case, whatever other gate holds the same requirement."""
    tripped: set[int] = set()
    for case in CASES:
        try:
            document = parse(edited(*case.own, source=completed(edited(*case.edits))).encode())
        except PolicyDocumentError:
            continue
        seen = Activation(document, case.before, case.existing, case.shown)
        tripped |= {number for number, gate in enumerate(GATES) if any(gate.findings(seen, document.lines))}
    assert tripped == set(range(len(GATES)))


def test_no_law_could_be_left_out() -> None:
    """A law is told apart by what it cites."""
    told = "\n".join(
        finding.message
        for case in CASES
        for finding in findings(edited(*case.edits), case.shown, case.before, case.existing, case.own)
    )
    assert [law.rule for law in (*LAWS, four_eyes) if f"({law.cites}; {law.rule})" not in told] == []


def test_every_law_and_gate_cites_law_and_requirement() -> None:
    cited = {one.rule: one.cites for one in (*LAWS, four_eyes)} | {one.rule: one.cites for one in GATES}
    for rule, cites in cited.items():
        assert re.search(r"Art\.|§|Recital", cites), rule
        assert re.fullmatch(r"R-[\w./-]+", rule)


def test_what_is_not_in_force_may_be_unfinished() -> None:
    """R-25-1: a new purpose starts inactive."""
    draft = edited(
        (
            "    dpv: dpv:ProvideProductRecommendations\n    state: active\n",
            "    dpv: dpv:ProvideProductRecommendations\n    state: inactive\n",
        ),
        (DPIA, "dpia: DSFA-1"),
        ("    minimum_age: 18\n", "    minimum_age: 12\n"),
    )
    unfinished = {finding.rule for finding in findings(draft, texts(one for one in ALL if one != "tips"))}
    assert unfinished == {"R-5.1c-1"}, "what it would read is needed by nobody yet"
