"""Data reaches a system of somebody else only for purposes that name them, under a contract, and safely abroad.

A processor works under a contract (Art. 28(3)), joint controllers under an arrangement (Art. 26), and whoever is
outside the European Economic Area under an instrument of Chapter V. What has ended carries nothing: the last day is the
last day in Germany.

Legal: GDPR Art. 13(1)(e), Art. 26, Art. 28(3), Art. 44; C-154/21; R-26/28-1.
"""

from datetime import datetime

from policies.deadlines import is_past
from policies.decision import Reason
from policies.documents import Client, PolicyDocument, Purpose, Recipient
from policies.vocabulary import ReasonCode

_NAMED, _PROCESSOR, _JOINT, _ABROAD = CITES = (
    "GDPR Art. 13(1)(e)",
    "GDPR Art. 28(3)",
    "GDPR Art. 26(1)",
    "GDPR Art. 44",
)
_NOT_NAMED = Reason(ReasonCode.RECIPIENT_NOT_ALLOWED, (_NAMED,))
_NO_CONTRACT = Reason(ReasonCode.RECIPIENT_NOT_ALLOWED, (_PROCESSOR,))
_NO_ARRANGEMENT = Reason(ReasonCode.RECIPIENT_NOT_ALLOWED, (_JOINT,))
_NO_TRANSFER = Reason(ReasonCode.RECIPIENT_NOT_ALLOWED, (_ABROAD,))
_WITHOUT_CONTRACT = {"processor": _NO_CONTRACT, "joint": _NO_ARRANGEMENT}


def check_client(document: PolicyDocument, client: Client, purpose: Purpose) -> tuple[Reason, ...]:
    """Whether the client is the company's own, or its owner a recipient of this purpose with what the law asks for."""
    if client.recipient is None:
        return ()
    owner = document.recipients.get(client.recipient)
    if owner is None or client.recipient not in purpose.recipients:
        return (_NOT_NAMED,)
    reasons: list[Reason] = []
    if owner.contract is None and owner.role in _WITHOUT_CONTRACT:
        reasons.append(_WITHOUT_CONTRACT[owner.role])
    if owner.third_country and owner.transfer is None:
        reasons.append(_NO_TRANSFER)
    return tuple(reasons)


def check_time(owner: Recipient | None, as_of: datetime) -> tuple[Reason, ...]:
    """Whether contract and instrument still run; None = the company's own system."""
    if owner is None:
        return ()
    reasons: list[Reason] = []
    if owner.contract_until is not None and is_past(owner.contract_until, as_of):
        reasons.append(_WITHOUT_CONTRACT.get(owner.role, _NO_CONTRACT))
    if owner.transfer is not None and owner.transfer.until is not None and is_past(owner.transfer.until, as_of):
        reasons.append(_NO_TRANSFER)
    return tuple(reasons)
