"""Every category needs a legal basis that holds for this person now."""

from datetime import datetime

import pytest

from policies.decision import Permit
from policies.documents import Basis
from policies.facts import Delivery, Permission, Relationship
from policies.vocabulary import Category, Channel, ConsentState, LegalBasis, ReasonCode, RelationshipKind
from tests.unit.policies.people import (
    INVOICE_READ,
    NOW,
    ORDER_READ,
    ORDERS,
    POSTAL,
    POSTAL_READ,
    customer,
    days,
    decide,
    delivered,
    permission,
    purpose_of,
    reasons,
    with_purpose,
)


@pytest.mark.gdpr("6(1)(b)")
@pytest.mark.parametrize(
    ("kind", "opened_at", "closed_at", "holds"),
    [
        (RelationshipKind.CONTRACT, days(10), None, True),
        (RelationshipKind.WARRANTY, days(10), None, True),
        (RelationshipKind.CONTRACT, NOW, None, True),
        (RelationshipKind.CONTRACT, days(10), days(-1), True),
        (RelationshipKind.CONTRACT, days(10), NOW, False),
        (RelationshipKind.CONTRACT, days(10), days(1), False),
        (RelationshipKind.CONTRACT, days(-1), None, False),
        (RelationshipKind.ACCOUNT, days(10), None, False),
        (RelationshipKind.CLAIM, days(10), None, False),
    ],
)
def test_a_contract_basis_holds_while_a_relationship_it_rests_on_is_open(
    kind: RelationshipKind,
    opened_at: datetime,
    closed_at: datetime | None,
    holds: bool,  # noqa: FBT001 - a column
) -> None:
    """R-6.1-1: when the order is closed and the warranty over, the same read is refused."""
    facts = customer(relationships=(Relationship(kind, opened_at, closed_at),))
    assert reasons(decide(ORDER_READ, facts)) == ([] if holds else [ReasonCode.NO_BASIS])


@pytest.mark.gdpr("6(1)(b)")
@pytest.mark.parametrize("relationships", [None, ()])
def test_without_a_known_relationship_there_is_no_contract_basis(relationships: tuple[()] | None) -> None:
    assert reasons(decide(ORDER_READ, customer(relationships=relationships))) == [ReasonCode.NO_BASIS]


@pytest.mark.gdpr("13(1)(d)")
@pytest.mark.parametrize(
    ("notices", "expected"),
    [
        (delivered("privacy_notice"), []),
        (delivered("privacy_notice", at=NOW), []),
        (delivered("privacy_notice", at=days(-0.001)), [ReasonCode.LI_NOT_INFORMED]),
        (delivered("privacy_notice", names=frozenset({ORDERS})), [ReasonCode.LI_NOT_INFORMED]),
        (
            (*delivered("privacy_notice", names=frozenset({ORDERS})), *delivered("privacy_notice", at=days(1))),
            [],
        ),
        (delivered("newsletter_consent"), [ReasonCode.LI_NOT_INFORMED]),
        ((), [ReasonCode.LI_NOT_INFORMED]),
        (None, [ReasonCode.LI_NOT_INFORMED]),
    ],
    ids=[
        "told",
        "told just now",
        "told later",
        "an old version that does not name it",
        "the old version, then a new one",
        "another notice",
        "nothing",
        "unknown",
    ],
)
def test_a_legitimate_interest_must_have_been_named_to_the_person(
    notices: tuple[Delivery, ...] | None, expected: list[ReasonCode]
) -> None:
    """R-6.1f-2, C-394/23: in the version that names this purpose."""
    assert reasons(decide(POSTAL_READ, customer(notices=notices))) == expected


@pytest.mark.gdpr("6(1)(c)")
def test_a_legal_obligation_asks_for_no_relationship_and_no_notice() -> None:
    facts = customer(relationships=(), notices=(), permissions=())
    assert not reasons(decide(INVOICE_READ, facts))


@pytest.mark.gdpr("6(1)")
@pytest.mark.parametrize("article", [LegalBasis.VITAL_INTERESTS, LegalBasis.PUBLIC_TASK], ids=str)
def test_a_basis_whose_conditions_nobody_checks_does_not_hold(article: LegalBasis) -> None:
    """R-6.1-1."""
    bases = {category: Basis(article=article, why="test") for category in Category}
    document = with_purpose(ORDERS, basis=bases)
    assert reasons(decide(ORDER_READ, document=document)) == [ReasonCode.NO_BASIS]


@pytest.mark.gdpr("6(1)")
def test_a_category_without_basis_is_withheld_alone() -> None:
    """R-6.1-1: NO_BASIS for that category only."""
    bases = {Category.MASTER: purpose_of(ORDERS).basis[Category.MASTER]}
    decision = decide(ORDER_READ, document=with_purpose(ORDERS, basis=bases))
    assert isinstance(decision, Permit)
    assert decision.fields == ("first_name", "street")
    assert [(part.field, [reason.code for reason in part.reasons]) for part in decision.withheld] == [
        ("purchases", [ReasonCode.NO_BASIS])
    ]
    assert decision.bases == {Category.MASTER: LegalBasis.CONTRACT}


@pytest.mark.gdpr("6(1)(f)")
@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ((), []),
        ((permission(POSTAL, ConsentState.WITHDRAWN, channel=Channel.POST),), [ReasonCode.NO_BASIS]),
        ((permission(POSTAL, ConsentState.WITHDRAWN, channel=Channel.ANY),), [ReasonCode.NO_BASIS]),
        ((permission(POSTAL, ConsentState.REFUSED, channel=Channel.POST),), [ReasonCode.NO_BASIS]),
        ((permission(POSTAL, ConsentState.INVALIDATED, channel=Channel.POST),), [ReasonCode.NO_BASIS]),
        ((permission(POSTAL, expires_at=NOW, channel=Channel.POST),), [ReasonCode.NO_BASIS]),
        ((permission(POSTAL, ConsentState.REQUESTED, channel=Channel.POST),), []),
        ((permission(POSTAL, ConsentState.WITHDRAWN, channel=Channel.EMAIL),), []),
        ((permission(ORDERS, ConsentState.WITHDRAWN, channel=Channel.POST),), []),
        (
            (
                permission(POSTAL, ConsentState.WITHDRAWN, days(5), Channel.POST),
                permission(POSTAL, ConsentState.GIVEN, days(2), Channel.ANY),
            ),
            [],
        ),
        (
            (
                permission(POSTAL, ConsentState.WITHDRAWN, days(5), Channel.POST),
                permission(POSTAL, ConsentState.REQUESTED, days(2), Channel.ANY),
            ),
            [ReasonCode.NO_BASIS],
        ),
        (None, [ReasonCode.NO_BASIS]),
    ],
)
def test_a_consent_that_ended_is_not_swapped_for_a_legitimate_interest(
    permissions: tuple[Permission, ...] | None, expected: list[ReasonCode]
) -> None:
    """R-6.1-3."""
    assert reasons(decide(POSTAL_READ, customer(permissions=permissions))) == expected
