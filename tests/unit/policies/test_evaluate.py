"""The decision as a whole: what stops it, what it collects, and what a permit proves."""

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from policies.decision import Deny, Permit, Reason
from policies.documents import Budget, PolicyDocument
from policies.evaluate import beyond_budget, evaluate, evaluate_gate, is_observed, observe
from policies.facts import AccessRequest, Facts, Relationship, Restriction
from policies.vocabulary import (
    Category,
    Channel,
    ConsentState,
    FieldName,
    LegalBasis,
    Operation,
    ReasonCode,
    RelationshipKind,
    SubjectId,
    SubjectStatus,
)
from tests.unit.policies.people import (
    INVOICE_READ,
    NEWSLETTER,
    NEWSLETTER_READ,
    NOW,
    ORDER_READ,
    ORDERS,
    POSTAL,
    POSTAL_READ,
    RECOMMENDATION_READ,
    RECOMMENDATIONS,
    SOMEBODY,
    ask,
    customer,
    days,
    decide,
    item,
    objection,
    permission,
    reasons,
    retailer,
    with_part,
    with_purpose,
)

# Told to callers in place of others, never decided.
ONLY_TOLD = {ReasonCode.NOT_PERMITTED}

# One fact changed in an otherwise good question, and the one ground it gives.
REFUSALS: dict[ReasonCode, tuple[AccessRequest, Facts, PolicyDocument | None]] = {
    ReasonCode.UNAUTHORISED: (ask("mailer", "order_fulfilment", "email"), customer(), None),
    ReasonCode.UNKNOWN_PURPOSE: (ask("mailer", "something", "email"), customer(), None),
    ReasonCode.PURPOSE_INACTIVE: (NEWSLETTER_READ, customer(), with_purpose(NEWSLETTER, state="retired")),
    ReasonCode.DPIA_MISSING: (RECOMMENDATION_READ, customer(), with_purpose(RECOMMENDATIONS, dpia=None)),
    ReasonCode.FAIL_CLOSED: (ORDER_READ, customer(items=None), None),
    ReasonCode.NO_SUBJECT: (ORDER_READ, customer(status=SubjectStatus.ERASED), None),
    ReasonCode.RESTRICTED: (ORDER_READ, customer(restrictions=(Restriction(None, None),)), None),
    ReasonCode.DM_OBJECTION: (POSTAL_READ, customer(objections=(objection(),)), None),
    ReasonCode.OBJECTION: (
        POSTAL_READ,
        customer(objections=(objection(POSTAL, direct_marketing=False),)),
        with_purpose(POSTAL, direct_marketing=False, objection="weighed"),
    ),
    ReasonCode.NO_BASIS: (ORDER_READ, customer(relationships=()), None),
    ReasonCode.CONSENT_MISSING: (NEWSLETTER_READ, customer(permissions=()), None),
    ReasonCode.CONSENT_WITHDRAWN: (
        NEWSLETTER_READ,
        customer(permissions=(permission(state=ConsentState.WITHDRAWN),)),
        None,
    ),
    ReasonCode.CONSENT_EXPIRED: (NEWSLETTER_READ, customer(permissions=(permission(expires_at=NOW),)), None),
    ReasonCode.CONSENT_INVALID: (
        NEWSLETTER_READ,
        customer(permissions=(permission(state=ConsentState.INVALIDATED),)),
        None,
    ),
    ReasonCode.LI_NOT_INFORMED: (POSTAL_READ, customer(notices=()), None),
    ReasonCode.PURPOSE_INCOMPATIBLE: (
        ask("post_house", POSTAL, "street"),
        customer(items=(item("street", NEWSLETTER),)),
        None,
    ),
    ReasonCode.CHANNEL_NOT_ALLOWED: (ask("mailer", NEWSLETTER, "email", channel=Channel.PHONE), customer(), None),
    ReasonCode.MINOR: (RECOMMENDATION_READ, customer(majority_month=date(2030, 1, 1)), None),
    ReasonCode.MINIMISED: (ask("mailer", NEWSLETTER, "income"), customer(), None),
    ReasonCode.UNKNOWN_FIELD: (ask("mailer", NEWSLETTER, "shoe_size"), customer(), None),
    ReasonCode.RETENTION_OVER: (
        ask("accounting", "accounting_duty", "invoices"),
        customer(items=(item("invoices", delete_after=date(2026, 11, 20)),)),
        None,
    ),
    ReasonCode.SCORE_STALE: (
        ask("recommender", RECOMMENDATIONS, "purchase_affinity"),
        customer(items=(item("purchase_affinity", RECOMMENDATIONS)._replace(stale=True),)),
        None,
    ),
    ReasonCode.RECIPIENT_NOT_ALLOWED: (NEWSLETTER_READ, customer(), with_purpose(NEWSLETTER, recipients=())),
    ReasonCode.CASE_REFERENCE_MISSING: (ORDER_READ, customer(), with_purpose(ORDERS, case_reference="required")),
    ReasonCode.AGGREGATES_ONLY: (ORDER_READ, customer(), with_purpose(ORDERS, aggregates_only=True)),
    ReasonCode.ADDRESS_MISSING: (
        ask("shop", ORDERS, "street", channel=Channel.POST, operation=Operation.CONTACT),
        customer(items=()),
        None,
    ),
    ReasonCode.ART9_MISSING: (
        ask("shop", ORDERS, "street"),
        customer(),
        with_part("fields", "street", special="religion"),
    ),
    ReasonCode.ADM_BLOCKED: (ORDER_READ, customer(), with_purpose(ORDERS, significant_decision=True)),
    ReasonCode.QUOTA: (
        ORDER_READ,
        customer(within_budget=False),
        with_purpose(ORDERS, budget=Budget(subjects_per_day=1)),
    ),
}


@pytest.mark.gdpr("5(1)(a)")
@pytest.mark.parametrize("code", REFUSALS, ids=str)
def test_each_ground_refuses_alone(code: ReasonCode) -> None:
    """REQUIREMENTS 2.2: every deny code of a check is reached, and names its law."""
    request, facts, document = REFUSALS[code]
    decision = decide(request, facts, document)
    assert isinstance(decision, Deny)
    assert [reason.code for reason in decision.reasons] == [code]
    assert all(reason.cites for reason in decision.reasons)


def test_no_code_is_left_out_of_the_table() -> None:
    assert set(ReasonCode) == set(REFUSALS) | ONLY_TOLD


@pytest.mark.parametrize(
    "request_",
    [
        ORDER_READ,
        NEWSLETTER_READ,
        POSTAL_READ,
        RECOMMENDATION_READ,
        INVOICE_READ,
        ask("service_desk", "customer_care", "phone", "payment_terms"),
        ask("portal", "data_subject_request", *retailer().fields),
        ask("console", "consent_proof", "consent_evidence"),
    ],
    ids=lambda request_: request_.purpose,
)
def test_every_purpose_with_fields_permits_when_all_is_in_order(request_: AccessRequest) -> None:
    decision = decide(request_)
    assert isinstance(decision, Permit)
    assert decision.fields == request_.fields
    assert set(decision.rows.values()) == set(request_.fields)
    assert decision.withheld == ()
    assert (decision.subject_id, decision.as_of) == (SOMEBODY, NOW)
    assert (decision.purpose, decision.policy_version) == (request_.purpose, retailer().version)


@pytest.mark.gdpr("5(1)(b)")
def test_privacy_control_reads_no_customer_field() -> None:
    for name in retailer().fields:
        assert reasons(decide(ask("console", "privacy_control", name))) == [ReasonCode.MINIMISED]


@pytest.mark.gdpr("5(1)(f)")
def test_somebody_erased_answers_like_nobody() -> None:
    """Step 3: the same answer, and nothing about the person in it."""
    answers = [decide(ORDER_READ, customer(status=status)) for status in (SubjectStatus.ERASED, None)]
    assert answers[0] == answers[1]
    assert answers[0].subject_id is None


@pytest.mark.gdpr("32")
@pytest.mark.parametrize("fields", [("street",), ("street", "income"), ("street", "purchases")])
def test_who_comes_too_late_on_a_day_is_refused_as_if_the_count_had_been_known(fields: tuple[str, ...]) -> None:
    document = with_purpose(ORDERS, budget=Budget(subjects_per_day=1))
    request, facts = ask("shop", ORDERS, *fields), customer(items=(item("street"), item("purchases", "elsewhere")))
    permit, expected = (evaluate(request, document, replace(facts, within_budget=fits)) for fits in (True, False))
    assert isinstance(permit, Permit)
    late = beyond_budget(permit)
    assert (late.subject_id, late.purpose, late.policy_version) == (SOMEBODY, ORDERS, document.version)
    assert late.reasons == reasons_of(expected)
    assert {part.field for part in late.withheld} == set(fields)
    assert late.withheld[-1].reasons == (Reason(ReasonCode.QUOTA, ("GDPR Art. 32(1)",)),)
    assert beyond_budget(late) == late
    refused = evaluate(NEWSLETTER_READ, retailer(), customer(permissions=()))
    assert isinstance(refused, Deny)
    assert reasons_of(beyond_budget(refused)) == (*refused.reasons, *late.withheld[-1].reasons)
    assert beyond_budget(refused).withheld == refused.withheld


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(
    ("request_", "facts", "expected"),
    [
        (NEWSLETTER_READ, customer(), (SOMEBODY, NEWSLETTER_READ.fields, [])),
        (NEWSLETTER_READ, customer(permissions=()), (SOMEBODY, (), [ReasonCode.CONSENT_MISSING])),
        (NEWSLETTER_READ, customer(status=None), (None, (), [ReasonCode.NO_SUBJECT])),
        (ask("shop", NEWSLETTER, "income"), customer(), (SOMEBODY, (), [ReasonCode.MINIMISED])),
        (ask("service_desk", NEWSLETTER, "email"), customer(), (None, (), [ReasonCode.UNAUTHORISED])),
        (ORDER_READ, customer(), (None, (), [ReasonCode.PURPOSE_INACTIVE])),
    ],
)
def test_a_purpose_in_observe_mode_comes_to_what_it_would_if_it_were_active(
    request_: AccessRequest, facts: Facts, expected: tuple[SubjectId | None, tuple[str, ...], list[ReasonCode]]
) -> None:
    """What is not observed is told as what refuses it; nobody but the log asks."""
    document = with_purpose(NEWSLETTER, state="observe")
    for _ in range(2):  # the second time from what the first one kept
        observed = observe(request_, document, facts)
        assert (observed.subject_id, observed.fields, [reason.code for reason in observed.reasons]) == expected
        gate = evaluate_gate(request_, document)
        assert evaluate(request_, document, facts) == gate or request_ is ORDER_READ
        assert is_observed(request_, document) is (request_ is not ORDER_READ and request_.client != "service_desk")
    for state in ("active", "inactive", "retired"):
        assert not is_observed(request_, with_purpose(NEWSLETTER, state=state))


def reasons_of(decision: Permit | Deny) -> tuple[Reason, ...]:
    assert isinstance(decision, Deny)
    return decision.reasons


@pytest.mark.gdpr("17(3)(b)")
@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (INVOICE_READ, []),
        (ask("portal", "data_subject_request", "invoices"), []),
        (ask("console", "consent_proof", "consent_evidence"), []),
        (ORDER_READ, [ReasonCode.NO_SUBJECT]),
        (NEWSLETTER_READ, [ReasonCode.NO_SUBJECT]),
        (POSTAL_READ, [ReasonCode.NO_SUBJECT]),
    ],
)
def test_what_an_erasure_left_is_locked_to_duties_of_law(request_: AccessRequest, expected: list[ReasonCode]) -> None:
    assert reasons(decide(request_, customer(status=SubjectStatus.RETAINED))) == expected


def test_all_grounds_are_collected_in_the_order_of_the_checks() -> None:
    facts = customer(
        restrictions=(Restriction(Category.TRANSACTIONAL, None),),
        objections=(objection(),),
        permissions=(permission(RECOMMENDATIONS, ConsentState.WITHDRAWN, channel=Channel.ANY),),
        majority_month=date(2030, 1, 1),
        items=(item("purchases", "a_purpose_of_old", observed_at=days(3000)),),
    )
    assert reasons(decide(ask("recommender", RECOMMENDATIONS, "purchases"), facts)) == [
        ReasonCode.RESTRICTED,
        ReasonCode.DM_OBJECTION,
        ReasonCode.CONSENT_WITHDRAWN,
        ReasonCode.PURPOSE_INCOMPATIBLE,
        ReasonCode.MINOR,
        ReasonCode.MINIMISED,
    ]


def test_a_refusal_says_for_each_field_why() -> None:
    decision = decide(ask("mailer", NEWSLETTER, "income", "email"), customer(permissions=()))
    assert isinstance(decision, Deny)
    assert [(part.field, [reason.code for reason in part.reasons]) for part in decision.withheld] == [
        ("income", [ReasonCode.MINIMISED]),
        ("email", [ReasonCode.CONSENT_MISSING]),
    ]
    assert [reason.code for reason in decision.reasons] == [ReasonCode.CONSENT_MISSING, ReasonCode.MINIMISED]


def test_the_same_ground_is_told_once() -> None:
    assert reasons(decide(ORDER_READ, customer(relationships=()))) == [ReasonCode.NO_BASIS]


def test_a_field_without_a_value_is_permitted_and_opens_nothing() -> None:
    """May we? is answered before there is anything to read."""
    decision = decide(NEWSLETTER_READ, customer(items=()))
    assert isinstance(decision, Permit)
    assert decision.fields == ("email", "first_name")
    assert decision.rows == {}


def test_a_field_asked_for_twice_counts_once() -> None:
    decision = decide(ask("mailer", NEWSLETTER, "email", "email"))
    assert isinstance(decision, Permit)
    assert decision.fields == ("email",)


@pytest.mark.gdpr("5(1)(f)")
@pytest.mark.parametrize("category", sorted(set(Category) - {Category.MASTER}))
def test_a_row_under_another_category_than_its_field_stays_closed(category: Category) -> None:
    """Its basis was judged for the declared category, and its restriction too."""
    moved = item("street")._replace(category=category)
    refused = decide(ask("shop", "order_fulfilment", "street"), customer(items=(moved,)))
    assert reasons(refused) == [ReasonCode.FAIL_CLOSED]
    beside = item("street", number=1)
    decision = decide(ask("shop", "order_fulfilment", "street"), customer(items=(moved, beside)))
    assert isinstance(decision, Permit)
    assert set(decision.rows) == {beside.row_id}


def test_a_permit_opens_no_row_of_a_field_nobody_asked_for() -> None:
    decision = decide(ask("shop", "order_fulfilment", "street"))
    assert isinstance(decision, Permit)
    assert set(decision.rows) == {item("street").row_id}


def test_a_permit_names_the_basis_of_each_category() -> None:
    decision = decide(ORDER_READ)
    assert isinstance(decision, Permit)
    assert decision.bases == {Category.MASTER: LegalBasis.CONTRACT, Category.TRANSACTIONAL: LegalBasis.CONTRACT}


def test_a_permit_does_not_print_its_rows() -> None:
    row_id = uuid4()
    decision = decide(
        ask("shop", "order_fulfilment", "street"), customer(items=(item("street")._replace(row_id=row_id),))
    )
    assert isinstance(decision, Permit)
    assert row_id in decision.rows
    assert str(row_id) not in repr(decision)


@pytest.mark.parametrize(
    ("request_", "document", "code"),
    [
        (ask("shop", "nothing", "email"), None, ReasonCode.UNKNOWN_PURPOSE),
        (ask("nobody", NEWSLETTER, "email"), None, ReasonCode.UNAUTHORISED),
        (ask("mailer", NEWSLETTER, "email", operation=Operation.CONTACT), None, ReasonCode.CHANNEL_NOT_ALLOWED),
        (NEWSLETTER_READ, with_purpose(NEWSLETTER, recipients=()), ReasonCode.RECIPIENT_NOT_ALLOWED),
    ],
)
def test_the_gate_refuses_without_looking_at_anybody(
    request_: AccessRequest, document: PolicyDocument | None, code: ReasonCode
) -> None:
    """Steps 1 and 2 stop: the person's own reasons are not even looked for."""
    decision = evaluate_gate(request_, document or retailer())
    assert decision is not None
    assert [reason.code for reason in decision.reasons] == [code]
    assert decision.subject_id is None
    nobody = Facts(SOMEBODY, NOW, None)
    assert evaluate(request_, document or retailer(), nobody) == decision


def test_the_gate_lets_a_proper_question_through() -> None:
    assert evaluate_gate(NEWSLETTER_READ, retailer()) is None


def test_the_next_question_knows() -> None:
    """Promise 4, as far as a pure function can keep it: the same question, one fact later."""
    before = customer()
    after = customer(relationships=(Relationship(RelationshipKind.CONTRACT, days(200), NOW),))
    assert not reasons(decide(ORDER_READ, before))
    assert reasons(decide(ORDER_READ, after)) == [ReasonCode.NO_BASIS]


@pytest.mark.gdpr("18(1)")
def test_a_contact_without_its_address_is_refused_field_by_field() -> None:
    """R-18-1: what may be read besides is withheld with it; what is withheld for reasons of its own keeps them."""
    contact = ask(
        "mailer",
        NEWSLETTER,
        "first_name",
        "street",
        "email",
        "last_name",
        channel=Channel.EMAIL,
        operation=Operation.CONTACT,
    )
    foreign = item("last_name", "market_research")
    decision = decide(contact, customer(items=(item("first_name"), foreign)))
    assert isinstance(decision, Deny)
    assert [(part.field, [reason.code for reason in part.reasons]) for part in decision.withheld] == [
        ("street", [ReasonCode.MINIMISED]),
        ("first_name", [ReasonCode.ADDRESS_MISSING]),
        ("email", [ReasonCode.ADDRESS_MISSING]),
        ("last_name", [ReasonCode.PURPOSE_INCOMPATIBLE]),
    ]
    told = [ReasonCode.PURPOSE_INCOMPATIBLE, ReasonCode.ADDRESS_MISSING, ReasonCode.MINIMISED]
    assert [reason.code for reason in decision.reasons] == told


def test_two_parts_of_an_address_with_the_same_ground_tell_it_once() -> None:
    contact = ask("shop", ORDERS, "street", "postcode", "city", channel=Channel.POST, operation=Operation.CONTACT)
    contested = tuple(Restriction(Category.MASTER, FieldName(name)) for name in ("street", "postcode"))
    decision = decide(contact, customer(restrictions=contested))
    assert [[reason.code for reason in part.reasons] for part in decision.withheld] == [[ReasonCode.RESTRICTED]] * 3
