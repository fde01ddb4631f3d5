"""Imagines a person for one purpose about whom all is in order but one thing, to try a policy document on.

Nobody real is read: the facts are made up from the document, in the one place where facts are made.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from policies.coverage import PERMIT, Cell, State
from policies.decision import Permit
from policies.documents import PolicyDocument
from policies.evaluate import evaluate
from policies.facts import (
    AccessRequest,
    Address,
    Delivery,
    Facts,
    Item,
    Objection,
    Permission,
    Relationship,
    Restriction,
)
from policies.periods import minus, plus
from policies.rules.soft_opt_in import terms_of
from policies.vocabulary import (
    Category,
    Channel,
    ClientCode,
    ConsentState,
    FieldName,
    ObjectionState,
    Operation,
    Origin,
    PurposeId,
    RelationshipKind,
    SubjectKind,
    SubjectStatus,
    Touchpoint,
)
from registry.database import Gathered, StoredValue, Versions
from registry.facts import facts_from

_NOBODY = UUID("00000000-0000-4000-8000-000000000000")
_LONG_AGO = timedelta(days=30)
_ADULT = "P40Y"
_ELSEWHERE = PurposeId("elsewhere")


def come_to(document: PolicyDocument, cell: Cell, at: datetime) -> str:
    """What the document comes to in one cell at an instant (aware, UTC): PERMIT, or codes joined by `+`."""
    request = _question(document, cell)
    decision = evaluate(request, document, person_in(document, cell, at))
    if isinstance(decision, Permit) and not decision.withheld:
        return PERMIT
    reasons = [reason for part in decision.withheld for reason in part.reasons]
    reasons = reasons if isinstance(decision, Permit) else list(decision.reasons)
    return "+".join(dict.fromkeys(reason.code.value for reason in reasons))


def person_in(document: PolicyDocument, cell: Cell, at: datetime) -> Facts:
    """The imagined person of one cell."""
    in_order = _in_order(document, cell, at)
    if cell.state is State.UNKNOWN_FACTS:
        facts = facts_from(in_order)
        return replace(
            facts,
            permissions=None,
            objections=None,
            restrictions=None,
            relationships=None,
            notices=None,
            items=None,
            addresses=None,
            reviews=None,
        )
    return facts_from(_DIFFERENT[cell.state](in_order), within_budget=True)


def _question(document: PolicyDocument, cell: Cell) -> AccessRequest:
    purpose = document.purposes[cell.purpose]
    client = next(code for code, client in document.clients.items() if cell.purpose in client.purposes)
    names = tuple(FieldName(name) for name in purpose.fields[cell.category])
    operation = Operation.AGGREGATE if purpose.aggregates_only else Operation.READ
    return AccessRequest(ClientCode(client), cell.purpose, names, operation, case_reference="1")


def _in_order(document: PolicyDocument, cell: Cell, at: datetime) -> Gathered:
    purpose = document.purposes[cell.purpose]
    since = at - _LONG_AGO
    sale = terms_of(document)
    sold_for = PurposeId(next(iter(sorted(sale.of_sales)), ""))
    return Gathered(
        subject_id=_NOBODY,
        now=at,
        versions=Versions("", 0, 0),
        status=SubjectStatus.ACTIVE,
        kind=SubjectKind.PERSON,
        majority_month=_month(minus(at, _ADULT)),
        values=tuple(
            StoredValue(
                Item(
                    uuid5(_NOBODY, name),
                    FieldName(name),
                    cell.category,
                    cell.purpose,
                    Origin.PROVIDED,
                    at - timedelta(days=1),
                    None,
                ),
                1,
                1,
                b"",
            )
            for name in purpose.fields[cell.category]
        ),
        permissions=tuple(
            Permission(cell.purpose, channel, ConsentState.GIVEN, since, explicit=True)
            for channel in purpose.channels or (Channel.ANY,)
        ),
        relationships=tuple(Relationship(kind, since, None) for kind in RelationshipKind),
        notices=(Delivery(purpose.notice or "", "1", frozenset({cell.purpose}), since),),
        addresses=tuple(
            Address(FieldName(name), sold_for, Origin.PROVIDED, Touchpoint.ONLINE_SHOP, since)
            for names in sale.addresses.values()
            for name in sorted(names)
        ),
        reviews=(),
    )


def _month(day: datetime) -> date:
    return day.date().replace(day=1)


def _items(found: Gathered, **changes: object) -> Gathered:
    values = [one._replace(item=one.item._replace(**changes)) for one in found.values]  # type: ignore[arg-type]  # by name
    return replace(found, values=tuple(values))


def _consent(found: Gathered, **changes: object) -> Gathered:
    return replace(found, permissions=tuple(replace(one, **changes) for one in found.permissions))  # type: ignore[arg-type]  # by name


def _aged(found: Gathered, years: int) -> Gathered:
    """Not yet so old, by a month: their coming of age lies that much ahead."""
    return replace(found, majority_month=_month(plus(found.now, f"P{18 - years}Y")))


def _objected(found: Gathered, *, to_purpose: bool) -> Gathered:
    purpose = found.values[0].item.collected_for
    objection = Objection(not to_purpose, purpose if to_purpose else None, Channel.ANY, ObjectionState.OPEN, found.now)
    return replace(found, objections=(objection,))


def _spoiled(found: Gathered) -> Gathered:
    """What scores were made of was corrected since."""
    values = [one._replace(item=one.item._replace(stale=one.item.category is Category.SCORE)) for one in found.values]
    return replace(found, values=tuple(values))


_DIFFERENT: dict[State, Callable[[Gathered], Gathered]] = {
    State.IN_ORDER: lambda found: found,
    State.ERASED: lambda found: replace(found, status=SubjectStatus.ERASED),
    State.RETAINED: lambda found: replace(found, status=SubjectStatus.RETAINED),
    State.RESTRICTED: lambda found: replace(found, restrictions=(Restriction(None, None, found.now),)),
    State.OBJECTED_TO_ADVERTISING: lambda found: _objected(found, to_purpose=False),
    State.OBJECTED_TO_PURPOSE: lambda found: _objected(found, to_purpose=True),
    State.NO_RELATIONSHIP: lambda found: replace(found, relationships=()),
    State.RELATIONSHIP_ENDED: lambda found: replace(
        found, relationships=tuple(replace(one, closed_at=found.now) for one in found.relationships)
    ),
    State.CONSENT_MISSING: lambda found: replace(found, permissions=()),
    State.CONSENT_NOT_EXPLICIT: lambda found: _consent(found, explicit=False),
    State.CONSENT_WITHDRAWN: lambda found: _consent(found, state=ConsentState.WITHDRAWN),
    State.CONSENT_EXPIRED: lambda found: _consent(found, expires_at=found.now),
    State.NOT_INFORMED: lambda found: replace(found, notices=()),
    State.FIFTEEN: lambda found: _aged(found, 16),
    State.SEVENTEEN: lambda found: _aged(found, 18),
    State.AGE_UNKNOWN: lambda found: replace(found, majority_month=None),
    State.OLD_DATA: lambda found: _items(found, observed_at=minus(found.now, "P10Y")),
    State.RETENTION_OVER: lambda found: _items(found, delete_after=found.now.date() - timedelta(days=1)),
    State.FOREIGN_DATA: lambda found: _items(found, collected_for=_ELSEWHERE),
    State.STALE_SCORE: _spoiled,
}
