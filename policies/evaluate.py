"""May this client learn these fields of this person for this purpose, now?

The order of the checks (REQUIREMENTS 2.2): who asks and for what, and whether there is anybody, stop the
decision; of everything after that all reasons are collected, and any one of them refuses. Nothing else in
the product makes a `Permit`.

Legal: GDPR Art. 5(1)(a)-(c), Art. 6.
"""

from collections.abc import Sequence
from uuid import UUID

from policies.decision import Deny, Permit, Reason, Withheld
from policies.documents import PolicyDocument, Purpose
from policies.facts import AccessRequest, Facts, Item
from policies.rules import (
    channel,
    child,
    consent,
    lawful_basis,
    lookback,
    minimisation,
    objection,
    purpose_limitation,
    recipient,
    restriction,
)
from policies.vocabulary import Category, FieldName, LegalBasis, ReasonCode, SubjectStatus

_FAIL_CLOSED = Reason(ReasonCode.FAIL_CLOSED, ("GDPR Art. 5(1)(f)",))


def evaluate_gate(request: AccessRequest, document: PolicyDocument) -> Deny | None:
    """What can be refused without looking at anybody, from client and purpose alone; None = go on."""
    reasons = purpose_limitation.check_gate(request, document)
    if not reasons:
        purpose = document.purposes[request.purpose]
        reasons = (
            *channel.check_request(request, purpose),
            *recipient.check_client(document.clients[request.client], purpose),
        )
    return Deny(None, request.purpose, document.version, reasons) if reasons else None


def evaluate(request: AccessRequest, document: PolicyDocument, facts: Facts) -> Permit | Deny:
    """Decide one question about one person.

    Args:
        request: who asks, for which purpose, for which fields (at least one; repeats count once).
        document: the policy in force.
        facts: the person as of one instant; unknown facts refuse.

    Returns:
        A permit for the rows that may be opened, with the fields withheld by name, or a refusal with all reasons.
    """
    refused = evaluate_gate(request, document)
    if refused is not None:
        return refused
    purpose = document.purposes[request.purpose]
    if not _is_there(purpose, facts):
        return Deny(None, request.purpose, document.version, (Reason(ReasonCode.NO_SUBJECT, ("GDPR Art. 17",)),))

    of_person = objection.check_person(request, purpose, facts)
    of_age = child.check_person(purpose, facts)
    of_basis: dict[Category, tuple[Reason, ...]] = {}
    permitted: list[FieldName] = []
    withheld: list[Withheld] = []
    rows: dict[UUID, FieldName] = {}
    items = _by_field(facts)
    bases: dict[Category, LegalBasis] = {}
    for field in dict.fromkeys(request.fields):
        reasons = minimisation.check_field(document, purpose, field)
        if not reasons:
            category = document.fields[field].category
            if category not in of_basis:
                of_basis[category] = _check_basis(request, purpose, category, facts)
            open_rows, of_items = _check_items(request, purpose, facts, items.get(field, ()), category)
            reasons = (
                *restriction.check_field(purpose, facts, category, field),
                *of_person,
                *of_basis[category],
                *of_age,
                *of_items,
            )
            if not reasons:
                bases[category] = purpose.basis[category].article
                rows.update(dict.fromkeys(open_rows, field))
        if reasons:
            withheld.append(Withheld(field, reasons))
        else:
            permitted.append(field)
    if not permitted:
        reasons = tuple(dict.fromkeys(reason for part in withheld for reason in part.reasons))
        return Deny(
            facts.subject_id,
            request.purpose,
            document.version,
            reasons or (Reason(ReasonCode.MINIMISED, minimisation.CITES),),
            tuple(withheld),
        )
    return Permit(
        subject_id=facts.subject_id,
        purpose=request.purpose,
        policy_version=document.version,
        as_of=facts.as_of,
        fields=tuple(permitted),
        rows=rows,
        bases=bases,
        withheld=tuple(withheld),
    )


def _is_there(purpose: Purpose, facts: Facts) -> bool:
    """Whom an erasure left with documents that law obliges to keep is there for that duty alone."""
    if facts.status is SubjectStatus.RETAINED:
        return all(basis.article is LegalBasis.LEGAL_OBLIGATION for basis in purpose.basis.values())
    return facts.status is SubjectStatus.ACTIVE


def _check_basis(request: AccessRequest, purpose: Purpose, category: Category, facts: Facts) -> tuple[Reason, ...]:
    basis = purpose.basis.get(category)
    if basis is None:
        return (Reason(ReasonCode.NO_BASIS, lawful_basis.CITES[:1]),)
    return (
        *lawful_basis.check_basis(purpose, basis, facts),
        *consent.check_basis(request, purpose, basis, facts),
    )


def _by_field(facts: Facts) -> dict[FieldName, list[Item]]:
    grouped: dict[FieldName, list[Item]] = {}
    for item in facts.items or ():
        grouped.setdefault(item.field, []).append(item)
    return grouped


def _check_items(
    request: AccessRequest, purpose: Purpose, facts: Facts, items: Sequence[Item], category: Category
) -> tuple[list[UUID], tuple[Reason, ...]]:
    """The rows of one field that may be opened; reasons only where there are rows and none may.

    A row stored under another category than the field's was never judged under this basis: it stays closed.
    """
    if facts.items is None:
        return [], (_FAIL_CLOSED,)
    open_rows: list[UUID] = []
    reasons: list[Reason] = []
    for item in items:
        against = _check_item(request, purpose, facts, item) if item.category is category else (_FAIL_CLOSED,)
        if against:
            reasons.extend(against)
        else:
            open_rows.append(item.row_id)
    return open_rows, () if open_rows else tuple(dict.fromkeys(reasons))


def _check_item(request: AccessRequest, purpose: Purpose, facts: Facts, item: Item) -> tuple[Reason, ...]:
    return (
        *purpose_limitation.check_item(request, purpose, item),
        *lookback.check_item(purpose, item, facts.as_of),
    )
