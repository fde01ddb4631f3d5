"""One customer of the shipped retailer about whom everything is in order, and ways to ask about her.

Tests change one fact at a time with `dataclasses.replace` and look at what becomes of the decision.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from policies.decision import Deny, Permit
from policies.documents import PolicyDocument, Purpose, load
from policies.evaluate import evaluate
from policies.facts import AccessRequest, Address, Delivery, Facts, Item, Objection, Permission, Relationship
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
    ReasonCode,
    RelationshipKind,
    SubjectId,
    SubjectKind,
    SubjectStatus,
    Touchpoint,
)

CATALOGUE = Path(__file__).parents[3] / "policies" / "catalogues"
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SOMEBODY = SubjectId(UUID("6f9f6f0e-0d5b-4a67-9c0f-2f5a0a1c9b11"))
ORDERS = PurposeId("order_fulfilment")
NEWSLETTER = PurposeId("newsletter")
TEXT = "a_text/1"
RECOMMENDATIONS = PurposeId("recommendations")
POSTAL = PurposeId("postal_advertising")
ACCOUNTING = PurposeId("accounting_duty")


@cache
def retailer() -> PolicyDocument:
    return load(CATALOGUE / "retailer.yaml")


def with_purpose(name: str, document: PolicyDocument | None = None, **changes: object) -> PolicyDocument:
    """A document, the retailer's by default, with one purpose changed; the result is not validated again."""
    return with_part("purposes", name, document, **changes)


def with_part(part: str, name: str, document: PolicyDocument | None = None, **changes: object) -> PolicyDocument:
    """A document with one field, recipient or purpose changed; the result is not validated again."""
    document = document or retailer()
    held = getattr(document, part)
    made = type(held[name]).model_construct(**{**dict(held[name]), **changes})  # a copy would keep cached properties
    return document.model_copy(update={part: {**held, name: made}})


def purpose_of(name: str) -> Purpose:
    return retailer().purposes[name]


def days(count: float) -> datetime:
    """The instant so many days before the question."""
    return NOW - timedelta(days=count)


def permission(
    purpose: str = NEWSLETTER,
    state: ConsentState = ConsentState.GIVEN,
    since: datetime | None = None,
    channel: Channel = Channel.EMAIL,
    *,
    explicit: bool = False,
    expires_at: datetime | None = None,
    quoted: str = "",
) -> Permission:
    return Permission(PurposeId(purpose), channel, state, since or days(100), explicit, expires_at, quoted=quoted)


def objection(
    purpose: str | None = None,
    since: datetime | None = None,
    channel: Channel = Channel.ANY,
    state: ObjectionState = ObjectionState.OPEN,
    *,
    direct_marketing: bool = True,
) -> Objection:
    return Objection(direct_marketing, PurposeId(purpose) if purpose else None, channel, state, since or days(1))


def item(
    name: str,
    collected_for: str = ORDERS,
    observed_at: datetime | None = None,
    delete_after: date | None = None,
    number: int = 0,
) -> Item:
    category = retailer().fields[name].category
    row_id = uuid5(SOMEBODY, f"{name} {number}")
    origin = Origin.DERIVED if retailer().fields[name].estimate else Origin.PROVIDED
    at = observed_at or days(30)
    return Item(row_id, FieldName(name), category, PurposeId(collected_for), origin, at, delete_after)


def delivered(*notices: str, at: datetime | None = None, names: frozenset[str] | None = None) -> tuple[Delivery, ...]:
    """Notices that reached her before her first order; each names every purpose unless said otherwise."""
    purposes = frozenset(retailer().purposes) if names is None else names
    return tuple(Delivery(notice, "2026-11-01", purposes, at or days(250)) for notice in notices)


def address(name: str, **changes: Any) -> Address:  # noqa: ANN401 - as of `changed`
    """Where an address came from: her first order in the shop."""
    from_order = Address(FieldName(name), ORDERS, Origin.PROVIDED, Touchpoint.ONLINE_SHOP, days(200))
    return from_order._replace(**changes)


def changed(facts: Facts, **changes: Any) -> Facts:  # noqa: ANN401 - the names of the fields are the caller's
    """The same person with some facts changed."""
    return replace(facts, **changes)


def customer(**changes: object) -> Facts:
    """Adult, with a contract, both consents, the privacy notice and one value of every field."""
    facts = Facts(
        subject_id=SOMEBODY,
        as_of=NOW,
        status=SubjectStatus.ACTIVE,
        kind=SubjectKind.PERSON,
        majority_month=date(2001, 5, 1),
        permissions=(permission(), permission(RECOMMENDATIONS, channel=Channel.ANY, explicit=True, quoted=TEXT)),
        objections=(),
        restrictions=(),
        relationships=(Relationship(RelationshipKind.CONTRACT, days(200), None),),
        notices=delivered("privacy_notice", "newsletter_consent", "recommendations_consent"),
        items=tuple(item(name, collected_for(name)) for name in retailer().fields),
        addresses=(address("email"), address("phone")),
        within_budget=True,
        reviews=(),
    )
    return changed(facts, **changes)


def collected_for(name: str) -> str:
    declared = retailer().fields[name]
    if name == "salutation":
        return NEWSLETTER
    if declared.category is Category.EVIDENCE:
        return "consent_proof"
    return ORDERS if declared.category in {Category.MASTER, Category.TRANSACTIONAL} else RECOMMENDATIONS


def ask(
    client: str,
    purpose: str,
    *fields: str,
    channel: Channel | None = None,
    operation: Operation = Operation.READ,
    case: str | None = None,
) -> AccessRequest:
    names = tuple(FieldName(name) for name in fields)
    return AccessRequest(ClientCode(client), PurposeId(purpose), names, operation, channel, case)


def decide(request: AccessRequest, facts: Facts | None = None, document: PolicyDocument | None = None) -> Permit | Deny:
    return evaluate(request, document or retailer(), facts or customer())


def reasons(decision: Permit | Deny) -> list[ReasonCode]:
    """The grounds of a refusal; none for a permit."""
    return [reason.code for reason in decision.reasons] if isinstance(decision, Deny) else []


NEWSLETTER_READ = ask("mailer", NEWSLETTER, "email", "first_name")
ORDER_READ = ask("shop", ORDERS, "first_name", "street", "purchases")
POSTAL_READ = ask("post_house", POSTAL, "last_name", "street")
RECOMMENDATION_READ = ask("recommender", RECOMMENDATIONS, "purchases", "visits", "income", "purchase_affinity")
INVOICE_READ = ask("accounting", ACCOUNTING, "invoices")
