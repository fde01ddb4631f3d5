"""Gates that protect children: an age for consent, no advertising profiles below eighteen.

Legal: GDPR Art. 8(1), Recitals 38, 71; R-8-1, R-8-3.
"""

from collections.abc import Iterator

from policies.findings import Check, Fault, requires
from policies.gates.activation import Activation
from policies.vocabulary import LegalBasis

AGE_OF_CONSENT = 16
AGE_OF_MAJORITY = 18


@requires("R-8-1", "Art. 8(1) GDPR")
def consent_has_an_age(seen: Activation) -> Iterator[Fault]:
    """In Germany nobody under sixteen consents alone to a service offered to them."""
    for name, purpose in seen.document.in_force():
        if LegalBasis.CONSENT in purpose.articles and purpose.minimum_age < AGE_OF_CONSENT:
            what = f"a consent purpose has a minimum age of {AGE_OF_CONSENT} or more"
            yield Fault(("purposes", name), f"purpose {name}: {what}")


@requires("R-8-3", "Recitals 38, 71 GDPR")
def no_profiles_of_children(seen: Activation) -> Iterator[Fault]:
    """No advertising profile is made of a child, and no significant decision about one is left to a machine."""
    for name, purpose in seen.document.in_force():
        advertising = purpose.profiling and purpose.direct_marketing
        if (advertising or purpose.significant_decision) and purpose.minimum_age < AGE_OF_MAJORITY:
            what = f"advertising profiles and significant decisions have a minimum age of {AGE_OF_MAJORITY}"
            yield Fault(("purposes", name), f"purpose {name}: {what}")


GATES: tuple[Check[Activation], ...] = (consent_has_an_age, no_profiles_of_children)
