"""Gates of estimates and decisions: known inputs, a lawful exception or a human, an approved impact assessment.

Legal: GDPR Art. 13(2)(f), 22(1)-(4), 35(1), (3); § 31 BDSG; C-634/21; R-22-1, R-22-3, R-22-6, R-35-1.
"""

from collections.abc import Iterable, Iterator

from policies.declared import PolicyDocument
from policies.findings import Check, Fault, requires
from policies.gates.activation import Activation
from policies.vocabulary import Category, LegalBasis

_MODEL = ("inputs", "method", "effect", "decision_mode", "field", "purpose")
_CARRIES = {
    "contract": LegalBasis.CONTRACT,
    "law": LegalBasis.LEGAL_OBLIGATION,
    "explicit_consent": LegalBasis.CONSENT,
}
_ADDRESS = frozenset({"pd:PhysicalAddress", "pd:City", "pd:Country", "pd:Location"})
_FOR_SPECIAL = frozenset({"A9-2-a", "A9-2-g"})


@requires("R-22-1", "Art. 13(2)(f), 22(1) GDPR, C-634/21")
def estimates_name_their_inputs(seen: Activation) -> Iterator[Fault]:
    """Nobody can explain an estimate whose inputs or supplier nobody wrote down."""
    for name, field in seen.document.fields.items():
        if field.scored and not field.derived_from and field.obtained_from is None:
            what = "an estimate names what it is derived from or who supplies it"
            yield Fault(("fields", name), f"field {name}: {what}")


@requires("R-22-1", "Art. 13(2)(f), 15(1)(h) GDPR, C-203/22")
def estimates_have_a_model(seen: Activation) -> Iterator[Fault]:
    """What is stored for a purpose in force is written by a registered model, or nobody could write it at all."""
    written = {model.field for model in seen.document.score_models.values()}
    kept = {name for _, purpose in seen.document.in_force() for name in purpose.collectable}
    for name, field in seen.document.fields.items():
        if field.scored and name in kept and name not in written:
            yield Fault(("fields", name), f"field {name}: no score model writes this estimate (score_models)")


@requires("R-22-1", "Art. 22(1), (2) GDPR, C-634/21")
def models_own_up_to_their_effect(seen: Activation) -> Iterator[Fault]:
    """What a model says of its effect is what the purposes say that decide by it."""
    for name, model in seen.document.score_models.items():
        at = ("score_models", name, "effect")
        deciding = [
            purpose_id
            for purpose_id, purpose in seen.document.in_force()
            if purpose.significant_decision and model.field in purpose.allowed
        ]
        if deciding and not model.weighty:
            what = f"{deciding[0]} decides with significant effect by {model.field}, so its effect is not none"
            yield Fault(at, f"score model {name}: {what}")
        purpose = seen.document.purposes.get(model.purpose)  # one that is not declared is another finding
        if purpose is None or not model.weighty or not purpose.in_force:
            continue
        if not purpose.significant_decision:
            what = f"{model.purpose} is then a decision with significant effect (significant_decision)"
            yield Fault(at, f"score model {name}: {what}")
        elif (model.decision_mode == "automated") is (purpose.human_review == "required"):
            at = ("score_models", name, "decision_mode")
            yield Fault(at, f"score model {name}: who decides is said otherwise by {model.purpose} (human_review)")


@requires("R-22-1", "Art. 5(2), 15(1)(h) GDPR")
def another_model_has_another_version(seen: Activation) -> Iterator[Fault]:
    """A decision of last month is explained with the model of last month: so another model is another version."""
    before = seen.before.score_models if seen.before else {}
    for name, model in seen.document.score_models.items():
        known = before.get(name)
        if known is None or known.version != model.version:
            continue
        if changed := [key for key in _MODEL if getattr(known, key) != getattr(model, key)]:
            at = ("score_models", name, "version")
            yield Fault(at, f"score model {name}: other {', '.join(changed)} under version {model.version}")


@requires("R-22-3", "Art. 22(1)-(4) GDPR")
def decisions_have_a_human_or_an_exception(seen: Activation) -> Iterator[Fault]:
    """A decision with significant effect is a human's, or rests on an exception that its basis carries."""
    for name, purpose in seen.document.in_force():
        if not purpose.significant_decision:
            continue
        at = ("purposes", name, "significant_decision")
        if purpose.adm_exception is None:
            if purpose.human_review == "not_required":
                yield Fault(at, f"purpose {name}: without an exception of Art. 22(2) a human decides (human_review)")
            continue
        wanted = _CARRIES[purpose.adm_exception]
        carried = wanted in purpose.articles and all(
            basis.explicit for basis in purpose.basis.values() if wanted is LegalBasis.CONSENT
        )
        if not carried:
            yield Fault(at, f"purpose {name}: its basis does not carry the exception {purpose.adm_exception}")
        for field in sorted(_special(seen.document, purpose.allowed)):
            if purpose.condition(field) not in _FOR_SPECIAL:
                yield Fault(at, f"purpose {name}: no automated decision on {field} without Art. 9(2)(a) or (g)")


@requires("R-22-6", "§ 31(1) no. 3 BDSG")
def weighty_scores_know_more_than_an_address(seen: Activation) -> Iterator[Fault]:
    """Nobody's contract depends on where they live alone; that an address counts is told by the notice (R-13-1)."""
    fields = seen.document.fields
    for name, purpose in seen.document.in_force():
        for score in sorted(purpose.allowed if purpose.significant_decision else ()):
            inputs = seen.document.made_of(score, received=False)
            first = [one for one in inputs if not seen.document.made_of(one, received=False)]
            if first and all(fields[one].dpv in _ADDRESS for one in first):
                yield Fault(("fields", score), f"field {score}: an address alone decides nothing for {name}")


@requires("R-35-1", "Art. 35(1), (3) GDPR")
def risks_are_assessed(seen: Activation) -> Iterator[Fault]:
    """Profiling, scoring, significant decisions and special categories wait for an approved impact assessment.

    What is collected for a purpose is as risky as what it reads.
    A duty of law that merely answers people, proves or keeps (reads everything, decides nothing) is no such risk.
    """
    on = seen.existing.on
    for name, purpose in seen.document.in_force():
        risky = purpose.profiling or purpose.significant_decision
        if purpose.articles != {LegalBasis.LEGAL_OBLIGATION}:
            scores = Category.SCORE in purpose.fields.keys() | purpose.collects.keys()
            risky = risky or scores or bool(_special(seen.document, purpose.collectable))
        if not risky:
            continue
        dpia = purpose.dpia
        if dpia is None:
            yield Fault(("purposes", name), f"purpose {name}: it needs an impact assessment (dpia)")
        elif dpia.approved_on is None or dpia.approved_on > on:
            yield Fault(("purposes", name, "dpia"), f"purpose {name}: impact assessment {dpia.ref} is not approved")
        elif dpia.review_on is not None and dpia.review_on <= on:
            at = ("purposes", name, "dpia")
            yield Fault(at, f"purpose {name}: impact assessment {dpia.ref} was due for review on {dpia.review_on}")


def _special(document: PolicyDocument, names: Iterable[str]) -> frozenset[str]:
    fields = document.fields
    return frozenset(
        name for name in names if any(fields[one].special is not None for one in (name, *document.made_of(name)))
    )


GATES: tuple[Check[Activation], ...] = (
    estimates_name_their_inputs,
    estimates_have_a_model,
    models_own_up_to_their_effect,
    another_model_has_another_version,
    decisions_have_a_human_or_an_exception,
    weighty_scores_know_more_than_an_address,
    risks_are_assessed,
)
