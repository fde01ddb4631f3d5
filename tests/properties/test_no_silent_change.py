"""Nothing in the shipped catalogue can change without a line of the difference."""

from collections.abc import Mapping

import pytest

from policies.declared import PolicyDocument
from policies.diff import compare
from tests.unit.policies.alternatives import Altered, alternatives
from tests.unit.policies.people import retailer

SECTIONS = [key for key in PolicyDocument.model_fields if isinstance(getattr(retailer(), key), Mapping)]


def alone(document: PolicyDocument, one: Altered) -> PolicyDocument:
    """What the changed part stands in, and nothing around it: what is there already would hide nothing."""
    section, *names = one.path[:2]
    held: dict[str, object] = {key: {} for key in SECTIONS}
    if section in SECTIONS:
        parts = getattr(document, section)
        held[section] = {name: parts[name] for name in names if name in parts}
    return document.model_copy(update=held)


@pytest.mark.gdpr("5(2)", "24(1)")
def test_whatever_changes_in_the_shipped_catalogue_is_told() -> None:
    """R-6.1-2: for every key of its tree, one that is new to the schema included."""
    silent, tried = [], 0
    for one in alternatives(retailer()):
        tried += 1
        if not compare(alone(retailer(), one), alone(one.document, one)):
            silent.append(one.path)
    assert silent == []
    assert tried > 2000  # some for each of its lines
