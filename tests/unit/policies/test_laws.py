"""What no document may say, whoever puts it in force: each law over every basis, category and word it speaks of."""

from itertools import product

import pytest

from policies import laws
from policies.countries import WITH_A_DECISION, WITHOUT_INSTRUMENT
from policies.documents import Basis, PolicyDocument
from policies.findings import Check, Fault
from policies.parties import Transfer
from policies.vocabulary import Category, LegalBasis, RelationshipKind
from tests.unit.policies.small_shop import shop, with_field, with_purpose, with_recipient

YES_OR_NO = (False, True)
OBJECTIONS = ("not_applicable", "withdraws_consent", "weighed", "absolute")
LIA = shop().purposes["letters"].lia
INTERESTS = {LegalBasis.LEGITIMATE_INTERESTS, LegalBasis.SOFT_OPT_IN}


def faults(law: Check[PolicyDocument], document: PolicyDocument) -> list[Fault]:
    return list(law.faults(document))


def paths(law: Check[PolicyDocument], document: PolicyDocument) -> list[tuple[str, ...]]:
    return [fault.path for fault in law.faults(document)]


def orders(article: LegalBasis, *, explicit: bool = False, **changes: object) -> PolicyDocument:
    """The shop's orders on this basis alone."""
    held = Basis(article=article, why="x", explicit=explicit)
    return with_purpose(shop(), "orders", basis={Category.MASTER: held}, **changes)


AT_BASIS = ("purposes", "orders", "basis", "master")


@pytest.mark.gdpr("38(6)")
@pytest.mark.parametrize(
    ("decides", "alone"),
    [
        ("Owner", True),
        ("Lawyer", True),
        ("Author", False),
        ("Officer", False),
        ("Officer ", False),
        (" AUTHOR", False),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}uthor", False),
        ("Officers", True),
    ],
)
def test_neither_author_nor_data_protection_officer_decides(decides: str, *, alone: bool) -> None:
    """R-38-1."""
    head = shop().policy.model_copy(update={"decided_by": decides})
    document = shop().model_copy(update={"policy": head})
    assert paths(laws.four_eyes, document) == [("policy", "decided_by")] * (not alone)


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(
    ("word", "expressed"),
    [
        (None, True),
        ("essential.service", True),
        ("analytics.collect", True),
        ("collector", True),
        ("a.collect.b", True),
        ("collect", False),
        ("collect.everything", False),
    ],
)
def test_to_collect_is_no_purpose(word: str | None, *, expressed: bool) -> None:
    """R-5.1b-1."""
    found = paths(laws.purpose_is_expressed, with_purpose(shop(), "orders", fideslang=word))
    assert found == [("purposes", "orders", "fideslang")] * (not expressed)


@pytest.mark.gdpr("6(1)")
@pytest.mark.parametrize("category", list(Category))
@pytest.mark.parametrize("part", ["fields", "collects"])
def test_every_category_has_a_basis(part: str, category: Category) -> None:
    """R-6.1-1: what is read and what is collected."""
    found = faults(laws.basis_per_category, with_purpose(shop(), "orders", **{part: {category: ("email",)}}))
    fault = Fault(("purposes", "orders", part, category), f"purpose orders: no legal basis for {category}")
    assert found == ([] if category is Category.MASTER else [fault])


@pytest.mark.gdpr("6(1)(b)")
@pytest.mark.parametrize("article", list(LegalBasis))
def test_a_contract_and_a_sale_name_their_relationship(article: LegalBasis) -> None:
    """R-6.1b-1."""
    bound = article in {LegalBasis.CONTRACT, LegalBasis.SOFT_OPT_IN}
    assert paths(laws.contract_rests_on_something, orders(article)) == [AT_BASIS] * bound
    named = Basis(article=article, why="x", rests_on=(RelationshipKind.CONTRACT,))
    document = with_purpose(shop(), "orders", basis={Category.MASTER: named})
    assert faults(laws.contract_rests_on_something, document) == []


@pytest.mark.gdpr("6(1)(b)")
@pytest.mark.parametrize("article", list(LegalBasis))
@pytest.mark.parametrize("direct_marketing", YES_OR_NO)
def test_nobody_buys_in_order_to_be_advertised_to(article: LegalBasis, *, direct_marketing: bool) -> None:
    """R-6.1b-1: and no law orders it."""
    found = paths(laws.no_marketing_on_contract_or_duty, orders(article, direct_marketing=direct_marketing))
    assert found == [AT_BASIS] * (direct_marketing and article in {LegalBasis.CONTRACT, LegalBasis.LEGAL_OBLIGATION})


@pytest.mark.gdpr("6(1)(f)")
@pytest.mark.parametrize("article", list(LegalBasis))
def test_an_interest_refers_to_its_assessment(article: LegalBasis) -> None:
    """R-6.1f-1: in words of its own or by reference."""
    for lia, assessment in product((None, LIA), (None, " ", "IA-1")):
        held = Basis(article=article, why="x", assessment=assessment)
        document = with_purpose(shop(), "orders", basis={Category.MASTER: held}, lia=lia)
        unweighed = article is LegalBasis.LEGITIMATE_INTERESTS and lia is None and assessment != "IA-1"
        assert paths(laws.interest_is_assessed, document) == [AT_BASIS] * unweighed


@pytest.mark.gdpr("9(2)(a)")
@pytest.mark.parametrize("article", list(LegalBasis))
@pytest.mark.parametrize("explicit", YES_OR_NO)
def test_only_a_consent_is_explicit(article: LegalBasis, *, explicit: bool) -> None:
    """R-9-3."""
    found = paths(laws.only_consent_is_explicit, orders(article, explicit=explicit))
    assert found == [(*AT_BASIS, "explicit")] * (explicit and article is not LegalBasis.CONSENT)


@pytest.mark.gdpr("7(3)")
@pytest.mark.parametrize("objection", OBJECTIONS)
def test_an_objection_to_a_consent_is_its_withdrawal(objection: str) -> None:
    """R-7.3-1."""
    for article in LegalBasis:
        found = paths(laws.consent_ends_by_withdrawal, orders(article, objection=objection))
        goes_on = article is LegalBasis.CONSENT and objection != "withdraws_consent"
        assert found == [("purposes", "orders", "objection")] * goes_on, article


@pytest.mark.gdpr("21(1)", "21(2)")
@pytest.mark.parametrize("article", list(LegalBasis))
def test_an_interest_can_be_objected_to_and_advertising_absolutely(article: LegalBasis) -> None:
    """R-21.1-1: a sale opens nothing but advertising."""
    for objection, direct_marketing in product(OBJECTIONS, YES_OR_NO):
        document = orders(article, objection=objection, direct_marketing=direct_marketing)
        advertising = direct_marketing or article is LegalBasis.SOFT_OPT_IN
        heard = objection == "absolute" or (objection == "weighed" and not advertising)
        unheard = article in INTERESTS and not heard
        assert paths(laws.interest_can_be_objected_to, document) == [("purposes", "orders", "objection")] * unheard


@pytest.mark.gdpr("21(1)")
def test_each_purpose_on_an_interest_is_looked_at_whatever_stands_before_it() -> None:
    """R-21.1-1."""
    document = with_purpose(shop(), "letters", objection="not_applicable")
    assert paths(laws.interest_can_be_objected_to, document) == [("purposes", "letters", "objection")]


@pytest.mark.gdpr("13(1)(c)", "13(1)(d)")
@pytest.mark.parametrize("article", list(LegalBasis))
@pytest.mark.parametrize("notice", [None, "privacy"])
def test_who_consents_or_may_object_has_been_told(article: LegalBasis, notice: str | None) -> None:
    """R-13-1."""
    untold = notice is None and article in INTERESTS | {LegalBasis.CONSENT}
    assert paths(laws.names_its_notice, orders(article, notice=notice)) == [("purposes", "orders")] * untold


@pytest.mark.gdpr("35(3)(a)")
@pytest.mark.parametrize("profiling", YES_OR_NO)
@pytest.mark.parametrize("assessed", YES_OR_NO)
def test_profiling_refers_to_an_impact_assessment(*, profiling: bool, assessed: bool) -> None:
    """R-35-1."""
    dpia = shop().purposes["tips"].dpia if assessed else None
    found = paths(laws.profiling_is_assessed, with_purpose(shop(), "orders", profiling=profiling, dpia=dpia))
    assert found == [("purposes", "orders", "profiling")] * (profiling and not assessed)


@pytest.mark.gdpr("22(2)(c)")
@pytest.mark.parametrize("article", list(LegalBasis))
def test_profiling_rests_on_explicit_consent_where_on_any_and_always_in_advertising(article: LegalBasis) -> None:
    """R-22-2."""
    for profiling, direct_marketing, explicit in product(YES_OR_NO, repeat=3):
        document = orders(article, explicit=explicit, profiling=profiling, direct_marketing=direct_marketing)
        wanted = profiling and (direct_marketing or article is LegalBasis.CONSENT)
        assert paths(laws.profiling_is_explicit, document) == [AT_BASIS] * (wanted and not explicit)


@pytest.mark.gdpr("18(2)", "6(4)")
@pytest.mark.parametrize(
    "articles",
    [(), *((one,) for one in LegalBasis), (LegalBasis.LEGAL_OBLIGATION, LegalBasis.CONTRACT)],
    ids=lambda articles: "+".join(articles) or "none",
)
def test_only_a_duty_or_a_claim_by_its_case_reaches_everything(articles: tuple[LegalBasis, ...]) -> None:
    """R-18-1: advertising never, whatever case it names."""
    law = laws.only_duties_reach_everything
    held = {category: Basis(article=one, why="x") for category, one in zip(Category, articles, strict=False)}
    keys = ("while_restricted", "from_any_purpose")
    for case_reference, key, advertises in product(("required", "optional"), keys, YES_OR_NO):
        bound = with_purpose(shop(), "orders", basis=held, case_reference=case_reference, direct_marketing=advertises)
        ordered = articles == (LegalBasis.LEGAL_OBLIGATION,) or case_reference == "required"
        lawful = ordered and not advertises
        assert paths(law, with_purpose(bound, "orders", **{key: True})) == [("purposes", "orders", key)] * (not lawful)
        assert faults(law, bound) == []


@pytest.mark.gdpr("21(2)", "22(2)(c)")
@pytest.mark.parametrize("direct_marketing", YES_OR_NO)
@pytest.mark.parametrize("profiling", YES_OR_NO)
@pytest.mark.parametrize("part", ["fields", "collects"])
def test_who_advertises_by_an_estimate_profiles(part: str, *, direct_marketing: bool, profiling: bool) -> None:
    """R-22-2: in whatever category the estimate stands, read or collected; and a later purpose is looked at too."""
    law = laws.advertising_by_estimates_is_profiling
    estimate = with_field(shop(), "clicks", estimate=True)
    for name, field, scored in [("letters", "clicks", True), ("letters", "guess", True), ("letters", "email", False)]:
        used: dict[str, object] = {"fields": {}, "collects": {}, part: {Category.SCORE: ("unheard", field)}}
        document = with_purpose(estimate, name, direct_marketing=direct_marketing, profiling=profiling, **used)
        found = [path for path in paths(law, document) if path[1] == name]
        assert found == [("purposes", name, part, "score")] * (scored and direct_marketing and not profiling), field


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize("part", ["fields", "collects"])
@pytest.mark.parametrize("article", list(LegalBasis))
def test_evidence_serves_duties_and_claims_alone(article: LegalBasis, part: str) -> None:
    """R-8-4, R-7.1-2, R-12.6-3: neither advertising nor what rests on a consent, nor anything else of the business."""
    law = laws.evidence_serves_duties_and_claims
    for case_reference, advertises in product(("required", "optional"), YES_OR_NO):
        bound = orders(article, case_reference=case_reference, direct_marketing=advertises)
        document = with_purpose(bound, "orders", **{part: {Category.EVIDENCE: ("proof",)}})
        claimed = case_reference == "required" and article not in {LegalBasis.CONSENT, LegalBasis.SOFT_OPT_IN}
        lawful = (claimed or article is LegalBasis.LEGAL_OBLIGATION) and not advertises
        assert paths(law, document) == [("purposes", "orders", part, "evidence")] * (not lawful)
        assert faults(law, with_purpose(bound, "orders", **{part: {Category.EVIDENCE: ()}})) == []
    duty = with_purpose(orders(LegalBasis.LEGAL_OBLIGATION), "orders", **{part: {Category.EVIDENCE: ("proof",)}})
    after = with_purpose(duty, "letters", **{part: {Category.EVIDENCE: ("proof",)}})
    assert paths(law, after) == [("purposes", "letters", part, "evidence")], "a duty excuses nobody behind it"


@pytest.mark.gdpr("5(1)(e)")
@pytest.mark.parametrize("direct_marketing", YES_OR_NO)
@pytest.mark.parametrize("profiling", YES_OR_NO)
def test_advertising_and_profiling_look_back_with_an_end(*, direct_marketing: bool, profiling: bool) -> None:
    """R-5.1c-2: on every category but master data; a window on what is not read harms nobody."""
    windows = {Category.SCORE: "P6M", Category.EVIDENCE: "P6M", Category.MASTER: "P6M"}
    read = {category: ("email",) for category in Category if category is not Category.EVIDENCE}
    document = with_purpose(
        shop(), "orders", direct_marketing=direct_marketing, profiling=profiling, fields=read, look_back=windows
    )
    endless = ["behavioural", "psychographic", "sociodemographic", "transactional"]
    found = faults(laws.advertising_looks_back_with_an_end, document)
    wanted = [
        Fault(
            ("purposes", "orders", "fields", category),
            f"purpose orders: advertising and profiling look back without end on {category}",
        )
        for category in endless
    ]
    assert found == (wanted if direct_marketing or profiling else [])


@pytest.mark.gdpr("25(2)")
@pytest.mark.parametrize("aggregates_only", YES_OR_NO)
@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"recipients": ()}, None),
        ({"recipients": (), "channels": ("post",)}, "channels"),
        ({"recipients": ("sender",)}, "recipients"),
        ({"recipients": (), "direct_marketing": True}, "direct_marketing"),
    ],
)
def test_aggregates_reach_nobody(changes: dict[str, object], key: str | None, *, aggregates_only: bool) -> None:
    """R-25-1."""
    document = with_purpose(shop(), "orders", aggregates_only=aggregates_only, **changes)
    reached = [("purposes", "orders", key)] if key and aggregates_only else []
    assert paths(laws.aggregates_reach_nobody, document) == reached


@pytest.mark.gdpr("9(1)")
@pytest.mark.parametrize("special", [None, "health"])
@pytest.mark.parametrize("conditions", [{}, {"*": "A9-2-f"}, {"phone": "A9-2-f"}, {"email": "A9-2-f"}])
@pytest.mark.parametrize("part", ["fields", "collects"])
def test_a_special_field_has_a_condition_of_its_own(special: str | None, conditions: dict[str, str], part: str) -> None:
    """R-9-1: Art. 6 alone never carries it, and a field that nobody declared is another finding."""
    document = with_purpose(
        with_field(shop(), "phone", special=special),
        "proofs",
        special=conditions,
        **{part: {Category.EVIDENCE: ("unheard", "email", "phone")}},
    )
    found = [path for path in paths(laws.special_fields_have_a_condition, document) if path[1] == "proofs"]
    bare = special is not None and not {"*", "phone"} & conditions.keys()
    assert found == [("purposes", "proofs", part, "evidence")] * bare


@pytest.mark.gdpr("6(4)")
def test_who_may_not_read_the_inputs_may_not_read_the_estimate() -> None:
    """R-9-2: all of them, read and not only collected, whether the estimate or its model names them."""
    derived = with_field(shop(), "guess", derived_from=("phone", "email"))
    for read, lacking in [
        (("guess",), "clicks, email, phone"),
        (("unheard", "guess"), "clicks, email, phone"),
        (("guess", "clicks", "email"), "phone"),
        (("guess", "unheard", "clicks", "phone", "email"), ""),
        (("clicks",), ""),
    ]:
        document = with_purpose(derived, "tips", fields={Category.SCORE: read}, collects={Category.MASTER: ("phone",)})
        what = f"purpose tips: guess is derived from {lacking}, which this purpose may not read"
        fault = Fault(("purposes", "tips", "fields", "score"), what)
        assert faults(laws.derived_data_inherits_its_inputs, document) == [fault] * bool(lacking)


@pytest.mark.gdpr("15(1)(h)")
@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"inputs": ("behavioural",)}, []),
        ({"inputs": ("score",)}, [("inputs", "guess is derived from other fields than its inputs: clicks")]),
        (
            {"inputs": ("phone", "email")},
            [
                ("inputs", "tips does not read email, phone, so it works with nothing of it"),
                ("inputs", "guess is derived from other fields than its inputs: clicks, email, phone"),
            ],
        ),
        (
            {"inputs": ("clicks", "email")},
            [
                ("inputs", "tips does not read email, so it works with nothing of it"),
                ("inputs", "guess is derived from other fields than its inputs: email"),
            ],
        ),
        ({"inputs": ("unheard",)}, [("inputs", "guess is derived from other fields than its inputs: clicks, unheard")]),
        (
            {"purpose": "orders"},
            [
                ("purpose", "orders does not read guess"),
                ("inputs", "orders does not read clicks, so it works with nothing of it"),
            ],
        ),
        ({"purpose": "whim"}, []),
        ({"field": "clicks"}, [("field", "clicks is no estimate")]),
        ({"field": "email"}, [("field", "email is no estimate"), ("purpose", "tips does not read email")]),
        ({"field": "unheard"}, [("purpose", "tips does not read unheard")]),
    ],
)
def test_a_model_writes_an_estimate_for_who_reads_it_from_what_is_said(
    changes: dict[str, object], found: list[tuple[str, str]]
) -> None:
    """R-22-1: a category stands for its fields, and a name that is not declared is another finding."""
    model = shop().score_models["guesser"].model_copy(update=changes)
    document = shop().model_copy(update={"score_models": {"guesser": model}})
    assert faults(laws.models_say_what_they_do, document) == [
        Fault(("score_models", "guesser", key), f"score model guesser: {what}") for key, what in found
    ]


@pytest.mark.parametrize(("inputs", "lawful"), [(("clicks",), True), (("guess", "clicks"), True), (("phone",), False)])
def test_an_estimate_that_somebody_supplies_is_asked_for_with_what_the_purpose_reads(
    inputs: tuple[str, ...], *, lawful: bool
) -> None:
    """R-22-1: the estimate itself says nothing of inputs."""
    document = with_field(shop(), "guess", derived_from=(), obtained_from="carrier")
    model = document.score_models["guesser"].model_copy(update={"inputs": inputs})
    document = document.model_copy(update={"score_models": {"guesser": model}})
    assert paths(laws.models_say_what_they_do, document) == [("score_models", "guesser", "inputs")] * (not lawful)
    elsewhere = with_purpose(document, "orders", fields={Category.SCORE: ("guess",)})
    assert faults(laws.derived_data_inherits_its_inputs, elsewhere) == [], "who reads the answer asked nothing"


@pytest.mark.gdpr("5(1)(e)")
def test_an_event_is_kept_in_one_field() -> None:
    """R-5.1e-1: fields without events are no matter of it, and each later field is told the first."""
    assert faults(laws.events_have_one_field, shop()) == []
    twice = with_field(with_field(shop(), "clicks", event="consent_evidence"), "email", event="consent_evidence")
    assert faults(laws.events_have_one_field, twice) == [
        Fault(("fields", name, "event"), f"field {name}: events of kind consent_evidence are kept in email already")
        for name in ("clicks", "proof")
    ]


@pytest.mark.gdpr("44", "46")
@pytest.mark.parametrize(
    ("country", "third"),
    [("DE", False), ("IS", False), ("NO", False), ("CH", False), ("GB", False), ("US", True), ("CN", True)],
)
def test_no_data_leaves_without_an_instrument(country: str, *, third: bool) -> None:
    """R-26/28-1: the EEA and countries with an adequacy decision need none."""
    at = ("recipients", "carrier", "country")
    clauses = Transfer(instrument="standard_clauses", ref="SCC-1")
    for said, transfer in product(YES_OR_NO, (clauses, None)):
        document = with_recipient(shop(), "carrier", country=country, third_country=said, transfer=transfer)
        wanted: list[Fault] = []
        if said is not third:
            wanted = [Fault(at, f"recipient carrier: third_country contradicts country {country}")]
        elif third and transfer is None:
            wanted = [Fault(at, f"recipient carrier: {country} needs a transfer instrument")]
        assert faults(laws.third_countries_have_an_instrument, document) == wanted


@pytest.mark.gdpr("38(6)")
@pytest.mark.parametrize(
    "decides", ["Dr. Amina Yildiz", "dr.  amina yildiz", "Dr. Amina YILDIZ ", "Dr.\u00a0Amina Yildiz"]
)
@pytest.mark.parametrize("part", ["author", "dpo_opinion"])
def test_a_name_is_the_same_however_it_is_written(part: str, decides: str) -> None:
    """R-38-1."""
    named = "Dr. Amina  Yildiz"
    head = shop().policy
    held = named if part == "author" else head.dpo_opinion.model_copy(update={"by": named})
    document = shop().model_copy(update={"policy": head.model_copy(update={part: held, "decided_by": decides})})
    assert paths(laws.four_eyes, document) == [("policy", "decided_by")]


@pytest.mark.gdpr("45")
@pytest.mark.parametrize(
    ("country", "decided"),
    [*((one, True) for one in WITH_A_DECISION), *((one, False) for one in ("CN", "IN", "RU", "TR", "AU", "MX"))],
)
def test_an_adequacy_decision_is_an_instrument_where_there_is_one(country: str, *, decided: bool) -> None:
    """R-26/28-1: any other instrument carries anywhere."""
    third = country not in WITHOUT_INSTRUMENT
    for instrument in ("adequacy", "standard_clauses", "binding_rules", "certification"):
        transfer = Transfer.model_validate({"instrument": instrument, "ref": "X"})
        document = with_recipient(shop(), "carrier", country=country, third_country=third, transfer=transfer)
        refused = instrument == "adequacy" and not decided
        assert (
            paths(laws.third_countries_have_an_instrument, document)
            == [("recipients", "carrier", "transfer")] * refused
        )
