"""Estimates are explained, decisions of weight have a human or an exception, and risks were assessed by the day."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import product
from typing import get_args

import pytest

from policies.documents import Basis, ImpactAssessment, PolicyDocument
from policies.findings import Fault
from policies.gates import automated
from policies.purposes import SpecialCondition
from policies.vocabulary import Category, LegalBasis
from tests.unit.policies.small_shop import ON, faults, shop, with_field, with_purpose

DAYS = (-400, -1, 0, 1, 400)
CONDITIONS = get_args(SpecialCondition)
YES_OR_NO = (False, True)
# Who decides, as the model says it and as its purpose does.
AGREEING = {("assistive", "required"), ("automated", "not_required")}
CARRIED_BY = {
    "contract": LegalBasis.CONTRACT,
    "law": LegalBasis.LEGAL_OBLIGATION,
    "explicit_consent": LegalBasis.CONSENT,
}


def resting(*articles: LegalBasis, explicit: Iterable[bool] = ()) -> dict[Category, Basis]:
    said = [*explicit] or [False] * len(articles)
    return {
        category: Basis(article=article, why="x", explicit=told)
        for category, article, told in zip(Category, articles, said, strict=False)
    }


def with_model(document: PolicyDocument, **changes: object) -> PolicyDocument:
    model = document.score_models["guesser"].model_copy(update=changes)
    return document.model_copy(update={"score_models": {"guesser": model}})


@pytest.mark.gdpr("13(2)(f)")
@pytest.mark.parametrize("category", list(Category))
@pytest.mark.parametrize("estimate", YES_OR_NO)
def test_an_estimate_says_what_it_is_made_of_or_who_supplies_it(category: Category, *, estimate: bool) -> None:
    """R-22-1."""
    scored = estimate or category is Category.SCORE
    for derived_from, obtained_from in product([(), ("clicks",)], [None, "carrier"]):
        document = with_field(
            shop(),
            "phone",
            category=category,
            estimate=estimate,
            derived_from=derived_from,
            obtained_from=obtained_from,
        )
        found = faults(automated.estimates_name_their_inputs, document)
        silent = scored and not derived_from and obtained_from is None
        assert [fault.path for fault in found] == [("fields", "phone")] * silent


@pytest.mark.gdpr("15(1)(h)")
@pytest.mark.parametrize("state", ["active", "observe", "inactive", "retired"])
def test_an_estimate_of_a_purpose_in_force_is_written_by_a_model(state: str) -> None:
    """R-22-1: what nobody may store yet may wait for its model."""
    document = with_purpose(shop(), "tips", state=state)
    assert faults(automated.estimates_have_a_model, document) == []
    found = faults(automated.estimates_have_a_model, document.model_copy(update={"score_models": {}}))
    assert [fault.path for fault in found] == [("fields", "guess")] * (state in {"active", "observe"})


@pytest.mark.gdpr("22(1)")
@pytest.mark.parametrize("effect", ["none", "significant", "legal"])
@pytest.mark.parametrize("significant", YES_OR_NO)
@pytest.mark.parametrize("state", ["active", "inactive"])
def test_a_model_says_of_its_effect_what_the_purpose_says(effect: str, state: str, *, significant: bool) -> None:
    """R-22-1: with which weight is decided, and by whom."""
    for decision_mode, human_review in product(("assistive", "automated"), ("required", "not_required")):
        decides = with_purpose(shop(), "tips", significant_decision=significant, human_review=human_review, state=state)
        document = with_model(decides, effect=effect, decision_mode=decision_mode)
        said, at = "", "effect"
        if state == "inactive":
            pass
        elif significant and effect == "none":
            said = "tips decides with significant effect by guess, so its effect is not none"
        elif effect != "none" and not significant:
            said = "tips is then a decision with significant effect (significant_decision)"
        elif effect != "none" and (decision_mode, human_review) not in AGREEING:
            said, at = "who decides is said otherwise by tips (human_review)", "decision_mode"
        wanted = [Fault(("score_models", "guesser", at), f"score model guesser: {said}")] if said else []
        assert faults(automated.models_own_up_to_their_effect, document) == wanted


def test_a_purpose_that_decides_without_the_estimate_asks_nothing_of_its_model() -> None:
    """R-22-1."""
    assert (
        faults(automated.models_own_up_to_their_effect, with_purpose(shop(), "news", significant_decision=True)) == []
    )
    unknown = with_model(shop(), purpose="whim", effect="legal")
    assert faults(automated.models_own_up_to_their_effect, unknown) == []


def with_models(document: PolicyDocument, **models: dict[str, object]) -> PolicyDocument:
    """The document with models of these names, each the shop's own but for these changes."""
    held = document.score_models["guesser"]
    made = {name: held.model_copy(update=changes) for name, changes in models.items()}
    return document.model_copy(update={"score_models": made})


def test_each_model_and_each_purpose_is_looked_at_whatever_stands_before_it() -> None:
    """R-22-1, R-22-3."""
    models = with_models(shop(), light={}, undeclared={"purpose": "whim", "effect": "legal"}, heavy={"effect": "legal"})
    said = [fault.path[1] for fault in faults(automated.models_own_up_to_their_effect, models)]
    assert said == ["heavy"]
    before = with_models(shop(), newer={"version": "0"}, changed={})
    after = with_models(shop(), added={}, newer={"effect": "legal"}, changed={"effect": "legal"})
    found = faults(automated.another_model_has_another_version, after, before=before)
    assert [fault.path[1] for fault in found] == ["changed"]
    human = with_purpose(shop(), "orders", significant_decision=True)
    machine = with_purpose(human, "letters", significant_decision=True, adm_exception="contract")
    found = faults(automated.decisions_have_a_human_or_an_exception, machine)
    assert [fault.path[1] for fault in found] == ["letters"]


def test_the_first_purpose_that_decides_by_an_estimate_is_named() -> None:
    """R-22-1."""
    both = shop()
    for name in ("tips", "letters"):
        read = {Category.SCORE: ("guess",)}
        both = with_purpose(both, name, significant_decision=True, fields=read)
    (fault,) = faults(automated.models_own_up_to_their_effect, both)
    assert "letters decides with significant effect by guess" in fault.message


@pytest.mark.gdpr("15(1)(h)")
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"inputs": ("phone",)}, "inputs"),
        ({"method": shop().purposes["tips"].title}, "method"),
        ({"effect": "legal"}, "effect"),
        ({"decision_mode": "automated"}, "decision_mode"),
        ({"field": "clicks"}, "field"),
        ({"purpose": "news"}, "purpose"),
        ({"purpose": "news", "effect": "legal"}, "effect, purpose"),
        ({"title": shop().purposes["tips"].title}, ""),
        ({"owner": "somebody"}, ""),
    ],
)
def test_another_procedure_is_another_version(changes: dict[str, object], named: str) -> None:
    """R-22-1: its title and its owner are not the procedure."""
    gate = automated.another_model_has_another_version
    found = faults(gate, with_model(shop(), **changes), before=shop())
    assert [fault.message for fault in found] == [f"score model guesser: other {named} under version 1"] * bool(named)
    for version in ("0", "2"):
        assert faults(gate, with_model(shop(), **changes, version=version), before=shop()) == []
    assert faults(gate, with_model(shop(), **changes)) == []
    assert faults(gate, with_model(shop(), **changes), before=shop().model_copy(update={"score_models": {}})) == []


@pytest.mark.gdpr("22(2)")
@pytest.mark.parametrize("exception", [None, *CARRIED_BY])
@pytest.mark.parametrize("article", list(LegalBasis))
def test_an_exception_is_carried_by_its_basis(exception: str | None, article: LegalBasis) -> None:
    """R-22-3: and consent carries it where all of it is explicit."""
    for said in product(YES_OR_NO, repeat=2):
        held = {"basis": resting(article, article, explicit=said), "adm_exception": exception}
        document = with_purpose(shop(), "news", significant_decision=True, **held)
        found = faults(automated.decisions_have_a_human_or_an_exception, document)
        carried = exception is None or CARRIED_BY[exception] is article
        if exception == "explicit_consent":
            carried = carried and all(said)
        assert [fault.path for fault in found] == [("purposes", "news", "significant_decision")] * (not carried)
        light = with_purpose(shop(), "news", **held)
        assert faults(automated.decisions_have_a_human_or_an_exception, light) == []


@pytest.mark.gdpr("22(2)")
@pytest.mark.parametrize("human_review", ["required", "not_required"])
@pytest.mark.parametrize("exception", [None, "contract"])
def test_without_an_exception_a_human_decides(human_review: str, exception: str | None) -> None:
    """R-22-3."""
    document = with_purpose(
        shop(), "orders", significant_decision=True, human_review=human_review, adm_exception=exception
    )
    found = faults(automated.decisions_have_a_human_or_an_exception, document)
    alone = exception is None and human_review == "not_required"
    assert [fault.path for fault in found] == [("purposes", "orders", "significant_decision")] * alone


@pytest.mark.gdpr("22(4)")
@pytest.mark.parametrize("condition", [*CONDITIONS, None])
def test_a_machine_decides_on_special_data_by_explicit_consent_or_public_interest_alone(condition: str | None) -> None:
    """R-22-3."""
    document = with_purpose(
        with_field(with_field(shop(), "email", special="health"), "phone", special="religion"),
        "orders",
        significant_decision=True,
        adm_exception="contract",
        special={"*": condition} if condition else {},
    )
    found = faults(automated.decisions_have_a_human_or_an_exception, document)
    named = [] if condition in {"A9-2-a", "A9-2-g"} else ["email", "phone"]
    assert [fault.message for fault in found] == [
        f"purpose orders: no automated decision on {field} without Art. 9(2)(a) or (g)" for field in named
    ]


@pytest.mark.parametrize(
    ("meaning", "address"),
    [
        ("pd:PhysicalAddress", True),
        ("pd:City", True),
        ("pd:Country", True),
        ("pd:Location", True),
        ("pd:TelephoneNumber", False),
    ],
)
@pytest.mark.parametrize("significant", YES_OR_NO)
def test_an_address_alone_decides_nothing(meaning: str, *, significant: bool, address: bool) -> None:
    """R-22-6: one more input is enough, as long as it is no estimate made of an address itself."""
    located = with_field(shop(), "phone", dpv=meaning).model_copy(update={"score_models": {}})
    located = with_field(located, "email", derived_from=("phone",))
    for inputs, alone in [
        (("phone",), True),
        (("phone", "clicks"), False),
        ((), False),
        (("email",), True),
        (("email", "phone"), True),
        (("email", "clicks"), False),
    ]:
        document = with_field(located, "guess", derived_from=inputs)
        deciding = with_purpose(document, "tips", significant_decision=significant)
        found = faults(automated.weighty_scores_know_more_than_an_address, deciding)
        assert [fault.path for fault in found] == [("fields", "guess")] * (significant and address and alone)


def risky(**changes: object) -> list[tuple[str, ...]]:
    """Where an order, of itself no risk, is told to lack an impact assessment."""
    return [fault.path for fault in faults(automated.risks_are_assessed, with_purpose(shop(), "orders", **changes))]


@pytest.mark.gdpr("35(1)")
@pytest.mark.parametrize("article", list(LegalBasis))
def test_profiles_decisions_scores_and_special_data_are_assessed_before(article: LegalBasis) -> None:
    """R-35-1: a duty of law that decides nothing may read scores and special data."""
    duty = article is LegalBasis.LEGAL_OBLIGATION
    lacking = [("purposes", "orders")]
    held = {"basis": resting(article)}
    assert risky(**held) == []
    assert risky(**held, profiling=True) == lacking
    assert risky(**held, significant_decision=True) == lacking
    assert risky(**held, fields={Category.SCORE: ("guess",)}) == ([] if duty else lacking)
    mixed = {"basis": resting(article, LegalBasis.LEGAL_OBLIGATION), "fields": {Category.SCORE: ("guess",)}}
    assert risky(**mixed) == ([] if duty else lacking)
    ill = with_purpose(with_field(shop(), "email", special="health"), "orders", **held)
    found = [fault.path[1] for fault in faults(automated.risks_are_assessed, ill)]
    assert ("orders" in found) is not duty


@pytest.mark.gdpr("35(1)")
@pytest.mark.parametrize("day", [*DAYS, None])
def test_an_impact_assessment_is_approved_by_the_day(day: int | None) -> None:
    """R-35-1."""
    dpia = ImpactAssessment(ref="DSFA-1", approved_on=None if day is None else ON + timedelta(days=day))
    late = day is None or day > 0
    assert risky(profiling=True, dpia=dpia) == [("purposes", "orders", "dpia")] * late


@pytest.mark.gdpr("35(1)")
@pytest.mark.parametrize("day", [*DAYS, None])
def test_an_impact_assessment_is_looked_at_again_before_its_review_date(day: int | None) -> None:
    """R-35-1: on that day it is due."""
    review_on = None if day is None else ON + timedelta(days=day)
    dpia = ImpactAssessment(ref="DSFA-1", approved_on=ON, review_on=review_on)
    due = day is not None and day <= 0
    assert risky(profiling=True, dpia=dpia) == [("purposes", "orders", "dpia")] * due


@pytest.mark.parametrize("supplier", [None, "carrier"])
def test_what_a_model_works_with_counts_like_what_an_estimate_says_it_is_derived_from(supplier: str | None) -> None:
    """R-22-6: what somebody else supplies is made of what they know, not of the address it was asked for with."""
    document = with_field(shop(), "guess", derived_from=(), obtained_from=supplier)
    document = with_field(document, "clicks", dpv="pd:PhysicalAddress")
    deciding = with_purpose(document, "tips", significant_decision=True)
    found = faults(automated.weighty_scores_know_more_than_an_address, deciding)
    assert [fault.path for fault in found] == [("fields", "guess")] * (supplier is None)


def test_what_was_bought_is_no_address_whatever_it_was_asked_for_with() -> None:
    """R-22-6: an estimate of where somebody lives and of what a supplier knows is made of more than an address."""
    document = with_field(shop(), "clicks", dpv="pd:PhysicalAddress")
    document = with_field(document, "guess", derived_from=(), obtained_from="carrier")
    document = with_field(document, "phone", category=Category.SCORE, estimate=True, derived_from=("clicks", "guess"))
    deciding = with_purpose(document, "tips", significant_decision=True, fields={Category.SCORE: ("phone",)})
    assert faults(automated.weighty_scores_know_more_than_an_address, deciding) == []
    alone = with_field(deciding, "phone", derived_from=("clicks",))
    assert len(faults(automated.weighty_scores_know_more_than_an_address, alone)) == 1


@pytest.mark.gdpr("35(1)")
@pytest.mark.parametrize("part", ["fields", "collects"])
def test_to_collect_is_as_risky_as_to_read(part: str) -> None:
    """R-35-1."""
    document = with_field(shop(), "clicks", special="health")
    held: dict[str, object] = {"basis": resting(LegalBasis.CONTRACT), "fields": {}}
    for used, lacking in [
        ({Category.BEHAVIOURAL: ("clicks",)}, [("purposes", "orders")]),
        ({Category.SCORE: ("guess",)}, [("purposes", "orders")]),
        ({Category.MASTER: ("email",)}, []),
    ]:
        collecting = with_purpose(document, "orders", **held | {part: used})
        assert [fault.path for fault in faults(automated.risks_are_assessed, collecting)] == lacking


@pytest.mark.gdpr("35(1)")
@pytest.mark.parametrize("parts", [("fields",), ("collects",), ("fields", "collects")], ids="+".join)
def test_an_estimate_is_a_risk_of_itself(parts: tuple[str, ...]) -> None:
    """R-35-1: read, collected or both, and made of nothing special."""
    held: dict[str, object] = {"basis": resting(LegalBasis.CONTRACT), "fields": {}}
    held |= {key: {Category.SCORE: ("guess",)} for key in parts}
    found = faults(automated.risks_are_assessed, with_purpose(shop(), "orders", **held))
    assert [fault.path for fault in found] == [("purposes", "orders")]


@pytest.mark.gdpr("35(1)")
@pytest.mark.parametrize("supplier", [None, "carrier"])
def test_what_is_made_of_special_data_is_as_risky(supplier: str | None) -> None:
    """R-35-1, C-184/20."""
    document = with_field(shop(), "guess", derived_from=(), obtained_from=supplier)
    held = {"basis": resting(LegalBasis.CONTRACT), "fields": {Category.MASTER: ("guess",)}}
    for special, lacking in [(None, []), ("health", [("purposes", "orders")])]:
        reading = with_purpose(with_field(document, "clicks", special=special), "orders", **held)
        assert [fault.path for fault in faults(automated.risks_are_assessed, reading)] == lacking
