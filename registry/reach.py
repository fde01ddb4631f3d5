"""How many customers a changed policy would reach or lose: counted before it is decided, by deciding about everybody.

Nothing is opened and nobody is named; what comes out are numbers for each purpose and field.

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
from policies.documents import PolicyDocument
from policies.evaluate import evaluate
from policies.facts import AccessRequest, Facts
from policies.vocabulary import ClientCode, FieldName, PurposeId, SubjectStatus
from registry.context import Caller, Registry
from registry.facts import facts_from
from registry.tables import SubjectRow

PAGE_OF_PEOPLE = 500
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
    asked = {id(document): _questions(document) for document in (old, new) if document is not None}
    gained: Counter[Place] = Counter()
    lost: Counter[Place] = Counter()
    async for facts in _everybody(registry, [one for one in (old, new) if one is not None]):
        before = _reached(old, asked[id(old)], facts) if old is not None else set()
        after = _reached(new, asked[id(new)], facts)
        gained.update(after - before)
        lost.update(before - after)
    return {place: Reach(gained[place], lost[place]) for place in sorted(gained.keys() | lost.keys())}


def _questions(document: PolicyDocument) -> Sequence[AccessRequest]:
    """One question for each purpose that some client may ask: everything it may ever learn."""
    asking: dict[str, str] = {}
    for code, client in document.clients.items():
        for purpose in client.purposes:
            asking.setdefault(purpose, code)
    return [
        AccessRequest(
            ClientCode(code), PurposeId(purpose), tuple(FieldName(name) for name in document.purposes[purpose].allowed)
        )
        for purpose, code in asking.items()
        if document.purposes[purpose].allowed
    ]


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
        gathered = await registry.database.gather(ids, fields, with_events=True, with_reviews=True)
        for id_ in ids:
            yield facts_from(gathered[id_])
        after = ids[-1]
