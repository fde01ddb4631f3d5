"""What a decision is made of and comes to: values that nobody changes afterwards."""

import dataclasses

import pytest

from policies.audience import Predicate
from policies.compiled import FieldTable, Kind, PurposeTable, Question
from policies.consent_history import Declaration
from policies.decision import Deny, Permit
from policies.facts import AccessRequest, Facts, Objection, Permission, Relationship, Restriction, Review
from policies.forms import Part
from policies.rules.soft_opt_in import Terms
from policies.vocabulary import Channel, ConsentState
from tests.unit.policies.people import NEWSLETTER, NOW, ask, item, retailer

FACTS = [AccessRequest, Declaration, Facts, Objection, Permission, Relationship, Restriction, Review]
TABLES = [FieldTable, Kind, PurposeTable, Question, Terms]


@pytest.mark.parametrize("kind", [*FACTS, *TABLES, Deny, Permit, Predicate], ids=lambda kind: kind.__name__)
def test_no_value_is_changed_or_added_to_after_it_was_made(kind: type) -> None:
    """A permit that somebody could widen would prove nothing."""
    one: object = object.__new__(kind)
    for name in (dataclasses.fields(kind)[0].name, "another"):
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
            setattr(one, name, "something")
    assert not hasattr(one, "__dict__")


def test_no_part_of_a_document_is_changed_or_takes_a_key_that_nobody_declared() -> None:
    with pytest.raises(ValueError, match="frozen"):
        retailer().digest = "something"  # type: ignore[misc]  # what is tested
    with pytest.raises(ValueError, match="Extra inputs"):
        Part.model_validate({"another": "something"})


def test_a_case_that_was_quoted_is_not_printed() -> None:
    """It can name a person."""
    request = ask("shop", NEWSLETTER, "email", case="K-2026-17")
    assert request.case_reference == "K-2026-17"
    assert "K-2026-17" not in repr(request)


def test_what_nobody_said_is_not_assumed() -> None:
    """A consent is not explicit and not a parent's, and an estimate is not stale, unless somebody says so."""
    plain = Permission(NEWSLETTER, Channel.EMAIL, ConsentState.GIVEN, NOW)
    assert (plain.explicit, plain.parental, plain.expires_at) == (False, False, None)
    assert not item("street").stale
