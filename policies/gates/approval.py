"""Gates of the document's own head: nobody on whose review it rests objected, and its day has come.

Legal: GDPR Art. 24(1), (2), 38(1); R-38-1.
"""

from collections.abc import Iterator

from policies.findings import Check, Fault, requires
from policies.gates.activation import Activation


@requires("R-38-1", "Art. 24(1), (2) GDPR")
def lawyers_do_not_object(seen: Activation) -> Iterator[Fault]:
    """What the legal review objects to is mended first; the data protection officer advises, and is heard."""
    if seen.document.policy.legal_review.result == "objection":
        yield Fault(("policy", "legal_review", "result"), "the legal review objects to this document")


@requires("R-38-1", "Art. 5(2), 24(1) GDPR")
def its_day_has_come(seen: Activation) -> Iterator[Fault]:
    """A document decides from the moment it is put in force, so that is not before the day it names."""
    valid_from = seen.document.policy.valid_from
    if valid_from > seen.existing.on:
        yield Fault(("policy", "valid_from"), f"this document is valid from {valid_from} on, and not before")


GATES: tuple[Check[Activation], ...] = (lawyers_do_not_object, its_day_has_come)
