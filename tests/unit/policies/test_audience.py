"""The condition of an audience says of one person what the decision says, row by row of the table of decisions."""

import pytest

from policies.audience import predicate
from policies.decision import Deny, Permit
from policies.evaluate import evaluate
from tests.unit.policies.on_file import as_stored, is_selected
from tests.unit.policies.people import customer, retailer
from tests.unit.policies.test_decision_table import TABLE, Row

# What is never on file as "nobody knows", and what a crowd is not asked about: today's count, a human's own decision.
NOT_ON_FILE = {"permissions", "objections", "restrictions", "relationships", "notices", "items", "addresses", "reviews"}


def _is_on_file(row: Row) -> bool:
    facts = customer(**row.facts)
    known = all(getattr(facts, name) is not None for name in NOT_ON_FILE)
    return known and "within_budget" not in row.facts and not facts.by_human(row.request.purpose)


@pytest.mark.parametrize("row", [*filter(_is_on_file, TABLE)], ids=lambda row: f"{row.requirement}: {row.says}")
def test_an_audience_is_whom_the_decision_permits(row: Row) -> None:
    document = row.document or retailer()
    facts = as_stored(customer(**row.facts), document)
    decision = evaluate(row.request, document, facts)
    made = predicate(document, row.request, facts.as_of)
    if isinstance(made, Deny):
        assert made == decision
    else:
        assert is_selected(made, facts, document) is isinstance(decision, Permit)
