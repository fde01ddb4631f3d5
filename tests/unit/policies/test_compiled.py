"""The tables of a document: what is known before anybody is looked at, and how long it is kept."""

from dataclasses import replace
from itertools import islice, permutations

import pytest

from policies import compiled as module
from policies.compiled import CompiledPolicy, FieldTable, PurposeTable, compiled
from policies.decision import Deny, Permit
from policies.documents import Basis, PolicyDocument
from policies.facts import AccessRequest
from policies.parties import Budget
from policies.vocabulary import (
    Category,
    Channel,
    FieldName,
    LegalBasis,
    Operation,
    PurposeId,
    ReasonCode,
    RelationshipKind,
    SubjectStatus,
)
from tests.unit.policies.people import (
    NEWSLETTER,
    NEWSLETTER_READ,
    ORDERS,
    RECOMMENDATIONS,
    ask,
    customer,
    decide,
    item,
    retailer,
    with_part,
    with_purpose,
)


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_kept", {})


def table(request: AccessRequest, document: PolicyDocument | None = None) -> PurposeTable:
    found = compiled(document or retailer()).gate(request)
    assert isinstance(found, PurposeTable)
    return found


def names(*fields: str) -> tuple[FieldName, ...]:
    return tuple(FieldName(one) for one in fields)


def codes(one: FieldTable) -> list[ReasonCode]:
    return [reason.code for reason in one.against]


def test_a_document_has_its_tables_once_and_no_other_documents() -> None:
    first, second = retailer().model_copy(), retailer().model_copy()
    assert compiled(first) is compiled(first)
    assert compiled(first) is not compiled(second)
    assert (compiled(first).document, compiled(second).document) == (first, second)
    assert compiled(second).document is second


def test_tables_left_under_the_same_number_by_a_document_that_is_gone_are_not_used() -> None:
    gone, here = with_purpose(NEWSLETTER, state="retired"), retailer().model_copy()
    module._kept[id(here)] = CompiledPolicy(gone)
    assert compiled(here).document is here
    assert compiled(here) is compiled(here)


def test_only_the_latest_documents_are_kept() -> None:
    documents = [retailer().model_copy() for _ in range(module.MOST_DOCUMENTS + 1)]
    made = [compiled(one) for one in documents]
    assert len(module._kept) == module.MOST_DOCUMENTS == 16
    assert all(compiled(document) is known for document, known in zip(documents[1:], made[1:], strict=True))
    assert compiled(documents[0]) is not made[0]


def test_where_more_is_kept_than_may_be_it_grows_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [retailer().model_copy() for _ in range(6)]
    for one in documents[:4]:
        compiled(one)
    monkeypatch.setattr(module, "MOST_DOCUMENTS", 2)
    for one in documents[4:]:
        compiled(one)
        assert len(module._kept) == 4


@pytest.mark.parametrize(
    ("request_", "kept"),
    [
        (NEWSLETTER_READ, True),
        (ask("mailer", ORDERS, "email"), True),
        (ask("mailer", "something", "email"), False),
        (ask("somebody", NEWSLETTER, "email"), False),
        (ask("somebody", "something", "email"), False),
        (replace(ask("console", "data_subject_request", "email"), role="clerk"), True),
        (replace(ask("console", "data_subject_request", "email"), role="baker"), False),
        (replace(ask("somebody", "data_subject_request", "email"), role="clerk"), False),
    ],
)
def test_a_gate_is_kept_only_for_names_that_the_document_knows(request_: AccessRequest, *, kept: bool) -> None:
    """Whoever invents names fills no memory."""
    tables = compiled(retailer().model_copy())
    assert (tables.gate(request_) is tables.gate(request_)) is kept
    assert tables.gate(request_) == tables.gate(request_)


def test_a_gate_is_judged_anew_for_another_operation_channel_case_or_role() -> None:
    document = with_purpose(NEWSLETTER, case_reference="required")
    for fine, refused in [
        (
            ask("mailer", NEWSLETTER, "email", case="K-1"),
            ask("mailer", NEWSLETTER, "email", case="K-1", operation=Operation.CONTACT),
        ),
        (
            ask("mailer", NEWSLETTER, "email", case="K-1", channel=Channel.EMAIL),
            ask("mailer", NEWSLETTER, "email", case="K-1", channel=Channel.FAX),
        ),
        (ask("mailer", NEWSLETTER, "email", case="K-2"), ask("mailer", NEWSLETTER, "email")),
        (
            replace(ask("console", "legal_claims", "email", case="K-1"), role="decider"),
            replace(ask("console", "legal_claims", "email", case="K-1"), role="clerk"),
        ),
    ]:
        assert isinstance(compiled(document).gate(fine), PurposeTable)
        assert isinstance(compiled(document).gate(refused), Deny)


def test_a_question_is_kept_as_a_whole_unless_it_asks_for_names_that_the_document_does_not_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = table(NEWSLETTER_READ, retailer().model_copy())
    known, invented = names("email"), names("email", "shoe_size")
    assert one.asked(known) is one.asked(known)
    assert one.asked(invented) is not one.asked(invented)
    assert one.asked(invented).withheld == one.asked(invented).withheld
    monkeypatch.setattr(module, "MOST_QUESTIONS", 2)
    second, third = names("first_name"), names("last_name")
    assert one.asked(second) is one.asked(second)
    assert one.asked(third) is not one.asked(third)
    assert one.asked(known) is one.asked(known)
    monkeypatch.setattr(module, "MOST_QUESTIONS", 1)
    assert one.asked(third) is not one.asked(third)


def test_no_client_makes_the_process_keep_more_than_256_questions() -> None:
    one = table(NEWSLETTER_READ, retailer().model_copy())
    asked = list(islice(permutations(sorted(retailer().fields), 2), 300))
    assert len(asked) == 300
    kept = [question for question in asked if one.asked(names(*question)) is one.asked(names(*question))]
    assert kept == asked[:256]


def test_a_field_is_judged_once_for_each_purpose_unless_the_document_does_not_know_it() -> None:
    tables = compiled(retailer().model_copy())
    orders, news = tables.document.purposes[ORDERS], tables.document.purposes[NEWSLETTER]
    email, unknown = FieldName("email"), FieldName("shoe_size")
    assert tables.field(orders, PurposeId(ORDERS), email) is tables.field(orders, PurposeId(ORDERS), email)
    assert tables.field(news, PurposeId(NEWSLETTER), FieldName("income")).against
    assert tables.field(news, PurposeId(NEWSLETTER), unknown) is not tables.field(news, PurposeId(NEWSLETTER), unknown)
    assert codes(tables.field(news, PurposeId(NEWSLETTER), unknown)) == [ReasonCode.UNKNOWN_FIELD]


def test_a_question_tells_what_may_be_read_from_what_may_not() -> None:
    asked = table(NEWSLETTER_READ).asked(names("email", "income", "email", "shoe_size", "first_name"))
    assert [name for name, _ in asked.fields] == ["email", "income", "shoe_size", "first_name"]
    assert asked.names == ("email", "first_name")
    assert asked.categories == {"email": Category.MASTER, "first_name": Category.MASTER}
    assert [(part.field, part.reasons[0].code) for part in asked.withheld] == [
        ("income", ReasonCode.MINIMISED),
        ("shoe_size", ReasonCode.UNKNOWN_FIELD),
    ]
    assert asked.bases == {Category.MASTER: LegalBasis.CONSENT}
    assert len(asked.kinds) == 1
    assert asked.unopposed
    assert not asked.scored


@pytest.mark.parametrize(
    ("document", "fields", "unopposed"),
    [
        (None, ["purchases", "purchase_affinity"], True),
        (None, ["purchases", "shoe_size"], True),
        (None, ["shoe_size"], False),
        (None, [], False),
        (with_part("fields", "purchases", special="health"), ["purchases"], False),
        (with_part("fields", "purchases", special="health"), ["visits", "purchases"], False),
        (with_part("fields", "purchases", special="health"), ["visits"], True),
    ],
)
def test_a_question_is_unopposed_when_something_may_be_read_and_nothing_speaks_against_any_of_it(
    document: PolicyDocument | None, fields: list[str], *, unopposed: bool
) -> None:
    request = ask("recommender", RECOMMENDATIONS, *fields)
    assert table(request, document).asked(request.fields).unopposed is unopposed


@pytest.mark.parametrize(
    ("fields", "scored"),
    [(["purchases"], False), (["purchase_affinity"], True), (["purchases", "values_segment"], True)],
)
def test_a_question_for_an_estimate_says_so(fields: list[str], *, scored: bool) -> None:
    request = ask("recommender", RECOMMENDATIONS, *fields)
    assert table(request).asked(request.fields).scored is scored


def test_each_client_has_its_own_number_of_people_under_the_same_purpose() -> None:
    document = with_purpose(ORDERS, budget=Budget(subjects_per_day=10))
    document = with_part("clients", "service_desk", document, budget={ORDERS: Budget(subjects_per_day=5)})
    numbers = {client: table(ask(client, ORDERS), document).subjects_per_day for client in ("shop", "service_desk")}
    assert numbers == {"shop": 10, "service_desk": 5}
    assert table(NEWSLETTER_READ, document).subjects_per_day is None


def test_a_field_has_its_own_place_and_those_of_all_it_is_worked_out_from() -> None:
    unmodelled = retailer().model_copy(update={"score_models": {}})
    named = ("visits", "purchase_affinity", "no_such_field")
    document = with_part("fields", "values_segment", unmodelled, derived_from=named)
    document = with_part("fields", "purchase_affinity", document, derived_from=("purchases", "values_segment"))
    tables = compiled(document)
    purpose = document.purposes[RECOMMENDATIONS]
    own = (Category.TRANSACTIONAL, "purchases")
    assert tables.field(purpose, PurposeId(RECOMMENDATIONS), FieldName("purchases")).places == (own,)
    estimate = tables.field(purpose, PurposeId(RECOMMENDATIONS), FieldName("purchase_affinity"))
    assert estimate.places == (
        (Category.SCORE, "purchase_affinity"),
        own,
        (Category.PSYCHOGRAPHIC, "values_segment"),
        (Category.BEHAVIOURAL, "visits"),
    )
    assert estimate.kind.categories == (
        Category.SCORE,
        Category.TRANSACTIONAL,
        Category.PSYCHOGRAPHIC,
        Category.BEHAVIOURAL,
    )
    assert estimate.category is Category.SCORE
    assert estimate.scored


def test_what_somebody_supplies_has_the_places_of_what_it_was_asked_for_with_and_the_basis_of_its_own() -> None:
    purpose = retailer().purposes["credit_check"]
    score = compiled(retailer()).field(purpose, PurposeId("credit_check"), FieldName("credit_score"))
    asked_with = ("city", "first_name", "last_name", "postcode", "street")
    assert score.places == ((Category.SCORE, "credit_score"), *((Category.MASTER, one) for one in asked_with))
    assert score.kind.categories == (Category.SCORE,)
    assert score.against == ()


def test_fields_that_are_judged_alike_are_judged_once() -> None:
    tables = compiled(retailer().model_copy())
    purpose = tables.document.purposes[ORDERS]
    street, email, purchases = (
        tables.field(purpose, PurposeId(ORDERS), FieldName(name)).kind for name in ("street", "email", "purchases")
    )
    assert street is email
    assert street is not purchases


def test_what_speaks_against_a_field_whoever_the_person_is_comes_in_the_order_of_the_checks() -> None:
    document = with_part("fields", "purchase_affinity", derived_from=("purchases", "payment_terms"), special="health")
    basis = {Category.SCORE: retailer().purposes[RECOMMENDATIONS].basis[Category.SCORE]}
    document = with_purpose(RECOMMENDATIONS, document, basis=basis)
    found = compiled(document).field(
        document.purposes[RECOMMENDATIONS], PurposeId(RECOMMENDATIONS), FieldName("purchase_affinity")
    )
    assert codes(found) == [ReasonCode.NO_BASIS, ReasonCode.PURPOSE_INCOMPATIBLE, ReasonCode.ART9_MISSING]


@pytest.mark.gdpr("17(3)(b)")
@pytest.mark.parametrize("article", list(LegalBasis))
@pytest.mark.parametrize("beside", [LegalBasis.LEGAL_OBLIGATION, LegalBasis.CONTRACT])
def test_only_what_rests_on_duties_alone_reaches_whom_an_erasure_left(article: LegalBasis, beside: LegalBasis) -> None:
    """R-17.3-1."""
    bases = {
        Category.MASTER: Basis(article=article, why="test"),
        Category.TRANSACTIONAL: Basis(article=beside, why="test"),
    }
    document = with_purpose(ORDERS, basis=bases)
    request = ask("shop", ORDERS, "street")
    kept = customer(status=SubjectStatus.RETAINED, items=(item("street"),))
    duty = article is beside is LegalBasis.LEGAL_OBLIGATION
    assert table(request, document).duty is duty
    assert isinstance(decide(request, kept, document), Permit) is duty


@pytest.mark.gdpr("6(1)")
@pytest.mark.parametrize(
    ("changes", "is_alike"),
    [
        ({}, True),
        ({"why": "another word for it"}, True),
        ({"article": LegalBasis.CONTRACT}, False),
        ({"explicit": True}, False),
        ({"rests_on": (RelationshipKind.CONTRACT,)}, False),
        ({"assessment": "IA-9"}, False),
    ],
)
def test_categories_are_judged_alike_whose_bases_differ_in_words_alone(
    changes: dict[str, object], *, is_alike: bool
) -> None:
    """R-6.1-1: what a rule may ask of a basis tells two categories apart."""
    held = Basis(article=LegalBasis.CONSENT, why="asked first")
    basis = {Category.MASTER: held, Category.BEHAVIOURAL: held.model_copy(update=changes)}
    known = table(NEWSLETTER_READ, with_purpose(NEWSLETTER, basis=basis)).alike
    assert known[Category.MASTER] is Category.MASTER
    assert known[Category.BEHAVIOURAL] is (Category.MASTER if is_alike else Category.BEHAVIOURAL)
