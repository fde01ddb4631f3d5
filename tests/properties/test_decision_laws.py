"""Laws of the decision that hold for everybody, whatever is known about them.

Each case starts where all is in order and changes a few facts at random, so that permits and refusals both come up
often; the last test counts them.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.decision import Deny, Permit
from policies.facts import AccessRequest, Facts, Item, Objection, Permission, Relationship, Restriction
from policies.vocabulary import (
    Category,
    Channel,
    ClientCode,
    ConsentState,
    FieldName,
    ObjectionState,
    Operation,
    PurposeId,
    RelationshipKind,
    SubjectKind,
    SubjectStatus,
)
from tests.unit.policies.people import NOW, SOMEBODY, customer, decide, item, retailer

CASES = 400
LEAST_SHARE = 0.10
COLLECTIONS = ("permissions", "objections", "restrictions", "relationships", "notices", "items")
NO = (ConsentState.WITHDRAWN, ConsentState.REVOKED, ConsentState.REFUSED, ConsentState.INVALIDATED)

outcomes: Counter[str] = Counter()

Case = tuple[AccessRequest, Facts]

FIELDS = sorted(retailer().fields)
ASKABLE = [
    (ClientCode(code), PurposeId(purpose))
    for code, client in sorted(retailer().clients.items())
    for purpose in client.purposes
    if retailer().purposes[purpose].fields
]
PURPOSES = sorted(retailer().purposes)
instants = st.integers(-2000, 2).map(lambda days: NOW + timedelta(days=days)) | st.just(NOW)


@st.composite
def requests(draw: st.DrawFn) -> AccessRequest:
    """A question about fields of the purpose, now and then with a foreign field or a channel."""
    client, purpose = draw(st.sampled_from(ASKABLE))
    declared = retailer().purposes[purpose]
    names = draw(st.lists(st.sampled_from(sorted(declared.allowed)), min_size=1, max_size=4))
    if draw(st.integers(0, 4)) == 0:
        names.append(draw(st.sampled_from([*FIELDS, "shoe_size"])))
    channels: list[Channel | None] = [None, None, *declared.channels, draw(st.sampled_from(Channel))]
    operation = draw(st.sampled_from(Operation)) if draw(st.integers(0, 4)) == 0 else Operation.READ
    fields = tuple(FieldName(name) for name in names)
    return AccessRequest(client, purpose, fields, operation, draw(st.sampled_from(channels)))


@st.composite
def permissions(draw: st.DrawFn, states: tuple[ConsentState, ...] = tuple(ConsentState)) -> Permission:
    return Permission(
        PurposeId(draw(st.sampled_from(PURPOSES))),
        draw(st.sampled_from(Channel)),
        draw(st.sampled_from(states)),
        draw(instants),
        draw(st.booleans()),
        draw(st.none() | instants),
    )


@st.composite
def objections(draw: st.DrawFn) -> Objection:
    purpose = draw(st.none() | st.sampled_from(PURPOSES))
    return Objection(
        purpose is None or retailer().purposes[purpose].direct_marketing,
        PurposeId(purpose) if purpose else None,
        draw(st.sampled_from(Channel)),
        draw(st.sampled_from(ObjectionState)),
        draw(instants),
    )


restrictions = st.builds(
    Restriction, st.none() | st.sampled_from(Category), st.none() | st.sampled_from(FIELDS).map(FieldName)
)
relationships = st.builds(Relationship, st.sampled_from(RelationshipKind), instants, st.none() | instants)


@st.composite
def items(draw: st.DrawFn) -> Item:
    made = item(
        draw(st.sampled_from(FIELDS)),
        draw(st.sampled_from(PURPOSES)),
        draw(instants),
        draw(st.none() | instants.map(datetime.date)),
        number=draw(st.integers(1, 9)),
    )
    return replace(made, category=draw(st.sampled_from([made.category, made.category, Category.MASTER])))


# One change of the facts each; the first leaves them as they are.
CHANGES: list[Callable[[Facts], st.SearchStrategy[Facts]]] = [
    st.just,
    lambda facts: permissions().map(lambda one: replace(facts, permissions=(*(facts.permissions or ()), one))),
    lambda facts: objections().map(lambda one: replace(facts, objections=(*(facts.objections or ()), one))),
    lambda facts: restrictions.map(lambda one: replace(facts, restrictions=(*(facts.restrictions or ()), one))),
    lambda facts: st.lists(relationships, max_size=2).map(lambda some: replace(facts, relationships=tuple(some))),
    lambda facts: st.lists(items(), max_size=4).map(lambda some: replace(facts, items=(*(facts.items or ()), *some))),
    lambda facts: st.lists(items(), max_size=4).map(lambda some: replace(facts, items=tuple(some))),
    lambda facts: st.frozensets(st.sampled_from(["privacy_notice", "newsletter_consent"])).map(
        lambda some: replace(facts, notices=some)
    ),
    lambda facts: (st.none() | st.dates(date(2020, 1, 1), date(2034, 12, 31))).map(
        lambda month: replace(facts, majority_month=month)
    ),
    lambda facts: st.sampled_from(SubjectKind).map(lambda kind: replace(facts, kind=kind)),
    lambda facts: st.sampled_from([*SubjectStatus, None]).map(lambda status: replace(facts, status=status)),
    lambda facts: st.sampled_from(COLLECTIONS).map(lambda name: replace(facts, **{name: None})),
]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A question, and a person with up to three facts changed."""
    facts = customer()
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=3)):
        facts = draw(change(facts))
    return draw(requests()), facts


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
    assert isinstance(decide(request, replace(customer(), status=None)), Deny)


@pytest.mark.parametrize("collection", COLLECTIONS)
@given(cases())
def test_a_fact_that_could_not_be_read_never_lets_more_out(collection: str, case: Case) -> None:
    request, facts = case
    assert_no_wider(decide(request, replace(facts, **{collection: None})), decide(request, facts))


@pytest.mark.gdpr("7(3)")
@given(cases(), permissions(states=NO))
def test_a_withdrawal_never_lets_more_out(case: Case, withdrawal: Permission) -> None:
    request, facts = case
    after = replace(facts, permissions=(*(facts.permissions or ()), withdrawal))
    assert_no_wider(decide(request, after), decide(request, facts))


@pytest.mark.gdpr("21")
@given(cases(), objections())
def test_an_objection_never_lets_more_out(case: Case, objection: Objection) -> None:
    request, facts = case
    if facts.objections is None:
        return
    after = replace(facts, objections=(*facts.objections, objection))
    assert_no_wider(decide(request, after), decide(request, facts))


@pytest.mark.gdpr("18")
@given(cases(), restrictions)
def test_a_restriction_never_lets_more_out(case: Case, restriction: Restriction) -> None:
    request, facts = case
    if facts.restrictions is None:
        return
    after = replace(facts, restrictions=(*facts.restrictions, restriction))
    assert_no_wider(decide(request, after), decide(request, facts))


@pytest.mark.gdpr("7(3)")
@given(cases())
def test_a_withdrawal_of_every_consent_ends_every_purpose_on_consent(case: Case) -> None:
    request, facts = case
    withdrawn = tuple(
        Permission(PurposeId(purpose), Channel.ANY, ConsentState.WITHDRAWN, NOW + timedelta(days=3))
        for purpose in PURPOSES
    )
    after = decide(request, replace(facts, permissions=(*(facts.permissions or ()), *withdrawn)))
    if retailer().purposes[request.purpose].objection == "withdraws_consent":
        assert isinstance(after, Deny)


@pytest.mark.gdpr("21(3)")
@given(cases())
def test_after_an_objection_to_direct_marketing_none_happens(case: Case) -> None:
    request, facts = case
    objection = Objection(
        direct_marketing=True, purpose=None, channel=Channel.ANY, state=ObjectionState.OPEN, since=NOW
    )
    after = decide(request, replace(facts, objections=(*(facts.objections or ()), objection)))
    if retailer().purposes[request.purpose].direct_marketing:
        assert isinstance(after, Deny)


@given(cases())
def test_a_permit_is_for_declared_fields_and_their_own_rows(case: Case) -> None:
    request, facts = case
    decision = decide(request, facts)
    if isinstance(decision, Deny):
        return
    declared = retailer().purposes[request.purpose]
    assert decision.fields
    assert set(decision.fields) <= declared.allowed & set(request.fields)
    stored = {one.row_id: one for one in facts.items or ()}
    for row_id, field in decision.rows.items():
        assert field in decision.fields
        assert row_id in stored
    categories = {retailer().fields[field].category for field in decision.fields}
    assert {category: declared.basis[category].article for category in categories} == decision.bases
    assert (decision.subject_id, decision.purpose, decision.as_of) == (SOMEBODY, request.purpose, NOW)
    assert request.purpose in retailer().clients[request.client].purposes


@given(cases())
def test_every_field_asked_for_is_permitted_or_withheld_with_a_ground(case: Case) -> None:
    request, facts = case
    decision = decide(request, facts)
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
    request, facts = case
    shuffled = facts
    for name in ("permissions", "objections", "restrictions", "relationships", "items"):
        held = getattr(facts, name)
        if held is not None:
            mixed = list(held)
            chance.shuffle(mixed)  # type: ignore[attr-defined]  # Hypothesis' random
            shuffled = replace(shuffled, **{name: tuple(mixed)})
    assert let_out(decide(request, shuffled)) == let_out(decide(request, facts))


@given(cases())
def test_one_field_at_a_time_comes_to_the_same(case: Case) -> None:
    """No field is let out because of the company it is asked in."""
    request, facts = case
    fields, rows = let_out(decide(request, facts))
    single = [let_out(decide(replace(request, fields=(name,)), facts)) for name in request.fields]
    assert set().union(*(one for one, _ in single)) == fields
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
