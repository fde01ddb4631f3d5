"""The condition of an audience says of one person what the decision says, row by row of the table of decisions."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from policies.audience import Predicate, predicate
from policies.decision import Deny, Permit
from policies.documents import Basis, PolicyDocument
from policies.evaluate import evaluate
from policies.facts import AccessRequest, Facts, Objection, Permission, Restriction
from policies.vocabulary import (
    ONLY_ASKED,
    Category,
    Channel,
    ConsentState,
    LegalBasis,
    ObjectionState,
    Origin,
    RelationshipKind,
    SubjectKind,
    SubjectStatus,
    Touchpoint,
)
from tests.unit.policies.on_file import as_stored, is_selected
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
    TEXT,
    address,
    ask,
    customer,
    days,
    delivered,
    item,
    objection,
    permission,
    retailer,
    with_part,
    with_purpose,
)
from tests.unit.policies.test_decision_table import (
    DECIDES,
    EVERY_CHANNEL,
    HEALTH_BY_CONSENT,
    INCOME_READ,
    SOLD,
    TABLE,
    Row,
    basis,
    open_since,
)

# What is never on file as "nobody knows", and what a crowd is not asked about: today's count, a human's own decision,
# how things stood in the past.
KNOWN = ("permissions", "objections", "restrictions", "relationships", "notices", "items", "addresses", "reviews")
BY_PARENTS = replace(permission(), parental=True)
DENYING = with_purpose(NEWSLETTER, unknown_age="deny")
FOR_ADULTS = with_purpose(NEWSLETTER, minimum_age=21)
WITHDRAWING = with_purpose(RECOMMENDATIONS, direct_marketing=False)
WEIGHED = with_purpose(POSTAL, direct_marketing=False, objection="weighed")
ABSOLUTE = with_purpose(POSTAL, direct_marketing=False, objection="absolute")
UNOBJECTED = with_purpose(POSTAL, direct_marketing=False, objection="not_applicable")
INTEREST = with_purpose(
    NEWSLETTER, basis=basis(LegalBasis.LEGITIMATE_INTERESTS), notice="privacy_notice", direct_marketing=False
)
TWO_CHANNELS = with_purpose(NEWSLETTER, channels=(Channel.EMAIL, Channel.SMS))


def _is_on_file(row: Row) -> bool:
    facts = customer(**row.facts)
    known = all(getattr(facts, name) is not None for name in KNOWN)
    of_today = "within_budget" not in row.facts and not facts.of_the_past
    return known and of_today and not facts.by_human(row.request.purpose)


def agree(request: AccessRequest, facts: Facts, document: PolicyDocument | None = None) -> bool:
    """Whether she is permitted; the condition and the decision must say the same."""
    document = document or retailer()
    facts = as_stored(facts, request, document)
    decision = evaluate(request, document, facts)
    made = predicate(document, request, facts.as_of)
    if isinstance(made, Deny):
        assert made == decision
        return False
    selected = is_selected(made, facts, document)
    assert selected is isinstance(decision, Permit)
    return selected


def both(answers: Iterable[bool]) -> None:
    """A table that is permitted throughout, or refused throughout, proves nothing."""
    assert set(answers) == {True, False}


@pytest.mark.parametrize("row", [*filter(_is_on_file, TABLE)], ids=lambda row: f"{row.requirement}: {row.says}")
def test_an_audience_is_whom_the_decision_permits(row: Row) -> None:
    assert agree(row.request, customer(**row.facts), row.document) is not bool(row.codes)


@pytest.mark.parametrize("document", [None, EVERY_CHANNEL, SOLD], ids=["letters", "every channel", "sold"])
def test_an_audience_of_advertising_is_reached_by_the_channels_of_the_law(document: PolicyDocument | None) -> None:
    """R-DE-UWG-1, R-DE-UWG-2: by channel, to whom, and with which consent."""
    client, purpose, name = ("mailer", NEWSLETTER, "email") if document is SOLD else ("post_house", POSTAL, "street")
    both(
        agree(ask(client, purpose, name, channel=channel), customer(kind=kind, permissions=permissions), document)
        for channel in Channel
        for kind, permissions in [
            *((kind, ()) for kind in (*SubjectKind, None)),
            (None, (permission(purpose, channel=channel),)),
            (None, (permission(purpose, channel=Channel.ANY),)),
        ]
    )


@pytest.mark.parametrize("article", list(LegalBasis))
def test_an_audience_of_calls_rests_on_a_documented_interest(article: LegalBasis) -> None:
    """R-DE-UWG-2: in a business whose relationship is open; no other basis presumes a consent."""
    request = ask("post_house", POSTAL, "street", channel=Channel.PHONE)
    facts = customer(kind=SubjectKind.SOLE_TRADER, permissions=(permission(POSTAL, channel=Channel.ANY),))
    for assessment in ("IA-1", None):
        duty = basis(LegalBasis.LEGAL_OBLIGATION)[Category.MASTER]
        bases = {**basis(article, assessment=assessment, rests_on=["contract"]), Category.MASTER: duty}
        presumed = article is LegalBasis.LEGITIMATE_INTERESTS and assessment is not None
        assert agree(request, facts, with_purpose(POSTAL, EVERY_CHANNEL, basis=bases)) is presumed


@pytest.mark.gdpr("7(3)")
@pytest.mark.parametrize("state", list(ConsentState))
def test_an_audience_hears_the_last_word_of_each(state: ConsentState) -> None:
    """R-7.3-1, R-7.1-3: a state before and after a consent, on this channel, another and all."""
    asked = permission(state=ConsentState.REQUESTED, since=days(50))
    for channel in (Channel.EMAIL, Channel.SMS, Channel.ANY):
        for since in (days(300), days(1), days(-1)):
            one = permission(state=state, since=since, channel=channel)
            for history in [(one,), (permission(), one), (asked, one)]:
                for document in (None, TWO_CHANNELS, SOLD, INTEREST):
                    agree(NEWSLETTER_READ, customer(permissions=history), document)
            quiet = replace(one, purpose=RECOMMENDATIONS, explicit=True)
            given = permission(RECOMMENDATIONS, channel=Channel.ANY, explicit=True)
            agree(RECOMMENDATION_READ, customer(permissions=(given, quiet)))
    over = customer(permissions=(permission(state=state, expires_at=NOW),))
    assert [agree(NEWSLETTER_READ, over, one) for one in (None, INTEREST)] == [False, state in ONLY_ASKED]


@pytest.mark.gdpr("6(1)(a)")
@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.ANY])
def test_an_audience_counts_declarations_on_the_texts_that_count(channel: Channel) -> None:
    """R-6.1-2."""
    grown = with_purpose(NEWSLETTER, consent_texts=(TEXT, "b_text/2"))
    given = {quoted: permission(quoted=quoted, channel=channel) for quoted in ("", TEXT, "a_text/11", "b_text/2")}
    told = {quoted: agree(NEWSLETTER_READ, customer(permissions=(one,)), grown) for quoted, one in given.items()}
    assert told == {"": False, TEXT: True, "a_text/11": False, "b_text/2": True}
    assert agree(NEWSLETTER_READ, customer(permissions=(given[""],)))


@pytest.mark.gdpr("21")
@pytest.mark.parametrize(
    ("request_", "document"),
    [
        (POSTAL_READ, None),
        (ask("post_house", POSTAL, "street", channel=Channel.POST), EVERY_CHANNEL),
        (NEWSLETTER_READ, TWO_CHANNELS),
        (RECOMMENDATION_READ, None),
        (RECOMMENDATION_READ, WITHDRAWING),
        (POSTAL_READ, WEIGHED),
        (POSTAL_READ, ABSOLUTE),
    ],
    ids=["letters", "by post", "two channels", "a profile", "withdrawing", "weighed", "absolute"],
)
def test_an_audience_leaves_out_whoever_objected(request_: AccessRequest, document: PolicyDocument | None) -> None:
    """R-21.1-1, R-21.2-1, R-21.2-2: until a later consent for the channel, where one counts."""
    purpose = request_.purpose
    later = tuple(permission(purpose, channel=one, since=days(1), explicit=True) for one in (Channel.ANY, Channel.POST))
    both(
        agree(request_, customer(objections=(against,), permissions=(*held, *later[:count])), document)
        for channel in (Channel.ANY, Channel.POST, Channel.EMAIL)
        for about in (None, purpose, ORDERS)
        for state in (ObjectionState if document is WEIGHED else [ObjectionState.OPEN])
        for count in (0, 1, 2)
        for against in [objection(about, days(5), channel, state)]
        for held in [customer().permissions or ()]
    )


@pytest.mark.gdpr("21(1)")
def test_an_audience_that_cannot_be_objected_to_leaves_nobody_out() -> None:
    assert agree(POSTAL_READ, customer(objections=(objection(POSTAL, direct_marketing=False),)), UNOBJECTED)


@pytest.mark.gdpr("8(1)")
@pytest.mark.parametrize(
    ("request_", "document"),
    [
        (NEWSLETTER_READ, None),
        (NEWSLETTER_READ, DENYING),
        (NEWSLETTER_READ, FOR_ADULTS),
        (NEWSLETTER_READ, with_purpose(NEWSLETTER, minimum_age=7)),
        (RECOMMENDATION_READ, None),
        (ORDER_READ, DECIDES),
        (ORDER_READ, with_purpose(ORDERS, minimum_age=16)),
    ],
    ids=["sixteen", "age known", "twenty-one", "seven", "a profile", "a decision", "by contract"],
)
def test_an_audience_is_old_enough(request_: AccessRequest, document: PolicyDocument | None) -> None:
    """R-8-1 to R-8-3: by the month of majority, or by the parents' consent where it counts."""
    profile = permission(RECOMMENDATIONS, channel=Channel.ANY, explicit=True)
    both(
        agree(request_, customer(majority_month=month, kind=kind, permissions=(one, profile)), document)
        for month in (None, *(date(year, m, 1) for year in (2023, 2026, 2028, 2037) for m in (10, 11)))
        for kind, one in [
            (SubjectKind.PERSON, permission()),
            (SubjectKind.ORGANISATION, permission()),
            (None, permission()),
            (None, BY_PARENTS),
        ]
    )


@pytest.mark.gdpr("22(2)")
@pytest.mark.parametrize("exception", ["law", "contract", "explicit_consent", None])
@pytest.mark.parametrize("human_review", ["required", "not_required"])
def test_an_audience_of_a_machine_is_whom_it_may_decide_about(exception: str | None, human_review: str) -> None:
    """R-22-3."""
    document = with_purpose(ORDERS, DECIDES, adm_exception=exception, human_review=human_review)
    warranty = with_purpose(ORDERS, document, basis=basis(LegalBasis.LEGAL_OBLIGATION))
    for permissions in ((), (permission(ORDERS, channel=Channel.ANY, explicit=True),)):
        for kind in RelationshipKind:
            facts = customer(permissions=permissions, relationships=open_since(kind))
            expected = human_review == "not_required" and (
                exception == "law"
                or (exception == "contract" and kind is RelationshipKind.CONTRACT)
                or (exception == "explicit_consent" and bool(permissions))
            )
            assert agree(ORDER_READ, facts, warranty) is expected


@pytest.mark.gdpr("6(1)")
@pytest.mark.parametrize("article", list(LegalBasis))
def test_an_audience_rests_on_the_basis_of_every_category(article: LegalBasis) -> None:
    """R-6.1-1: also of those that an estimate is worked out from."""
    document = with_part("fields", "purchase_affinity", derived_from=("purchases", "visits"))
    given = retailer().purposes[RECOMMENDATIONS].basis
    other = Basis(article=article, why="test", rests_on=(RelationshipKind.CONTRACT,))
    profile = with_purpose(
        RECOMMENDATIONS,
        document,
        notice="privacy_notice",
        basis={
            **given,
            Category.BEHAVIOURAL: other,
        },
    )
    orders = with_purpose(ORDERS, basis=basis(article, rests_on=["contract"]))
    for facts in (
        customer(),
        customer(relationships=()),
        customer(relationships=open_since(RelationshipKind.CONTRACT, -1)),
        customer(notices=()),
        customer(notices=delivered("privacy_notice", at=NOW)),
        customer(permissions=()),
        customer(status=SubjectStatus.RETAINED),
        customer(status=SubjectStatus.ERASED),
    ):
        agree(ask("recommender", RECOMMENDATIONS, "purchase_affinity"), facts, profile)
        agree(ORDER_READ, facts, orders)


@pytest.mark.gdpr("18(2)")
@pytest.mark.parametrize("explicit", [False, True])
@pytest.mark.parametrize("supplier", [None, "credit_bureau"])
def test_an_audience_leaves_restricted_data_alone(supplier: str | None, *, explicit: bool) -> None:
    """R-18-1: unless a later consent of the kind that its basis asks for stands, for an estimate's inputs too."""
    derived = () if supplier else ("purchases", "visits")
    document = with_part("fields", "purchase_affinity", derived_from=derived, obtained_from=supplier)
    article = LegalBasis.CONSENT
    document = with_purpose(RECOMMENDATIONS, document, basis=basis(article, explicit=explicit))
    restrictions = [
        Restriction(category, field, since)
        for category in (None, Category.BEHAVIOURAL, Category.MASTER)
        for field in (None, item("visits").field, item("street").field)
        for since in (days(9), days(1), None)
    ]
    for since in (days(100), days(5)):
        consent = permission(RECOMMENDATIONS, channel=Channel.ANY, explicit=explicit, since=since)
        for one in restrictions:
            facts = customer(permissions=(consent,), restrictions=(one,))
            for name in ("purchase_affinity", "purchases"):
                agree(ask("recommender", RECOMMENDATIONS, name), facts, document)
            agree(INVOICE_READ, facts, document)
            agree(ORDER_READ, facts, document)


@pytest.mark.gdpr("9(2)")
@pytest.mark.parametrize("condition", ["A9-2-a", "A9-2-e", "A9-2-g", "A9-2-j"])
def test_an_audience_of_special_data_consented_to_it_where_the_condition_says_so(condition: str) -> None:
    """R-9-3: beside a basis that asks for no explicit consent."""
    document = with_purpose(
        RECOMMENDATIONS, HEALTH_BY_CONSENT, special={"income": condition}, basis=basis(LegalBasis.CONSENT)
    )
    for explicit in (False, True):
        consent = permission(RECOMMENDATIONS, channel=Channel.ANY, explicit=explicit)
        expected = condition != "A9-2-e" and (explicit or condition != "A9-2-a")
        assert agree(INCOME_READ, customer(permissions=(consent,)), document) is expected


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize("name", ["street", "purchases", "purchase_affinity"])
def test_an_audience_has_a_value_that_may_serve_or_none_at_all(name: str) -> None:
    """R-5.1b-2, R-5.1c-2, R-5.1e-1, R-22-5."""
    client, purpose = ("shop", ORDERS) if name == "street" else ("recommender", RECOMMENDATIONS)
    request = ask(client, purpose, name)
    fitting = item(name, purpose)
    values = [
        fitting,
        fitting._replace(collected_for=item("street", "a_purpose_of_old").collected_for),
        fitting._replace(category=Category.PSYCHOGRAPHIC),
        fitting._replace(observed_at=NOW - timedelta(days=800)),
        fitting._replace(delete_after=NOW.date()),
        fitting._replace(delete_after=NOW.date() - timedelta(days=1)),
        fitting._replace(stale=True),
    ]
    both(agree(request, customer(items=items)) for one in values for items in ((), (one,), (one, fitting)))
    access = ask("portal", "data_subject_request", name)
    both(agree(access, customer(items=(one,))) for one in values)


@pytest.mark.parametrize("missing", [None, "similar_goods", "advertises_for", "notice"])
def test_an_audience_of_buyers_meets_all_four_conditions(missing: str | None) -> None:
    """R-DE-UWG-4."""
    changes = {"similar_goods": False, "advertises_for": "third_party", "notice": None}
    document = with_purpose(NEWSLETTER, SOLD, **({missing: changes[missing]} if missing else {}))
    people: list[Facts] = [
        customer(permissions=(), addresses=(address(name, origin=origin, touchpoint=touchpoint),))
        for name in ("email", "phone")
        for origin in (Origin.PROVIDED, Origin.THIRD_PARTY)
        for touchpoint in (Touchpoint.ONLINE_SHOP, Touchpoint.PRIZE_DRAW)
    ]
    people += [customer(permissions=(), relationships=open_since(kind)) for kind in RelationshipKind]
    people.append(customer(permissions=(), relationships=open_since(RelationshipKind.CONTRACT, -0.1)))
    people += [customer(permissions=(), objections=(_against(channel),)) for channel in Channel]
    people += [customer(permissions=one) for one in _withdrawals()]
    found = [
        agree(ask("mailer", NEWSLETTER, "email", channel=channel), one, document)
        for channel in (None, Channel.EMAIL, Channel.SMS)
        for one in people
    ]
    assert any(found) is (missing is None)


def _withdrawals() -> Iterator[tuple[Permission, ...]]:
    """Consents to advertising by e-mail that were withdrawn, alone and with one more word about them."""
    another = "similar_goods_email"
    for state in ConsentState:
        yield (permission(another, state),)
        yield (permission(another, ConsentState.WITHDRAWN), permission(another, state, days(9), Channel.ANY))
    withdrawn = permission(another, ConsentState.WITHDRAWN)
    for channel in Channel:
        yield (permission(another, ConsentState.REVOKED, channel=channel),)
        if channel is not Channel.EMAIL:
            yield (withdrawn, permission(another, since=days(9), channel=channel))
    for at in (NOW, days(-1), days(100), days(101)):
        yield (withdrawn, permission(another, since=at, channel=Channel.ANY))
    yield (withdrawn, permission(POSTAL, since=days(9)), permission("recommendations", ConsentState.WITHDRAWN))


@pytest.mark.parametrize("kind", list(RelationshipKind))
def test_an_audience_of_buyers_bought_as_the_document_says(kind: RelationshipKind) -> None:
    """R-DE-UWG-4: of what can be a sale, the relationships that the basis rests on."""
    request = ask("mailer", NEWSLETTER, "email", channel=Channel.EMAIL)
    for rests_on in ([kind], list(RelationshipKind), [RelationshipKind.CONTRACT]):
        document = with_purpose(NEWSLETTER, SOLD, basis=basis(LegalBasis.SOFT_OPT_IN, rests_on=rests_on))
        found = agree(request, customer(permissions=(), relationships=open_since(kind)), document)
        assert found is (kind in rests_on and kind in {RelationshipKind.CONTRACT, RelationshipKind.ACCOUNT})


def _against(channel: Channel) -> Objection:
    return objection(NEWSLETTER, channel=channel)


def test_a_condition_carries_no_parameter_that_it_does_not_use_and_binds_each_value_once() -> None:
    made = predicate(SOLD, NEWSLETTER_READ, NOW)
    assert isinstance(made, Predicate)
    assert all(f":{name}" in made.sql for name in made.parameters)
    assert len(set(made.parameters.values())) == len(made.parameters)
    assert "parameters" not in repr(made)
