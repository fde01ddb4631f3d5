"""Data reaches a system of somebody else only for purposes that name them, under a contract, and safely abroad.

A processor works under a contract (Art. 28(3)), joint controllers under an arrangement (Art. 26), and whoever is
outside the European Economic Area under an instrument of Chapter V. What has ended carries nothing: the last day is the
last day in Germany.

Legal: GDPR Art. 13(1)(e), Art. 26, Art. 28(3), Art. 44; C-154/21; R-26/28-1.
"""

from datetime import date, datetime

from policies.deadlines import local_date
from policies.decision import Reason
from policies.documents import Client, PolicyDocument, Purpose, Recipient
from policies.vocabulary import ReasonCode

CITES = ("GDPR Art. 13(1)(e)", "GDPR Art. 28(3)", "GDPR Art. 26(1)", "GDPR Art. 44")


def check_client(document: PolicyDocument, client: Client, purpose: Purpose) -> tuple[Reason, ...]:
    """Whether the client is the company's own, or its owner a recipient of this purpose with what the law asks for."""
    if client.recipient is None:
        return ()
    owner = document.recipients.get(client.recipient)
    if owner is None or client.recipient not in purpose.recipients:
        return (Reason(ReasonCode.RECIPIENT_NOT_ALLOWED, CITES[:1]),)
    reasons: list[Reason] = []
    if owner.contract is None and owner.role in {"processor", "joint"}:
        reasons.append(Reason(ReasonCode.RECIPIENT_NOT_ALLOWED, _contract(owner)))
    if owner.third_country and owner.transfer is None:
        reasons.append(Reason(ReasonCode.RECIPIENT_NOT_ALLOWED, CITES[3:]))
    return tuple(reasons)


def check_time(owner: Recipient | None, as_of: datetime) -> tuple[Reason, ...]:
    """Whether contract and instrument still run; None = the company's own system."""
    if owner is None:
        return ()
    reasons: list[Reason] = []
    if owner.contract_until is not None and _is_past(owner.contract_until, as_of):
        reasons.append(Reason(ReasonCode.RECIPIENT_NOT_ALLOWED, _contract(owner)))
    if owner.transfer is not None and owner.transfer.until is not None and _is_past(owner.transfer.until, as_of):
        reasons.append(Reason(ReasonCode.RECIPIENT_NOT_ALLOWED, CITES[3:]))
    return tuple(reasons)


def _contract(owner: Recipient) -> tuple[str, ...]:
    return CITES[2:3] if owner.role == "joint" else CITES[1:2]


def _is_past(last_day: date, as_of: datetime) -> bool:
    # Germany is ahead of UTC by less than a day: its date is looked up only where that can make the difference.
    return as_of.date() > last_day or (as_of.date() == last_day and local_date(as_of) > last_day)
