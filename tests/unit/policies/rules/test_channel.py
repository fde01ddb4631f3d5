"""Channels a purpose may use, and electronic advertising."""

import pytest

from policies.decision import Deny
from policies.documents import Basis, PolicyDocument
from policies.facts import Facts, Relationship
from policies.vocabulary import (
    Category,
    Channel,
    LegalBasis,
    Operation,
    ReasonCode,
    RelationshipKind,
    SubjectKind,
)
from tests.unit.policies.people import (
    NEWSLETTER,
    ORDERS,
    POSTAL,
    ask,
    customer,
    days,
    decide,
    permission,
    reasons,
    with_purpose,
)


@pytest.mark.parametrize("channel", list(Channel))
def test_a_purpose_uses_its_own_channels_only(channel: Channel) -> None:
    """R-DE-UWG-1: a consent that named no channel does not open the others."""
    facts = customer(permissions=(permission(channel=Channel.ANY),))
    expected = [] if channel is Channel.EMAIL else [ReasonCode.CHANNEL_NOT_ALLOWED]
    assert reasons(decide(ask("mailer", NEWSLETTER, "email", channel=channel), facts)) == expected


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (Operation.CONTACT, [ReasonCode.CHANNEL_NOT_ALLOWED]),
        (Operation.READ, []),
        (Operation.EXPORT, []),
        (Operation.WRITE, []),
    ],
)
def test_a_contact_names_its_channel(operation: Operation, expected: list[ReasonCode]) -> None:
    assert reasons(decide(ask("mailer", NEWSLETTER, "email", operation=operation))) == expected


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS, Channel.PHONE, Channel.FAX, Channel.PUSH])
def test_electronic_advertising_rests_on_prior_consent_alone(channel: Channel) -> None:
    """R-DE-UWG-1: only a letter may rest on a legitimate interest."""
    document = with_purpose(POSTAL, channels=(Channel.POST, channel))
    assert not reasons(decide(ask("post_house", POSTAL, "street", channel=Channel.POST), document=document))
    refused = decide(ask("post_house", POSTAL, "street", channel=channel), document=document)
    assert reasons(refused) == [ReasonCode.CHANNEL_NOT_ALLOWED]


SEVERAL = tuple(one for one in Channel if one is not Channel.ANY)


def of_advertising(channel: Channel, document: PolicyDocument, facts: Facts) -> list[tuple[str, ...]]:
    """What the rule cites against advertising on a channel."""
    decision = decide(ask("post_house", POSTAL, "street", channel=channel), facts, document)
    found = decision.reasons if isinstance(decision, Deny) else ()
    return [one.cites for one in found if one.code is ReasonCode.CHANNEL_NOT_ALLOWED]


@pytest.mark.parametrize("channel", SEVERAL)
def test_advertising_without_consent_is_refused_under_the_law_of_its_channel(channel: Channel) -> None:
    """R-DE-UWG-1: no. 1 is about calls, no. 2 about what machines send, and letters need no consent."""
    law = {Channel.POST: [], Channel.PHONE: [("UWG § 7(2) no. 1",)]}.get(channel, [("UWG § 7(2) no. 2",)])
    document = with_purpose(POSTAL, channels=SEVERAL)
    assert of_advertising(channel, document, customer(permissions=())) == law


@pytest.mark.parametrize("asked", [one for one in SEVERAL if one is not Channel.POST])
def test_a_consent_that_named_no_channel_names_the_only_one_of_a_purpose(asked: Channel) -> None:
    """R-DE-DOI-5: where there are two it names neither, in whatever order they are listed."""
    facts = customer(permissions=(permission(POSTAL, channel=Channel.ANY),))
    assert not of_advertising(asked, with_purpose(POSTAL, channels=(asked,)), facts)
    for beside in set(SEVERAL) - {asked}:
        for channels in [(asked, beside), (beside, asked)]:
            assert of_advertising(asked, with_purpose(POSTAL, channels=channels), facts)


@pytest.mark.parametrize("article", list(LegalBasis))
@pytest.mark.parametrize("assessment", ["IA-1", None])
def test_only_a_documented_interest_presumes_consent_and_only_to_calls(
    article: LegalBasis, assessment: str | None
) -> None:
    """R-DE-UWG-2, -3: to a business; the soft opt-in has conditions of its own."""
    free = {Channel.POST}
    if article is LegalBasis.LEGITIMATE_INTERESTS and assessment:
        free |= {Channel.PHONE}
    if article is LegalBasis.SOFT_OPT_IN:
        free |= {Channel.EMAIL, Channel.SMS}
    basis = Basis(article=article, why="test", assessment=assessment, rests_on=(RelationshipKind.CONTRACT,))
    document = with_purpose(POSTAL, channels=SEVERAL, basis=dict.fromkeys(Category, basis))
    facts = customer(permissions=(), kind=SubjectKind.SOLE_TRADER)
    assert {channel for channel in SEVERAL if not of_advertising(channel, document, facts)} == free


@pytest.mark.parametrize(
    ("relationships", "called"),
    [
        ((Relationship(RelationshipKind.CONTRACT, days(9), None),), True),
        ((Relationship(RelationshipKind.CONTRACT, days(9), days(1)),), False),
        ((Relationship(RelationshipKind.ACCOUNT, days(9), None),), False),
        ((), False),
    ],
)
def test_a_business_is_called_while_the_relationship_is_open_that_the_interest_rests_on(
    relationships: tuple[Relationship, ...],
    called: bool,  # noqa: FBT001 - a column
) -> None:
    """R-DE-UWG-2."""
    interest = Basis(
        article=LegalBasis.LEGITIMATE_INTERESTS, why="test", assessment="IA-1", rests_on=(RelationshipKind.CONTRACT,)
    )
    document = with_purpose(POSTAL, channels=SEVERAL, basis=dict.fromkeys(Category, interest))
    facts = customer(permissions=(), kind=SubjectKind.CONTACT_PERSON, relationships=relationships)
    assert bool(of_advertising(Channel.PHONE, document, facts)) is not called


def test_a_message_about_an_order_is_no_advertising() -> None:
    contact = ask("shop", ORDERS, "email", channel=Channel.EMAIL, operation=Operation.CONTACT)
    assert not reasons(decide(contact))
