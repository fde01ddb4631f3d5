"""An address is needed for a contact on a channel whose addresses the registry keeps, and for nothing else."""

import pytest

from policies.rules.address import is_needed
from policies.vocabulary import Channel, Operation
from tests.unit.policies.people import NEWSLETTER, ask


@pytest.mark.gdpr("18(1)")
@pytest.mark.parametrize("operation", list(Operation), ids=str)
@pytest.mark.parametrize("channel", [None, *Channel], ids=str)
def test_only_a_contact_needs_an_address(operation: Operation, channel: Channel | None) -> None:
    """R-18-1: whoever counts or reads for a channel writes to nobody."""
    kept = {Channel.EMAIL, Channel.SMS, Channel.PHONE, Channel.POST}
    request = ask("mailer", NEWSLETTER, "email", operation=operation, channel=channel)
    assert is_needed(request) is (operation is Operation.CONTACT and channel in kept)
