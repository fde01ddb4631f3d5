"""Channels a purpose may use, and electronic advertising."""

import pytest

from policies.vocabulary import Channel, Operation, ReasonCode
from tests.unit.policies.people import (
    NEWSLETTER,
    ORDERS,
    POSTAL,
    ask,
    customer,
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


def test_a_message_about_an_order_is_no_advertising() -> None:
    contact = ask("shop", ORDERS, "email", channel=Channel.EMAIL, operation=Operation.CONTACT)
    assert not reasons(decide(contact))
