"""Data reaches a system of somebody else only for purposes that name them as recipient.

Legal: GDPR Art. 13(1)(e), Art. 28(3); C-154/21; R-26/28-1.
"""

from policies.decision import Reason
from policies.documents import Client, Purpose
from policies.vocabulary import ReasonCode

CITES = ("GDPR Art. 13(1)(e)",)


def check_client(client: Client, purpose: Purpose) -> tuple[Reason, ...]:
    """Whether the client is the company's own, or its owner a recipient of this purpose."""
    if client.recipient is None or client.recipient in purpose.recipients:
        return ()
    return (Reason(ReasonCode.RECIPIENT_NOT_ALLOWED, CITES),)
