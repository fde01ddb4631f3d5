"""Laws of the decision that hold for everybody, whatever is known about them.

Each case starts where all is in order and changes a few facts at random, so that permits and refusals both come up
often; the last test counts them.
"""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import evaluate
from policies.audience import predicate
from policies.decision import Deny, Permit
from policies.documents import Basis, Budget, Compatible, PolicyDocument
from policies.facts import (
    AccessRequest,
    Address,
    Delivery,
    Facts,
    Item,
    Objection,
    Permission,
    Relationship,
    Restriction,
    Review,
)
from policies.vocabulary import (
    Category,
    Channel,
    ClientCode,
    ConsentState,
    FieldName,
    LegalBasis,
    ObjectionState,
    Operation,
    Origin,
    PurposeId,
    RelationshipKind,
    ReviewState,
    SubjectKind,
    SubjectStatus,
    Touchpoint,
)
from tests.unit.policies.people import (
    NEWSLETTER,
    NOW,
    ORDERS,
    POSTAL,
    RECOMMENDATIONS,
    SOMEBODY,
    TEXT,
    changed,
    customer,
    decide,
    item,
    permission,
    retailer,
    with_part,
    with_purpose,
)

CASES = 300
FEWER = 50
LEAST_SHARE = 0.10
CIRCUMSTANCES = ("majority_month", "kind", "status", "within_budget")
COLLECTIONS = ("permissions", "objections", "restrictions", "relationships", "notices", "items", "addresses", "reviews")
NO = (ConsentState.WITHDRAWN, ConsentState.REVOKED, ConsentState.REFUSED, ConsentState.INVALIDATED)

outcomes: Counter[str] = Counter()

Case = tuple[AccessRequest, Facts, PolicyDocument]

FIELDS = sorted(retailer().fields)
ASKABLE = [
    (ClientCode(code), PurposeId(purpose))
    for code, client in sorted(retailer().clients.items())
    for purpose in client.purposes
    if retailer().purposes[purpose].fields
]
PURPOSES = sorted(retailer().purposes)


@cache
def stricter() -> PolicyDocument:
    """The retailer with every kind of rule in use: soft opt-in, many channels, machines, health, budgets, inputs."""
    interest = {"article": "A6-1-f", "why": "test", "assessment": "IA-1", "rests_on": ["contract"]}
    sold = Basis(article=LegalBasis.SOFT_OPT_IN, why="test", rests_on=(RelationshipKind.CONTRACT,))
    document = with_purpose(
        NEWSLETTER,
        basis={Category.MASTER: sold},
        notice="privacy_notice",
        objection="absolute",
        similar_goods=True,
        channels=(Channel.EMAIL, Channel.SMS, Channel.PHONE),
        fields={Category.MASTER: ("email", "phone", "first_name")},
    )
    document = with_purpose(
        POSTAL,
        document,
        basis={Category.MASTER: Basis.model_validate(interest)},
        channels=(Channel.POST, Channel.EMAIL, Channel.PHONE, Channel.FAX, Channel.PUSH),
        fields={Category.MASTER: ("street", "postcode", "email", "phone", "last_name")},
        compatible_from=(
            Compatible(purpose=ORDERS, assessment="K-1", informed_from=NOW.date()),
            Compatible(purpose=NEWSLETTER, assessment="K-2", informed_from=NOW.date() + timedelta(days=2)),
        ),
    )
    document = with_purpose(
        ORDERS,
        document,
        significant_decision=True,
        human_review="not_required",
        adm_exception="contract",
        budget=Budget(subjects_per_day=10),
    )
    document = with_part("fields", "income", document, special="health")
    document = with_purpose(RECOMMENDATIONS, document, special={"income": "A9-2-a"}, consent_texts=(TEXT, "b_text/2"))
    document = with_part("fields", "purchase_affinity", document, derived_from=("purchases", "visits"))
    return with_part("fields", "values_segment", document, derived_from=("income", "survey_answers"))


def in_order(document: PolicyDocument) -> Facts:
    """The customer about whom all is in order, under either document."""
    if document is retailer():
        return customer()
    by_mail = permission(POSTAL, channel=Channel.EMAIL)
    return changed(customer(), permissions=(*(customer().permissions or ()), by_mail))


documents = st.sampled_from([retailer(), stricter()])
months = st.dates(date(2020, 1, 1), date(2034, 12, 31))
instants = st.integers(-2000, 2).map(lambda days: NOW + timedelta(days=days)) | st.just(NOW)


@st.composite
def requests(draw: st.DrawFn, document: PolicyDocument | None = None) -> AccessRequest:
    """A question about fields of the purpose, often with a foreign field, now and then with a channel."""
    purpose = draw(st.sampled_from(sorted({purpose for _, purpose in ASKABLE})))
    client = draw(st.sampled_from([client for client, its_purpose in ASKABLE if its_purpose == purpose]))
    declared = (document or retailer()).purposes[purpose]
    names = draw(st.lists(st.sampled_from(sorted(declared.allowed)), min_size=1, max_size=4))
    if draw(st.booleans()):
        only_collected = sorted(declared.collectable - declared.allowed)
        names.append(draw(st.sampled_from(only_collected or [*FIELDS, "shoe_size"])))
    channels: list[Channel | None] = [None, None, *declared.channels, draw(st.sampled_from(Channel))]
    operation = draw(st.sampled_from(Operation)) if draw(st.integers(0, 4)) == 0 else Operation.READ
    fields = tuple(FieldName(name) for name in names)
    return AccessRequest(client, purpose, fields, operation, draw(st.sampled_from(channels)))


def purposes(request: AccessRequest) -> st.SearchStrategy[PurposeId]:
    """Mostly the one asked for."""
    return st.sampled_from([*[request.purpose] * len(PURPOSES), *map(PurposeId, PURPOSES)])


@st.composite
def permissions(
    draw: st.DrawFn, request: AccessRequest, states: tuple[ConsentState, ...] = tuple(ConsentState)
) -> Permission:
    return Permission(
        draw(purposes(request)),
        draw(st.sampled_from([Channel.ANY, request.channel or Channel.EMAIL, *Channel])),
        draw(st.sampled_from(states)),
        draw(instants),
        draw(st.booleans()),
        draw(st.none() | instants),
        draw(st.booleans()),
        draw(st.sampled_from(["", TEXT])),
    )


@st.composite
def objections(draw: st.DrawFn, request: AccessRequest) -> Objection:
    purpose = draw(st.none() | purposes(request))
    return Objection(
        purpose is None or retailer().purposes[purpose].direct_marketing,
        purpose,
        draw(st.sampled_from([Channel.ANY, request.channel or Channel.EMAIL, *Channel])),
        draw(st.sampled_from(ObjectionState)),
        draw(instants),
    )


@st.composite
def items(draw: st.DrawFn, request: AccessRequest) -> Item:
    asked = [name for name in request.fields if name in FIELDS]
    made = item(
        draw(st.sampled_from([*asked * len(FIELDS), *FIELDS])),
        draw(purposes(request)),
        draw(instants),
        draw(st.none() | instants.map(datetime.date)),
        number=draw(st.integers(1, 9)),
    )
    stale = retailer().fields[made.field].scored and draw(st.integers(0, 3)) == 0
    return made._replace(category=draw(st.sampled_from([made.category, made.category, Category.MASTER])), stale=stale)


restrictions = st.builds(
    Restriction,
    st.none() | st.sampled_from(Category),
    st.none() | st.sampled_from(FIELDS).map(FieldName),
    st.none() | instants,
)
deliveries = st.builds(
    Delivery,
    st.sampled_from(["privacy_notice", "newsletter_consent", "recommendations_consent"]),
    st.sampled_from(["2026-01-01", "2026-11-01"]),
    st.frozensets(st.sampled_from(PURPOSES), min_size=1),
    instants,
)
addresses = st.builds(
    Address,
    st.sampled_from(["email", "phone"]).map(FieldName),
    st.sampled_from([ORDERS, NEWSLETTER]),
    st.sampled_from(Origin),
    st.sampled_from(Touchpoint),
    instants,
)
relationships = st.builds(Relationship, st.sampled_from(RelationshipKind), instants, st.none() | instants)


def possible(collection: str, request: AccessRequest) -> st.SearchStrategy[object]:
    """Anything a collection may hold, nothing at all included."""
    if collection == "items":
        return st.lists(items(request), max_size=4, unique_by=lambda one: one.row_id).map(tuple)
    held: dict[str, st.SearchStrategy[object]] = {
        "permissions": permissions(request),
        "objections": objections(request),
        "restrictions": restrictions,
        "relationships": relationships,
        "notices": deliveries,
        "addresses": addresses,
        "reviews": st.builds(Review, purposes(request), st.sampled_from(ReviewState)),
    }
    return st.lists(held[collection], max_size=3 if collection == "permissions" else 2).map(tuple)


def circumstances(name: str) -> st.SearchStrategy[object]:
    """Anything that may be known about a person outside the collections."""
    match name:
        case "majority_month":
            return st.none() | months
        case "kind":
            return st.none() | st.sampled_from(SubjectKind)
        case "within_budget":
            return st.none() | st.booleans()
        case _:
            return st.sampled_from([*SubjectStatus, None])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A question, and a person about whom up to three things differ from what is in order."""
    document = draw(documents)
    request = draw(requests(document))
    facts = in_order(document)
    for name in draw(st.lists(st.sampled_from([*COLLECTIONS, *COLLECTIONS, *CIRCUMSTANCES]), max_size=3)):
        if name in CIRCUMSTANCES:
            facts = changed(facts, **{name: draw(circumstances(name))})
            continue
        value = None if draw(st.integers(0, 2)) == 0 else draw(possible(name, request))
        held = getattr(facts, name)
        if isinstance(value, tuple) and held and draw(st.booleans()):
            value = (*held, *value)
        facts = changed(facts, **{name: value})
    return request, facts, document


def let_out(decision: Permit | Deny) -> tuple[set[FieldName], set[object]]:
    """The fields and rows a decision lets out."""
    return (set(decision.fields), set(decision.rows)) if isinstance(decision, Permit) else (set(), set())


def assert_no_wider(after: Permit | Deny, before: Permit | Deny) -> None:
    fields_after, rows_after = let_out(after)
    fields_before, rows_before = let_out(before)
    assert fields_after <= fields_before
    assert rows_after <= rows_before


@given(requests())
def test_ignorance_refuses(request: AccessRequest) -> None:
    """Nothing known but that somebody is there: nothing is let out."""
    unknown = Facts(SOMEBODY, NOW, SubjectStatus.ACTIVE)
    assert isinstance(decide(request, unknown), Deny)
    assert isinstance(decide(request, changed(customer(), status=None)), Deny)


@pytest.mark.parametrize("collection", [*COLLECTIONS, "within_budget", "kind"])
@settings(max_examples=FEWER)
@given(cases())
def test_a_fact_that_could_not_be_read_never_lets_more_out(collection: str, case: Case) -> None:
    request, facts, document = case
    assert_no_wider(decide(request, changed(facts, **{collection: None}), document), decide(request, facts, document))


@pytest.mark.parametrize("collection", COLLECTIONS)
@settings(max_examples=FEWER)
@given(documents, st.data())
def test_not_knowing_lets_no_more_out_than_knowing_anything(
    collection: str, document: PolicyDocument, data: st.DataObject
) -> None:
    request = data.draw(requests(document))
    known = changed(in_order(document), **{collection: data.draw(possible(collection, request))})
    unknown = changed(in_order(document), **{collection: None})
    assert_no_wider(decide(request, unknown, document), decide(request, known, document))


@cache
def guessing(document_is_shipped: bool, unknown_age: str) -> PolicyDocument:  # noqa: FBT001 - a key of the cache
    """The documents above, with every purpose judging an unknown age alike."""
    document = retailer() if document_is_shipped else stricter()
    for name in document.purposes:
        document = with_purpose(name, document, unknown_age=unknown_age)
    return document


@pytest.mark.gdpr("8(1)")
@given(cases(), months)
def test_not_knowing_an_age_lets_no_more_out_than_any_age_where_it_is_refused(case: Case, month: date) -> None:
    """Of organisations, which have none, the next law speaks."""
    request, facts, document = case
    document = guessing(document is retailer(), "deny")
    if facts.kind is not SubjectKind.ORGANISATION:
        unknown = decide(request, changed(facts, majority_month=None), document)
        assert_no_wider(unknown, decide(request, changed(facts, majority_month=month), document))


@pytest.mark.gdpr("8(1)")
@given(cases(), st.booleans())
def test_an_age_that_is_not_asked_for_is_that_of_an_adult(
    case: Case,
    an_organisation: bool,  # noqa: FBT001 - drawn by name
) -> None:
    """Where the document takes an unknown age for that of an adult, or there is none: no wider than any adult's."""
    request, facts, document = case
    if an_organisation:
        facts = changed(facts, kind=SubjectKind.ORGANISATION)
    document = guessing(document is retailer(), "deny" if an_organisation else "adult")
    of_age = changed(facts, majority_month=date(1990, 1, 1))
    assert decide(request, changed(facts, majority_month=None), document) == decide(request, of_age, document)


@pytest.mark.gdpr("7(3)")
@given(cases(), st.data())
def test_a_withdrawal_never_lets_more_out(case: Case, data: st.DataObject) -> None:
    request, facts, document = case
    withdrawal = data.draw(permissions(request, states=NO))
    after = changed(facts, permissions=(*(facts.permissions or ()), withdrawal))
    assert_no_wider(decide(request, after, document), decide(request, facts, document))


@settings(max_examples=FEWER)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_in_which_rules_are_asked_decides_nothing(case: Case, chance: random.Random) -> None:
    """Forbid beats permit; even the reasons stay the same, because they are told in the order of the checks."""
    expected = decide(*case)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OF_PERSON", "OF_KIND"):
            rules = list(getattr(evaluate, name))
            chance.shuffle(rules)
            patch.setattr(evaluate, name, tuple(rules))
        assert decide(*case) == expected


@pytest.mark.gdpr("21")
@given(cases(), st.data())
def test_an_objection_never_lets_more_out(case: Case, data: st.DataObject) -> None:
    request, facts, document = case
    if facts.objections is None:
        return
    after = changed(facts, objections=(*facts.objections, data.draw(objections(request))))
    assert_no_wider(decide(request, after, document), decide(request, facts, document))


@pytest.mark.gdpr("18")
@given(cases(), restrictions)
def test_a_restriction_never_lets_more_out(case: Case, restriction: Restriction) -> None:
    request, facts, document = case
    if facts.restrictions is None:
        return
    after = changed(facts, restrictions=(*facts.restrictions, restriction))
    assert_no_wider(decide(request, after, document), decide(request, facts, document))


@pytest.mark.gdpr("7(3)")
@given(cases())
def test_a_withdrawal_of_every_consent_ends_every_purpose_on_consent(case: Case) -> None:
    """For every channel, or for the very one that is asked about."""
    request, facts, document = case
    for channel in {Channel.ANY, request.channel or Channel.ANY}:
        withdrawn = Permission(request.purpose, channel, ConsentState.WITHDRAWN, NOW + timedelta(days=3))
        after = decide(request, changed(facts, permissions=(*(facts.permissions or ()), withdrawn)), document)
        if document.purposes[request.purpose].objection == "withdraws_consent":
            assert isinstance(after, Deny)


@pytest.mark.gdpr("21(3)")
@given(cases())
def test_after_an_objection_to_direct_marketing_none_happens(case: Case) -> None:
    request, facts, document = case
    objection = Objection(
        direct_marketing=True, purpose=None, channel=Channel.ANY, state=ObjectionState.OPEN, since=NOW
    )
    after = decide(request, changed(facts, objections=(*(facts.objections or ()), objection)), document)
    if document.purposes[request.purpose].direct_marketing:
        assert isinstance(after, Deny)


@pytest.mark.gdpr("18(2)")
@given(cases())
def test_under_a_restriction_of_everything_only_duties_of_law_go_on(case: Case) -> None:
    request, facts, document = case
    after = decide(request, changed(facts, restrictions=(Restriction(None, None),)), document)
    if isinstance(after, Permit):
        assert document.purposes[request.purpose].while_restricted


@pytest.mark.gdpr("5(1)(b)")
@given(cases())
def test_what_is_only_observed_lets_nothing_out_and_is_decided_all_the_same(case: Case) -> None:
    """The refusal is that of a purpose which is only planned, about everybody, and no condition selects anybody."""
    request, facts, document = case
    document = with_purpose(request.purpose, document, state="active")
    decision = decide(request, facts, document)
    watched = with_purpose(request.purpose, document, state="observe")
    inactive = decide(request, facts, with_purpose(request.purpose, document, state="inactive"))
    assert isinstance(inactive, Deny)
    assert decide(request, facts, watched) == evaluate.evaluate_gate(request, watched) == inactive
    assert isinstance(predicate(watched, request, facts.as_of), Deny)
    observed = evaluate.observe(request, watched, facts)
    assert observed.subject_id == decision.subject_id
    expected = (decision.fields, ()) if isinstance(decision, Permit) else ((), decision.reasons)
    assert (observed.fields, observed.reasons) == expected
    assert evaluate.is_observed(request, watched) is not isinstance(evaluate.evaluate_gate(request, document), Deny)
    assert not evaluate.is_observed(request, document)


@given(cases())
def test_a_permit_is_for_declared_fields_and_their_own_rows(case: Case) -> None:
    request, facts, document = case
    decision = decide(request, facts, document)
    if isinstance(decision, Deny):
        return
    declared = document.purposes[request.purpose]
    assert decision.fields
    assert set(decision.fields) <= declared.allowed & set(request.fields)
    stored = {one.row_id: one for one in facts.items or ()}
    for row_id, field in decision.rows.items():
        assert field in decision.fields
        assert stored[row_id].field == field
    categories = {document.fields[field].category for field in decision.fields}
    assert {category: declared.basis[category].article for category in categories} == decision.bases
    assert (decision.subject_id, decision.purpose, decision.as_of) == (SOMEBODY, request.purpose, NOW)
    assert request.purpose in document.clients[request.client].purposes


@given(cases())
def test_every_field_asked_for_is_permitted_or_withheld_with_a_ground(case: Case) -> None:
    request, facts, document = case
    decision = decide(request, facts, document)
    permitted = set(decision.fields) if isinstance(decision, Permit) else set()
    withheld = {part.field for part in decision.withheld}
    assert not permitted & withheld
    if withheld or permitted:
        assert permitted | withheld == set(request.fields)
    if isinstance(decision, Deny):
        assert decision.reasons
        assert {reason for part in decision.withheld for reason in part.reasons} <= set(decision.reasons)
    assert all(part.reasons for part in decision.withheld)
    assert all(reason.cites for part in decision.withheld for reason in part.reasons)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_in_which_facts_arrive_decides_nothing(case: Case, chance: object) -> None:
    request, facts, document = case
    shuffled = facts
    for name in COLLECTIONS:
        held = getattr(facts, name)
        if held is not None:
            mixed = list(held)
            chance.shuffle(mixed)  # type: ignore[attr-defined]  # Hypothesis' random
            shuffled = changed(shuffled, **{name: tuple(mixed)})
    assert decide(request, shuffled, document) == decide(request, facts, document)


@given(cases())
def test_one_field_at_a_time_comes_to_the_same(case: Case) -> None:
    """No field is let out because of the company it is asked in."""
    request, facts, document = case
    fields, rows = let_out(decide(request, facts, document))
    single = [let_out(decide(replace(request, fields=(name,)), facts, document)) for name in request.fields]
    assert set().union(*(one for one, _ in single)) == fields
    assert set().union(*(one for _, one in single)) == rows


@given(cases())
def test_one_row_at_a_time_comes_to_the_same(case: Case) -> None:
    """No row is let out because of the company it is stored in."""
    request, facts, document = case
    _, rows = let_out(decide(request, facts, document))
    single = [let_out(decide(request, changed(facts, items=(one,)), document)) for one in facts.items or ()]
    assert set().union(*(one for _, one in single)) == rows


def test_the_cases_above_bring_up_permits_and_refusals_often() -> None:
    """A law that is only ever tried on refusals proves nothing."""
    outcomes.clear()

    @settings(max_examples=CASES, database=None, derandomize=True)
    @given(cases())
    def count(case: Case) -> None:
        outcomes[type(decide(*case)).__name__] += 1

    count()
    total = outcomes.total()
    assert total >= CASES
    assert set(outcomes) == {"Permit", "Deny"}
    for outcome, seen in outcomes.items():
        assert seen / total >= LEAST_SHARE, f"{outcome}: {seen} of {total}"
