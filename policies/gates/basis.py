"""Gates of the legal basis: change of purpose, scope of a consent, no swap after a withdrawal, approved interests.

Legal: GDPR Art. 5(1)(b), 6(1)(a), (f), 6(4), 13(3); R-5.1b-2, R-6.1-2, R-6.1-3, R-6.1f-1.
"""

from collections.abc import Iterator

from policies.diff import scope_of_consent
from policies.findings import Check, Fault, requires
from policies.gates.activation import Activation
from policies.notices import reference
from policies.vocabulary import LegalBasis


@requires("R-5.1b-2", "Art. 6(4), 13(3) GDPR")
def purpose_change(seen: Activation) -> Iterator[Fault]:
    """Data of another purpose needs an assessment, the DPO's opinion and information beforehand; or consent."""
    for name, purpose in seen.document.in_force():
        if purpose.articles == {LegalBasis.CONSENT}:
            continue
        for number, source in enumerate(purpose.compatible_from):
            at = ("purposes", name, "compatible_from", str(number))
            wanted = ("assessed_on", "dpo_opinion", "informed_from")
            if missing := [key for key in wanted if getattr(source, key) is None]:
                what = f"data of {source.purpose} serves it only with {', '.join(missing)}"
                yield Fault(at, f"purpose {name}: {what}")
            elif source.assessed_on and source.informed_from and source.assessed_on > source.informed_from:
                yield Fault(at, f"purpose {name}: people were informed before the change of purpose was assessed")


@requires("R-6.1-2", "Art. 6(1)(a), 7(1) GDPR, Recital 42")
def consent_scope(seen: Activation) -> Iterator[Fault]:
    """What was not in the text is not consented to: a wider purpose needs a new text, and counts no older declaration.

    Switching a purpose off and on again, or leaving it out for a while, makes no older declaration cover more.
    """
    if seen.before is None:
        return
    renamed = seen.before.policy.controller.name != seen.document.policy.controller.name
    for name, purpose in seen.document.purposes.items():
        if LegalBasis.CONSENT not in purpose.articles:
            continue
        known = name in seen.before.purposes
        if not known and name not in seen.existing.declared:
            continue
        wider = [change.sentence for change in scope_of_consent(seen.before, seen.document, name)]
        if renamed and known:
            wider.append("the controller has another name")
        new = seen.new_texts(purpose.notice)
        if wider and not (purpose.consent_texts and new.issuperset(purpose.consent_texts)):
            what = f"the consent text in force does not cover this: {'; '.join(wider)}"
            yield Fault(("purposes", name), f"purpose {name}: {what}; consent_texts must name new texts alone")


@requires("R-6.1-2", "Art. 6(1)(a), 7(1) GDPR, Recital 42")
def consent_texts_count(seen: Activation) -> Iterator[Fault]:
    """The texts that count are the purpose's own, the newest among them; what ceased to count does not come back."""
    for name, purpose in seen.document.purposes.items():
        new = seen.new_texts(purpose.notice)
        before = seen.before.purposes[name].consent_texts if seen.before and name in seen.before.purposes else ()
        if not purpose.consent_texts:
            if before:
                what = "declarations on older texts would count again without consent_texts"
                yield Fault(("purposes", name), f"purpose {name}: {what}")
            continue
        at = ("purposes", name, "consent_texts")
        if LegalBasis.CONSENT not in purpose.articles:
            yield Fault(at, f"purpose {name}: consent_texts are for a purpose that rests on consent")
        known = new | {reference(one.notice, one.version) for one in seen.published_of(purpose.notice)}
        for text in purpose.consent_texts:
            if text not in known:
                yield Fault(at, f"purpose {name}: there is no text {text} of its notice")
            elif before and text not in new.union(before):
                yield Fault(at, f"purpose {name}: declarations on {text} would count again")
        if missing := sorted(new.difference(purpose.consent_texts)):
            yield Fault(at, f"purpose {name}: a declaration on {', '.join(missing)} would count for nothing")


@requires("R-6.1-3", "Art. 5(1)(a), 7(3) GDPR, EDPB 05/2020 no. 121-123")
def no_swap_after_withdrawal(seen: Activation) -> Iterator[Fault]:
    """Who withdrew must not find the same processing on another basis, however many documents lie between."""
    if seen.before is None:
        return
    for name, purpose in seen.document.purposes.items():
        if name not in seen.existing.ended:
            continue
        old = seen.before.purposes.get(name)
        if old is None and LegalBasis.CONSENT not in purpose.articles:
            yield Fault(("purposes", name), f"purpose {name}: consents have ended, so it comes back with consent alone")
        for category, basis in purpose.basis.items():
            was = old.basis.get(category) if old is not None else None
            if was and was.article is LegalBasis.CONSENT and basis.article is not LegalBasis.CONSENT:
                place = ("purposes", name, "basis", category)
                yield Fault(
                    place, f"purpose {name}: consents have ended, so {category} cannot change to {basis.article}"
                )


@requires("R-6.1f-1", "Art. 6(1)(f), 5(2) GDPR")
def interest_is_approved(seen: Activation) -> Iterator[Fault]:
    """A legitimate interest is weighed in writing, approved, and looked at again before its review date."""
    on = seen.existing.on
    for name, purpose in seen.document.in_force():
        if LegalBasis.LEGITIMATE_INTERESTS not in purpose.articles:
            continue
        lia = purpose.lia
        if lia is None:
            yield Fault(("purposes", name), f"purpose {name}: a legitimate interest is weighed in writing (lia)")
        elif lia.approved_on is None or lia.approved_on > on:
            yield Fault(("purposes", name, "lia"), f"purpose {name}: assessment {lia.ref} is not approved")
        elif lia.review_on is not None and lia.review_on <= on:
            at = ("purposes", name, "lia", "review_on")
            yield Fault(at, f"purpose {name}: assessment {lia.ref} was due for review on {lia.review_on}")


GATES: tuple[Check[Activation], ...] = (
    purpose_change,
    consent_scope,
    consent_texts_count,
    no_swap_after_withdrawal,
    interest_is_approved,
)
