"""May this client learn these fields of this person for this purpose, now?

The order of the checks (REQUIREMENTS 2.2): who asks and for what, and whether there is anybody, stop the
decision; of everything after that all reasons are collected, and any one of them refuses: what forbids beats what
permits, in whatever order the rules are asked. Reasons are told in the order of the checks. Nothing else in the product
makes a `Permit`.

Legal: GDPR Art. 5(1)(a)-(c), Art. 6.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from uuid import UUID

from policies.compiled import FieldTable, Kind, PurposeTable, Question, compiled
from policies.decision import Deny, Observed, Permit, Reason, Withheld
from policies.documents import Basis, PolicyDocument, Purpose
from policies.facts import AccessRequest, Facts, Item
from policies.rules import (
    accuracy,
    address,
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
_NOT_ASKED = object()
_withheld = partial(tuple.__new__, Withheld)  # of a pair; calling the class is what a refusal would spend most time on
_RANK = {code: rank for rank, code in enumerate(ReasonCode)}

Reasons = tuple[Reason, ...]


@dataclass(slots=True)  # not frozen: one is made for every question, and never leaves this module and the rules
class Case:
    """One question about one person."""

    request: AccessRequest
    table: PurposeTable
    purpose: Purpose
    facts: Facts
    of_basis: dict[Category, Reasons] = field(default_factory=dict)


def _basis(case: Case, kind: Kind) -> Reasons:
    """Every category that a field touches, its own and those it is worked out from, needs its basis."""
    found: list[Reason] = []
    for category in kind.categories:
        first = case.table.alike[category]
        known = case.of_basis.get(first)
        if known is None:
            known = case.of_basis[first] = _of_basis(case, case.purpose.basis[first])
        found += known
    return tuple(found)


def _of_basis(case: Case, basis: Basis) -> Reasons:
    return (
        *lawful_basis.check_basis(case.request, case.purpose, basis, case.facts),
        *soft_opt_in.check_basis(case.request, case.purpose, basis, case.facts, case.table.sale),
        *consent.check_basis(case.request, case.purpose, basis, case.facts),
    )


def _restriction(case: Case, one: FieldTable) -> Reasons:
    own = case.purpose.basis.get(one.category) if one.category else None
    return restriction.check_field(case.request, case.purpose, own, case.facts, one.places)


OF_PERSON: tuple[Callable[[Case], Reasons], ...] = (
    lambda case: objection.check_person(case.request, case.purpose, case.facts),
    lambda case: channel.check_person(case.request, case.purpose, case.facts),
    lambda case: child.check_person(case.request, case.purpose, case.facts),
    lambda case: automated_decision.check_person(case.request, case.purpose, case.facts),
    lambda case: recipient.check_time(case.table.owner, case.facts.as_of),
    lambda case: budget.check_person(case.table.subjects_per_day, case.facts),
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
    return table if isinstance(table, Deny) else _decide(table, request, document, facts)


def is_observed(request: AccessRequest, document: PolicyDocument) -> bool:
    """Whether a question that `evaluate_gate` refuses is refused only because its purpose is in observe mode."""
    return not isinstance(compiled(document).gate(request, observing=True), Deny)


def observe(request: AccessRequest, document: PolicyDocument, facts: Facts) -> Observed:
    """What a question would come to if its purpose were active, not only observed: for the log, never for the asker.

    Arguments as `evaluate`. No permit leaves here, so that nothing can be opened with the answer.
    """
    table = compiled(document).gate(request, observing=True)
    found = table if isinstance(table, Deny) else _decide(table, request, document, facts)
    if isinstance(found, Permit):
        return Observed(found.subject_id, found.fields, ())
    return Observed(found.subject_id, (), found.reasons)


def _decide(table: PurposeTable, request: AccessRequest, document: PolicyDocument, facts: Facts) -> Permit | Deny:
    if not _is_there(table, facts):
        return Deny(None, request.purpose, document.version, (_NO_SUBJECT,))
    case = Case(request, table, table.purpose, facts)
    question = table.asked(request.fields)
    of_person = [reason for rule in OF_PERSON for reason in rule(case)]
    of_kind = {kind: _of_kind(case, kind) for kind in question.kinds}
    rows, of_items = _judge_items(case, question)
    decision: Permit | Deny
    if of_person or of_items or any(of_kind.values()) or facts.restrictions != () or not question.unopposed:
        decision = _field_by_field(case, document, question, rows, _Against(of_person, of_kind, of_items))
    else:
        decision = _permit(case, document, question.names, rows, question.bases, question.withheld)
    if isinstance(decision, Permit) and address.is_needed(request):
        return _with_address(case, document, question, decision)
    return decision


def beyond_budget(decision: Permit | Deny) -> Deny:
    """The refusal of somebody against whom the day's number of people speaks, beside whatever else does."""
    if isinstance(decision, Deny):
        reasons = _in_order((*decision.reasons, budget.USED_UP))
        return Deny(decision.subject_id, decision.purpose, decision.policy_version, reasons, decision.withheld)
    withheld = (*decision.withheld, *[_withheld((name, (budget.USED_UP,))) for name in decision.fields])
    told = _in_order(tuple(chain.from_iterable({part.reasons for part in withheld})))
    return Deny(decision.subject_id, decision.purpose, decision.policy_version, told, withheld)


@dataclass(slots=True)
class _Against:
    """What was found against all fields, against those of a kind, and against the values of a field."""

    of_person: list[Reason]
    of_kind: Mapping[Kind, Reasons]
    of_items: Mapping[FieldName, Reasons]


def _field_by_field(
    case: Case, document: PolicyDocument, question: Question, rows: dict[UUID, FieldName], against: _Against
) -> Permit | Deny:
    own = _of_fields(case, question, against.of_items)
    if against.of_person or any(against.of_kind.values()):
        shared = {kind: _in_order((*of_kind, *against.of_person)) for kind, of_kind in against.of_kind.items()}
        barred = {name: shared[one.kind] for name, one in question.readable if shared[one.kind] or name in own}
        barred |= {name: _in_order((*reasons, *barred[name])) for name, reasons in own.items()}
    else:
        barred = {name: _in_order(own[name]) for name in question.names if name in own}
    withheld = (*question.withheld, *map(_withheld, barred.items()))
    permitted = tuple([name for name in question.names if name not in barred])
    if not permitted:
        return _deny(case, document, withheld)
    rows = {row_id: name for row_id, name in rows.items() if name not in barred}
    bases = {category: question.bases[category] for category in map(question.categories.__getitem__, permitted)}
    return _permit(case, document, permitted, rows, bases, withheld)


def _with_address(case: Case, document: PolicyDocument, question: Question, permit: Permit) -> Permit | Deny:
    """A contact that lacks its address is refused as a whole: what else may be read is of no use to it."""
    addresses = address.fields_of(document, case.request.channel, question.names)
    against = _in_order(address.check_contact(case.request, addresses, permit, case.facts))
    if not against:
        return permit
    own = dict(permit.withheld)
    of_fields = {name: own.get(name, against) for name in question.names}
    return _deny(case, document, (*question.withheld, *map(_withheld, of_fields.items())))


def _deny(case: Case, document: PolicyDocument, withheld: tuple[Withheld, ...]) -> Deny:
    reasons = _in_order(tuple(chain.from_iterable({part.reasons for part in withheld}))) or (minimisation.NOT_NEEDED,)
    return Deny(case.facts.subject_id, case.request.purpose, document.version, reasons, withheld)


def _of_fields(case: Case, question: Question, of_items: Mapping[FieldName, Reasons]) -> Mapping[FieldName, Reasons]:
    """What speaks against single fields: whoever the person is, in their values, or because of a restriction."""
    if question.unopposed and case.facts.restrictions == ():
        return of_items
    found = {name: (*one.against, *of_items.get(name, ()), *_restriction(case, one)) for name, one in question.readable}
    return {name: reasons for name, reasons in found.items() if reasons}


def _permit(
    case: Case,
    document: PolicyDocument,
    fields: tuple[FieldName, ...],
    rows: dict[UUID, FieldName],
    bases: Mapping[Category, LegalBasis],
    withheld: tuple[Withheld, ...],
) -> Permit:
    return Permit(
        subject_id=case.facts.subject_id,
        purpose=case.request.purpose,
        policy_version=document.version,
        as_of=case.facts.as_of,
        fields=fields,
        rows=rows,
        bases=bases,
        withheld=withheld,
    )


def _of_kind(case: Case, kind: Kind) -> Reasons:
    found: list[Reason] = []
    for rule in OF_KIND:
        found += rule(case, kind)
    return tuple(found)


def _in_order(reasons: Reasons) -> Reasons:
    """Each reason once, in the order of the checks."""
    return tuple(sorted(dict.fromkeys(reasons), key=_rank)) if reasons[1:] else reasons


def _rank(reason: Reason) -> tuple[int, tuple[str, ...]]:
    return _RANK[reason.code], reason.cites


def _is_there(table: PurposeTable, facts: Facts) -> bool:
    """Whom an erasure left with documents that law obliges to keep is there for that duty alone."""
    return facts.status is SubjectStatus.ACTIVE or (facts.status is SubjectStatus.RETAINED and table.duty)


def _judge_items(case: Case, question: Question) -> tuple[dict[UUID, FieldName], dict[FieldName, Reasons]]:
    """The rows that may be opened, and what speaks against the fields that have rows but none that may.

    A row stored under another category than the field's was never judged under this basis: it stays closed.
    """
    facts, categories = case.facts, question.categories
    if facts.items is None:
        return {}, dict.fromkeys(categories, (_FAIL_CLOSED,))
    items: Sequence[Item] = facts.items
    misplaced: dict[int, Reason] = {}
    if [item for item in items if categories.get(item.field, _NOT_ASKED) is not item.category]:
        items = [item for item in items if item.field in categories]
        misplaced = {n: _FAIL_CLOSED for n, item in enumerate(items) if item.category is not categories[item.field]}
    foreign = purpose_limitation.check_items(case.purpose, items, case.table.serving(facts.as_of))
    old = lookback.check_items(case.purpose, items, facts.as_of)
    stale = accuracy.check_items(case.purpose, items) if question.scored else {}
    if not (misplaced or foreign or old or stale):
        return {item.row_id: item.field for item in items}, {}
    barred: dict[int, list[Reason]] = {}
    for found in (misplaced, foreign, old, stale):
        for place, reason in found.items():
            barred.setdefault(place, []).append(reason)
    rows = {item.row_id: item.field for place, item in enumerate(items) if place not in barred}
    closed: dict[FieldName, list[Reason]] = {}
    for place, reasons in barred.items():
        closed.setdefault(items[place].field, []).extend(reasons)
    opened = frozenset(rows.values())
    return rows, {name: tuple(reasons) for name, reasons in closed.items() if name not in opened}
