"""The soft opt-in of § 7(3) UWG: each of its four conditions, for each channel."""

from dataclasses import replace
from datetime import datetime

import pytest

from policies.decision import Permit
from policies.documents import Basis
from policies.facts import Facts, Relationship
from policies.rules.soft_opt_in import check_basis, terms_of
from policies.vocabulary import (
    Category,
    Channel,
    ConsentState,
    LegalBasis,
    Origin,
    PurposeId,
    ReasonCode,
    RelationshipKind,
    Touchpoint,
)
from tests.unit.policies.people import (
    NEWSLETTER,
    NOW,
    address,
    ask,
    customer,
    days,
    decide,
    delivered,
    objection,
    permission,
    retailer,
    with_purpose,
)

ADS = "similar_goods_email"  # another purpose of the company that advertises by e-mail
SALE, GOODS, OBJECTED, NOTICE = (f"UWG § 7(3) no. {number}" for number in (1, 2, 3, 4))
BOUGHT = (RelationshipKind.CONTRACT, RelationshipKind.ACCOUNT)
BASIS = Basis(article=LegalBasis.SOFT_OPT_IN, why="test", rests_on=BOUGHT)
SOLD = with_purpose(
    NEWSLETTER,
    basis={Category.MASTER: BASIS},
    objection="absolute",
    notice="privacy_notice",
    similar_goods=True,
    channels=(Channel.EMAIL, Channel.SMS),
)


def missing(
    facts: Facts, channel: Channel | None = Channel.EMAIL, basis: Basis = BASIS, **changes: object
) -> list[str]:
    """The conditions that do not hold, of advertising to her on a channel."""
    document = with_purpose(NEWSLETTER, SOLD, **changes)
    request = ask("mailer", NEWSLETTER, "email", channel=channel)
    found = check_basis(request, document.purposes[NEWSLETTER], basis, facts, terms_of(document))
    assert {one.code for one in found} <= {ReasonCode.NO_BASIS}
    return [cite for one in found for cite in one.cites]


def buyer(**changes: object) -> Facts:
    return customer(permissions=(), **changes)


def test_a_document_says_which_fields_are_electronic_addresses_and_which_purposes_sell() -> None:
    terms = terms_of(retailer())
    assert terms.addresses == {Channel.EMAIL: {"email"}, Channel.SMS: {"phone"}}
    assert "order_fulfilment" in terms.of_sales
    for name in terms.of_sales ^ set(retailer().purposes):
        assert LegalBasis.CONTRACT not in retailer().purposes[name].articles
    assert terms.advertising == {Channel.EMAIL: {"newsletter", "similar_goods_email"}, Channel.SMS: frozenset()}
    for change in ({"direct_marketing": False}, {"advertises_for": "third_party"}, {"channels": (Channel.SMS,)}):
        assert "newsletter" not in terms_of(with_purpose(NEWSLETTER, **change)).advertising[Channel.EMAIL]


@pytest.mark.parametrize("article", list(LegalBasis))
def test_only_what_rests_on_the_soft_opt_in_asks_for_its_conditions(article: LegalBasis) -> None:
    nothing = customer(addresses=(), notices=(), relationships=(), permissions=())
    purpose = SOLD.purposes[NEWSLETTER]
    request = ask("mailer", NEWSLETTER, "email")
    found = check_basis(request, purpose, Basis(article=article, why="test"), nothing, terms_of(SOLD))
    assert bool(found) is (article is LegalBasis.SOFT_OPT_IN)


@pytest.mark.parametrize("origin", list(Origin))
def test_no_1_the_address_comes_from_the_customer_in_a_sale(origin: Origin) -> None:
    """R-DE-UWG-4."""
    sale = {Touchpoint.ONLINE_SHOP, Touchpoint.STORE, Touchpoint.HOTLINE, Touchpoint.SALES_TALK}
    for touchpoint in Touchpoint:
        facts = buyer(addresses=(address("email", origin=origin, touchpoint=touchpoint),))
        holds = origin is Origin.PROVIDED and touchpoint in sale
        assert missing(facts) == ([] if holds else [SALE, NOTICE]), touchpoint


@pytest.mark.parametrize(
    ("kind", "opened_at", "closed_at", "holds"),
    [
        (RelationshipKind.CONTRACT, days(9), None, True),
        (RelationshipKind.CONTRACT, NOW, None, True),
        (RelationshipKind.CONTRACT, days(-0.001), None, False),
        (RelationshipKind.CONTRACT, days(90), days(60), True),
        (RelationshipKind.ACCOUNT, days(9), None, True),
        (RelationshipKind.CLAIM, days(9), None, False),
        (RelationshipKind.WARRANTY, days(9), None, False),
    ],
)
def test_no_1_she_has_bought(
    kind: RelationshipKind,
    opened_at: datetime,
    closed_at: datetime | None,
    holds: bool,  # noqa: FBT001 - a column
) -> None:
    """C-654/23: a free account can be a sale, and a sale that is over is one."""
    facts = buyer(relationships=(Relationship(kind, opened_at, closed_at),))
    assert missing(facts) == ([] if holds else [SALE])
    assert missing(buyer(relationships=None)) == [SALE]


@pytest.mark.parametrize("kind", list(RelationshipKind))
@pytest.mark.parametrize("named", list(RelationshipKind))
def test_no_1_the_sale_is_what_the_document_names_where_it_can_be_one(
    kind: RelationshipKind, named: RelationshipKind
) -> None:
    """R-DE-UWG-4: whoever only has an account has not bought where the document speaks of contracts."""
    basis = Basis(article=LegalBasis.SOFT_OPT_IN, why="test", rests_on=(named,))
    facts = buyer(relationships=(Relationship(kind, days(9), None),))
    assert missing(facts, basis=basis) == ([] if kind is named and kind in BOUGHT else [SALE])


@pytest.mark.parametrize("collected_for", ["newsletter", "recommendations", "a_purpose_of_old"])
def test_no_1_the_address_was_collected_for_a_contract(collected_for: str) -> None:
    assert missing(buyer(addresses=(address("email", collected_for=PurposeId(collected_for)),))) == [SALE, NOTICE]


@pytest.mark.parametrize(
    ("similar_goods", "advertises_for", "holds"),
    [(True, "own", True), (False, "own", False), (True, "third_party", False), (False, "third_party", False)],
)
def test_no_2_the_companys_own_similar_goods(
    similar_goods: bool,  # noqa: FBT001 - a column
    advertises_for: str,
    holds: bool,  # noqa: FBT001 - likewise
) -> None:
    found = missing(buyer(), similar_goods=similar_goods, advertises_for=advertises_for)
    assert found == ([] if holds else [GOODS])


@pytest.mark.parametrize("channel", list(Channel))
def test_no_3_she_has_not_objected(channel: Channel) -> None:
    """R-DE-UWG-4: to this purpose or to all advertising, on this channel or on any; no later consent takes it back."""
    for purpose in (None, NEWSLETTER, "a_purpose", "z_purpose"):
        against = objection(purpose, channel=channel, since=days(9))
        hers = purpose in {None, NEWSLETTER} and channel in {Channel.ANY, Channel.EMAIL}
        assert missing(buyer(objections=(against,))) == ([OBJECTED] if hers else [])
        again = customer(objections=(against,), permissions=(permission(since=days(1)),))
        assert missing(again) == ([OBJECTED] if hers else [])


def test_no_3_what_nobody_knows_counts_as_an_objection() -> None:
    assert missing(buyer(objections=None)) == [OBJECTED]
    assert missing(customer(permissions=None)) == [OBJECTED]
    assert missing(customer(permissions=(permission(expires_at=NOW),))) == [OBJECTED]


TO_ALL, AGAIN = days(20), days(10)


@pytest.mark.gdpr("7(3)")
@pytest.mark.parametrize(
    ("declared", "holds"),
    [
        ([(ADS, Channel.EMAIL, ConsentState.WITHDRAWN, TO_ALL)], False),
        ([(ADS, Channel.ANY, ConsentState.WITHDRAWN, TO_ALL)], False),
        ([(ADS, Channel.EMAIL, ConsentState.REVOKED, TO_ALL)], False),
        ([(ADS, Channel.EMAIL, ConsentState.WITHDRAWN, days(-1))], False),
        ([(ADS, Channel.SMS, ConsentState.WITHDRAWN, TO_ALL)], True),
        ([(ADS, Channel.EMAIL, ConsentState.EXPIRED, TO_ALL)], True),
        ([(ADS, Channel.EMAIL, ConsentState.REFUSED, TO_ALL)], True),
        ([("telephone_advertising", Channel.ANY, ConsentState.WITHDRAWN, TO_ALL)], True),
        ([("recommendations", Channel.ANY, ConsentState.WITHDRAWN, TO_ALL)], True),
        *(
            ([(ADS, Channel.EMAIL, ConsentState.WITHDRAWN, TO_ALL), (name, channel, state, since)], holds)
            for name, channel, state, since, holds in [
                (ADS, Channel.ANY, ConsentState.GIVEN, AGAIN, True),
                (ADS, Channel.ANY, ConsentState.RENEWED, AGAIN, True),
                (ADS, Channel.ANY, ConsentState.GIVEN, NOW, True),
                (ADS, Channel.ANY, ConsentState.GIVEN, days(-1), False),
                (ADS, Channel.ANY, ConsentState.GIVEN, TO_ALL, False),
                (ADS, Channel.ANY, ConsentState.GIVEN, days(30), False),
                (ADS, Channel.ANY, ConsentState.UNKNOWN, AGAIN, False),
                (ADS, Channel.ANY, ConsentState.INVALIDATED, AGAIN, False),
                (ADS, Channel.SMS, ConsentState.GIVEN, AGAIN, False),
                (NEWSLETTER, Channel.ANY, ConsentState.GIVEN, AGAIN, False),
                ("recommendations", Channel.ANY, ConsentState.GIVEN, AGAIN, False),
            ]
        ),
    ],
)
def test_no_3_nor_withdrawn_a_consent_to_advertising_on_this_channel(
    declared: list[tuple[str, Channel, ConsentState, datetime]],
    holds: bool,  # noqa: FBT001 - a column
) -> None:
    """R-DE-UWG-4, R-21.2-2: until a later word in favour of the same."""
    permissions = tuple(permission(name, state, since, channel) for name, channel, state, since in declared)
    for order in (permissions, permissions[::-1]):
        assert missing(customer(permissions=order)) == ([] if holds else [OBJECTED])


@pytest.mark.gdpr("7(3)")
@pytest.mark.parametrize(("ended", "favoured"), [("spring", "summer"), ("summer", "spring"), ("spring", "spring")])
def test_no_3_a_word_in_favour_of_one_purpose_takes_back_no_withdrawal_of_another(ended: str, favoured: str) -> None:
    """R-DE-UWG-4, R-21.2-2: in whatever order their names stand."""
    document = with_purpose(NEWSLETTER, SOLD)
    terms = replace(terms_of(document), advertising={Channel.EMAIL: frozenset({"spring", "summer"})})
    declared = (permission(ended, ConsentState.WITHDRAWN, TO_ALL), permission(favoured, ConsentState.GIVEN, AGAIN))
    request = ask("mailer", NEWSLETTER, "email", channel=Channel.EMAIL)
    found = check_basis(request, document.purposes[NEWSLETTER], BASIS, customer(permissions=declared), terms)
    assert [cite for one in found for cite in one.cites] == ([] if ended == favoured else [OBJECTED])


@pytest.mark.parametrize(
    ("at", "collected_at", "holds"),
    [
        (days(200), days(200), True),
        (days(201), days(200), True),
        (days(199.999), days(200), False),
        (NOW, days(-1), True),
        (days(-0.5), days(-1), False),
    ],
)
def test_no_4_she_was_told_when_the_address_was_collected(
    at: datetime,
    collected_at: datetime,
    holds: bool,  # noqa: FBT001 - a column
) -> None:
    facts = buyer(notices=delivered("privacy_notice", at=at), addresses=(address("email", collected_at=collected_at),))
    assert missing(facts) == ([] if holds else [NOTICE])


def test_no_4_of_two_addresses_she_was_told_at_each() -> None:
    both = (address("email", collected_at=days(100)), address("email", collected_at=days(300)))
    for addresses in (both, both[::-1]):
        assert missing(buyer(addresses=addresses)) == [NOTICE]
    from_elsewhere = address("email", collected_at=days(300), touchpoint=Touchpoint.PARTNER)
    assert missing(buyer(addresses=(both[0], from_elsewhere))) == []


@pytest.mark.parametrize("channel", list(Channel))
def test_only_electronic_mail_is_carried_and_by_its_own_address(channel: Channel) -> None:
    by_mail, by_sms = buyer(addresses=(address("email"),)), buyer(addresses=(address("phone"),))
    both = (Channel.EMAIL, Channel.SMS)
    assert missing(by_mail, channel) == ([] if channel in {Channel.EMAIL, Channel.ANY} else [SALE, NOTICE])
    assert missing(by_sms, channel) == ([] if channel in {Channel.SMS, Channel.ANY} else [SALE, NOTICE])
    assert missing(buyer(), channel) == ([] if channel in {*both, Channel.ANY} else [SALE, NOTICE])


def test_a_question_without_a_channel_is_carried_by_any_one_and_told_each_ground_once() -> None:
    assert missing(buyer(), None) == []
    assert missing(buyer(addresses=(address("phone"),)), None) == []
    assert missing(buyer(addresses=()), None) == [SALE, NOTICE]
    assert missing(buyer(relationships=(), objections=(objection(),)), None) == [SALE, OBJECTED]
    assert isinstance(decide(ask("mailer", NEWSLETTER, "email"), buyer(), SOLD), Permit)
