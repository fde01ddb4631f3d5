"""What a decision is made of and comes to: values that nobody changes afterwards."""

from collections.abc import Iterator
from typing import Any

import pytest

from policies.audience import Predicate, predicate
from policies.compiled import PurposeTable, compiled
from policies.consent_history import Declaration, fold
from policies.decision import Deny, Permit, for_caller
from policies.facts import Permission, Restriction, Review
from policies.vocabulary import Channel, ConsentState, ReviewState
from tests.unit.policies.people import (
    NEWSLETTER,
    NEWSLETTER_READ,
    NOW,
    ORDERS,
    ask,
    customer,
    decide,
    item,
    objection,
    permission,
    retailer,
)

VALUES = [
    *("AccessRequest", "Declaration", "Deny", "Facts", "FieldTable", "Kind", "Objection", "Permission", "Permit"),
    *("Predicate", "PurposeTable", "Question", "Relationship", "Restriction", "Review", "Terms"),
]


def made() -> Iterator[Any]:
    """One of each, as a decision makes it."""
    facts = customer(reviews=(Review(ORDERS, ReviewState.OPEN),), objections=(objection(),))
    assert facts.contested(ORDERS)
    yield from (NEWSLETTER_READ, facts, *(facts.objections or ()), *(facts.relationships or ()), *(facts.reviews or ()))
    yield Restriction(None, None)
    declared = Declaration(NEWSLETTER, Channel.EMAIL, ConsentState.GIVEN, NOW, 1)
    yield from (declared, *fold([declared]).values())
    for decision in (decide(NEWSLETTER_READ), decide(NEWSLETTER_READ, facts)):
        yield decision
        assert isinstance(decision, Permit) or for_caller(decision.reasons) == decision.reasons
    table = compiled(retailer()).gate(NEWSLETTER_READ)
    assert isinstance(table, PurposeTable)
    question = table.asked(NEWSLETTER_READ.fields)
    yield from (table, table.sale, question, question.kinds[0], question.fields[0][1])
    yield predicate(retailer(), NEWSLETTER_READ, NOW)


def test_no_value_is_changed_or_added_to_after_it_was_made() -> None:
    """A permit that somebody could widen would prove nothing."""
    values = {type(one).__name__: one for one in made()}
    assert sorted(values) == VALUES
    for one in values.values():
        first = one._fields[0] if isinstance(one, Permit | Deny) else next(iter(one.__dataclass_fields__))
        for name in (first, "another"):
            with pytest.raises((AttributeError, TypeError)):
                setattr(one, name, "something")
        assert not hasattr(one, "__dict__")


def test_where_the_parts_of_a_document_stand_is_no_part_of_it() -> None:
    document = retailer()
    assert document.line("purposes", NEWSLETTER)
    assert "lines=" not in repr(document)
    assert "lines" not in document.model_dump()


def test_what_could_name_a_person_is_not_printed() -> None:
    """A quoted case, the rows that may be opened, the parameters of a condition."""
    request = ask("mailer", NEWSLETTER, "email", case="K-2026-17")
    assert request.case_reference == "K-2026-17"
    assert "K-2026-17" not in repr(request)
    refused = decide(request, customer(permissions=()))
    assert isinstance(refused, Deny)
    assert "K-2026-17" not in repr((refused, for_caller(refused.reasons)))
    permitted, condition = decide(request), predicate(retailer(), request, NOW)
    assert isinstance(permitted, Permit)
    assert isinstance(condition, Predicate)
    assert "rows" not in repr(permitted)
    assert "parameters" not in repr(condition)


def test_what_nobody_said_is_not_assumed() -> None:
    """A consent is not explicit and not a parent's, and an estimate is not stale, unless somebody says so."""
    plain = Permission(NEWSLETTER, Channel.EMAIL, ConsentState.GIVEN, NOW)
    facts = customer(permissions=(plain,))
    assert facts.was_told(NEWSLETTER, "newsletter_consent", NOW)
    assert (plain.explicit, plain.parental, plain.expires_at) == (False, False, None)
    assert plain == permission(since=NOW)
    assert not item("street").stale
