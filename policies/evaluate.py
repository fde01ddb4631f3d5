"""May this client learn these fields of this person for this purpose, now?

The order of the checks (REQUIREMENTS 2.2): who asks and for what, and whether there is anybody, stop the
decision; of everything after that all reasons are collected, and any one of them refuses: what forbids beats what
permits, in whatever order the rules are asked. Reasons are told in the order of the checks. Nothing else in the product
makes a `Permit`.

Legal: GDPR Art. 5(1)(a)-(c), Art. 6.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from policies.compiled import FieldTable, Kind, PurposeTable, compiled
from policies.decision import Deny, Permit, Reason, Withheld
from policies.documents import PolicyDocument, Purpose
from policies.facts import AccessRequest, Facts, Item
from policies.rules import (
    automated_decision,
    budget,
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
    soft_opt_in,
    special_category,
)
from policies.vocabulary import Category, FieldName, LegalBasis, ReasonCode, SubjectStatus

_FAIL_CLOSED = Reason(ReasonCode.FAIL_CLOSED, ("GDPR Art. 5(1)(f)",))
_NO_SUBJECT = Reason(ReasonCode.NO_SUBJECT, ("GDPR Art. 17",))
_NOTHING_ASKED = Reason(ReasonCode.MINIMISED, minimisation.CITES[:1])
_RANK = {code: rank for rank, code in enumerate(ReasonCode)}

Reasons = tuple[Reason, ...]


@dataclass(slots=True)
class Case:
    """One question about one person, while it is being decided."""

    request: AccessRequest
    table: PurposeTable
    purpose: Purpose
    facts: Facts
    serving: frozenset[str]
    items: dict[FieldName, list[Item]]
    of_kind: dict[Kind, Reasons] = field(default_factory=dict)


def _basis(case: Case, kind: Kind) -> Reasons:
    """Every category that a field touches, its own and those it is worked out from, needs its basis."""
    found: list[Reason] = []
    for category in kind.categories:
        basis = case.purpose.basis[category]
        found += lawful_basis.check_basis(case.request, case.purpose, basis, case.facts)
        found += soft_opt_in.check_basis(case.request, case.purpose, basis, case.facts, case.table.sale)
        found += consent.check_basis(case.request, case.purpose, basis, case.facts)
    return tuple(found)


def _restriction(case: Case, one: FieldTable) -> Reasons:
    own = case.purpose.basis.get(one.category) if one.category else None
    return restriction.check_field(case.request, case.purpose, own, case.facts, one.places)


OF_PERSON: tuple[Callable[[Case], Reasons], ...] = (
    lambda case: objection.check_person(case.request, case.purpose, case.facts),
    lambda case: channel.check_person(case.request, case.purpose, case.facts),
    lambda case: child.check_person(case.purpose, case.facts),
    lambda case: automated_decision.check_person(case.request, case.purpose, case.facts),
    lambda case: recipient.check_time(case.table.owner, case.facts.as_of),
    lambda case: budget.check_person(case.purpose, case.facts),
)
OF_KIND: tuple[Callable[[Case, Kind], Reasons], ...] = (
    _basis,
    lambda case, kind: special_category.check_field(case.request, case.purpose, kind.condition, case.facts),
)


def evaluate_gate(request: AccessRequest, document: PolicyDocument) -> Deny | None:
    """What can be refused without looking at anybody, from client and purpose alone; None = go on."""
    gate = compiled(document).gate(request)
    return gate if isinstance(gate, Deny) else None


def evaluate(request: AccessRequest, document: PolicyDocument, facts: Facts) -> Permit | Deny:
    """Decide one question about one person.

    Args:
        request: who asks, for which purpose, for which fields (at least one; repeats count once).
        document: the policy in force.
        facts: the person as of one instant; unknown facts refuse.

    Returns:
        A permit for the rows that may be opened, with the fields withheld by name, or a refusal with all reasons.
    """
    table = compiled(document).gate(request)
    if isinstance(table, Deny):
        return table
    if not _is_there(table, facts):
        return Deny(None, request.purpose, document.version, (_NO_SUBJECT,))
    case = Case(request, table, table.purpose, facts, table.serving(facts.as_of), _by_field(facts))
    of_person: list[Reason] = []
    for rule in OF_PERSON:
        of_person += rule(case)
    return _decide(case, document, of_person)


def _decide(case: Case, document: PolicyDocument, of_person: list[Reason]) -> Permit | Deny:
    permitted: list[FieldName] = []
    withheld: list[Withheld] = []
    rows: dict[UUID, FieldName] = {}
    bases: dict[Category, LegalBasis] = {}
    request, version, unrestricted = case.request, document.version, case.facts.restrictions == ()
    for name, one in case.table.asked(request.fields):
        category = one.category
        reasons: list[Reason] = []
        if category is not None:
            of_kind = case.of_kind.get(one.kind)
            if of_kind is None:
                of_kind = case.of_kind[one.kind] = _of_kind(case, one.kind)
            open_rows, of_items = _check_items(case, case.items.get(name, ()), category)
            of_field = () if unrestricted else _restriction(case, one)
            if not (one.against or of_kind or of_person or of_items or of_field):
                permitted.append(name)
                if category not in bases:
                    bases[category] = case.purpose.basis[category].article
                for row_id in open_rows:
                    rows[row_id] = name
                continue
            reasons = [*of_field, *of_kind, *of_person, *of_items]
        withheld.append(Withheld(name, _in_order([*one.against, *reasons])))
    if not permitted:
        every = [reason for part in withheld for reason in part.reasons]
        told = _in_order(every) if every else (_NOTHING_ASKED,)
        return Deny(case.facts.subject_id, request.purpose, version, told, tuple(withheld))
    return Permit(
        subject_id=case.facts.subject_id,
        purpose=request.purpose,
        policy_version=version,
        as_of=case.facts.as_of,
        fields=tuple(permitted),
        rows=rows,
        bases=bases,
        withheld=tuple(withheld),
    )


def _of_kind(case: Case, kind: Kind) -> Reasons:
    found: list[Reason] = []
    for rule in OF_KIND:
        found += rule(case, kind)
    return tuple(found)


def _in_order(reasons: Iterable[Reason]) -> Reasons:
    """Each reason once, in the order of the checks."""
    return tuple(sorted(dict.fromkeys(reasons), key=_rank))


def _rank(reason: Reason) -> tuple[int, tuple[str, ...]]:
    return _RANK[reason.code], reason.cites


def _is_there(table: PurposeTable, facts: Facts) -> bool:
    """Whom an erasure left with documents that law obliges to keep is there for that duty alone."""
    if facts.status is SubjectStatus.RETAINED:
        return table.duty
    return facts.status is SubjectStatus.ACTIVE


def _by_field(facts: Facts) -> dict[FieldName, list[Item]]:
    grouped: dict[FieldName, list[Item]] = {}
    for item in facts.items or ():
        held = grouped.get(item.field)
        if held is None:
            grouped[item.field] = [item]
        else:
            held.append(item)
    return grouped


def _check_items(case: Case, items: Sequence[Item], category: Category) -> tuple[list[UUID], Reasons]:
    """The rows of one field that may be opened; reasons only where there are rows and none may.

    A row stored under another category than the field's was never judged under this basis: it stays closed.
    """
    if case.facts.items is None:
        return [], (_FAIL_CLOSED,)
    open_rows: list[UUID] = []
    reasons: list[Reason] = []
    for item in items:
        if item.category is not category:
            reasons.append(_FAIL_CLOSED)
            continue
        foreign = purpose_limitation.check_item(case.purpose, item, case.serving)
        old = lookback.check_item(case.purpose, item, case.facts.as_of)
        if foreign or old:
            reasons += (*foreign, *old)
        else:
            open_rows.append(item.row_id)
    return open_rows, () if open_rows else tuple(reasons)
