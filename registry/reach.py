"""How many customers a changed policy would reach or lose: counted before it is decided, by deciding about everybody.

Each purpose is asked for as it would be used: with a case where it wants one, in sums where it gives nothing else, and
within the day's number. Nothing is opened and nobody is named; what comes out are numbers for each purpose and field.

Legal: GDPR Art. 5(1)(b), Art. 24(1), Art. 35.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome
from policies.decision import Permit
from policies.documents import PolicyDocument, Purpose
from policies.evaluate import evaluate
from policies.facts import AccessRequest, Facts
from policies.vocabulary import ClientCode, FieldName, Operation, PurposeId, SubjectStatus
from registry.context import Caller, Registry
from registry.facts import addresses_for, facts_from
from registry.tables import SubjectRow

PAGE_OF_PEOPLE = 500
_ANY_CASE = "1"
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reach:
    """Customers who would be reached under the new document and are not under the old one, and the other way round."""

    gained: int
    lost: int


async def count_reach(
    registry: Registry, caller: Caller, old: PolicyDocument | None, new: PolicyDocument
) -> Mapping[Place, Reach]:
    """Count, page by page, what a change of the policy means for active customers; one entry in the log.

    Args:
        registry: the collaborators.
        caller: who wants to know.
        old: the document in force; None = nobody is reached.
        new: the document that would be.

    Returns:
        Gains and losses by (purpose, field); (purpose, "") counts customers of whom any field may be read. Only what
        changes is in it.

    Raises:
        AuditUnavailableError: when it could not be recorded; nothing is told then.
    """
    await registry.log.append(
        Entry(EventTag.POLICY_COUNT, Outcome.DONE, client=caller.client, policy=new.version, actor=caller.actor), None
    )
    then, now = (_as_used(old, new) if old else None), _as_used(new, old)
    asked_then, asked_now = (_questions(then) if then else ()), _questions(now)
    gained: Counter[Place] = Counter()
    lost: Counter[Place] = Counter()
    async for facts in _everybody(registry, [one for one in (then, now) if one]):
        before = _reached(then, asked_then, facts) if then else set()
        after = _reached(now, asked_now, facts)
        gained.update(after - before)
        lost.update(before - after)
    return {place: Reach(gained[place], lost[place]) for place in sorted(gained.keys() | lost.keys())}


def _as_used(document: PolicyDocument, other: PolicyDocument | None) -> PolicyDocument:
    """The document with observed purposes in use, so that whom they would reach is known before they are.

    Observing releases nothing: beside a document in which the purpose is in use already it reaches nobody.
    """
    purposes = dict(document.purposes)
    for name, purpose in document.purposes.items():
        if purpose.state == "observe":
            used = other is not None and name in other.purposes and other.purposes[name].state == "active"
            purposes[name] = purpose.model_copy(update={"state": "inactive" if used else "active"})
    return document.model_copy(update={"purposes": purposes})


def _questions(document: PolicyDocument) -> Sequence[AccessRequest]:
    """One question for each purpose and company whose systems may ask for it: everything it may ever learn."""
    asking: dict[tuple[str, str | None], str] = {}
    for code, client in document.clients.items():
        for name in client.purposes:
            asking.setdefault((name, client.recipient), code)
    return [
        _question(code, name, document.purposes[name])
        for (name, _), code in asking.items()
        if document.purposes[name].allowed
    ]


def _question(client: str, name: str, purpose: Purpose) -> AccessRequest:
    return AccessRequest(
        ClientCode(client),
        PurposeId(name),
        tuple(FieldName(field) for field in purpose.allowed),
        Operation.AGGREGATE if purpose.aggregates_only else Operation.READ,
        case_reference=_ANY_CASE,
    )


def _reached(document: PolicyDocument, questions: Sequence[AccessRequest], facts: Facts) -> set[Place]:
    reached: set[Place] = set()
    for question in questions:
        decision = evaluate(question, document, facts)
        if isinstance(decision, Permit):
            reached |= {(question.purpose, ""), *((question.purpose, field) for field in decision.fields)}
    return reached


async def _everybody(registry: Registry, documents: Sequence[PolicyDocument]) -> AsyncIterator[Facts]:
    """The facts about every active customer, page by page."""
    fields = frozenset(name for document in documents for name in document.fields)
    addresses = frozenset[str]().union(*(addresses_for(one, name) for one in documents for name in one.purposes))
    after = UUID(int=0)
    while True:
        page = (
            select(col(SubjectRow.subject_id))
            .where(col(SubjectRow.status) == SubjectStatus.ACTIVE.value, col(SubjectRow.subject_id) > after)
            .order_by(col(SubjectRow.subject_id))
            .limit(PAGE_OF_PEOPLE)
        )
        async with registry.database.reading() as session:
            ids = list((await session.execute(page)).scalars())
        if not ids:
            return
        gathered = await registry.database.gather(ids, fields, with_events=True, addresses=addresses, with_reviews=True)
        for id_ in ids:
            yield facts_from(gathered[id_], within_budget=True)
        after = ids[-1]
