"""A human looks at what a machine decided: asked for by the person, done by somebody who may decide otherwise.

1. The person contests a decision of weight; until a human has decided, machines are refused for that purpose.
2. A reviewer begins: what the purpose may read is read for them, recorded first, and it is stored which rows in which
   versions they saw, and by which versions of policy and models these came about.
3. The reviewer decides, with reasons, on what they saw: what changed meanwhile has to be looked at again.
4. The person is told outcome and reasons. From then on the purpose is open again, on the data that was seen.

A reviewer is a member of staff with the role of decider, and neither answers for a model behind the decision nor
proposed the policy in force. A machine never is one.

Legal: GDPR Art. 22(3), Art. 12(3), (4), Art. 38(6); WP251rev.01; R-22-3, R-22-4.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from audit.columns import whole
from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.documents import PolicyDocument, ScoreModel
from policies.facts import AccessRequest
from policies.vocabulary import ClientCode, EventKind, FieldName, PurposeId, ReasonCode, ReviewOutcome, ReviewState
from registry import letters
from registry.actors import Action, Staff
from registry.context import Caller, Change, Registry
from registry.disclosure import Disclosed, disclose
from registry.errors import (
    ForbiddenError,
    InvalidValueError,
    RequestStateError,
    UnknownRequestError,
    UnknownStaffError,
    UnknownSubjectError,
)
from registry.facts import place_of
from registry.journal import JournalKind
from registry.policy_steps import StepKind
from registry.rights.answer import write_answer, write_letter
from registry.rights.cases import (
    OWN_PURPOSE,
    RequestKind,
    RequestOverview,
    RequestState,
    close,
    entry_of,
    locked,
    open_request,
    overview_of,
)
from registry.staff import account_of
from registry.tables import EventRow, HumanReviewRow, PolicyStepRow, RecordRow, RequestRow, SubjectRow

LONGEST_STATEMENT = 4000
LONGEST_REASON = 2000


async def write_contest(change: Change, subject: SubjectRow, row: RequestRow, purpose: str, statement: str) -> None:
    """Open a review as part of taking the request in; the person's statement is sealed with the case.

    Raises:
        InvalidValueError: when the purpose takes no decision of weight, or the statement is too long.
    """
    declared = change.policy.purposes.get(purpose)
    if declared is None or not declared.significant_decision:
        raise InvalidValueError("only a decision with significant effect can be contested")
    if len(statement) > LONGEST_STATEMENT:
        raise InvalidValueError("statement is too long")
    open_contest(change, row, purpose)
    change.journal(JournalKind.REVIEW, row.subject_id, f"{purpose}:{row.request_id}")
    payload = {"request_id": str(row.request_id), "purpose": purpose, "statement": statement.strip()}
    await write_letter(change, subject, EventKind.REQUEST_WISH, payload)


def open_contest(change: Change, row: RequestRow, purpose: str) -> None:
    """The row that bars machines until a human has decided."""
    change.session.add(
        HumanReviewRow(
            subject_id=row.subject_id,
            request_id=row.request_id,
            purpose=purpose,
            state=ReviewState.OPEN.value,
            opened_at=row.received_at,
        ),
    )


async def begin_review(registry: Registry, caller: Caller, subject_id: UUID, request_id: UUID) -> None:
    """Show a reviewer the case, and store what they saw; begun again, by whomever, it counts anew.

    Raises:
        ForbiddenError: when the caller is no reviewer of this case; recorded.
        UnknownRequestError: no such request, or none for a review.
        RequestStateError: when it is decided, or the data changed while it was read.
        UnknownSubjectError: nobody, or no longer.
    """
    policy = registry.policy
    purpose = (await _open_review(registry, subject_id, request_id)).purpose
    await _check_reviewer(registry, caller, policy, purpose, EventTag.REVIEW_BEGIN)
    fields = fields_of(policy, purpose)
    asked = AccessRequest(ClientCode(caller.client), OWN_PURPOSE, fields)
    (shown,) = await disclose(registry, caller, asked, [subject_id])
    if not isinstance(shown, Disclosed):
        raise UnknownSubjectError("there is nothing to look at")
    async with registry.change() as change:
        await change.lock_subject(subject_id)
        row = await locked(change, subject_id, request_id)
        review = await _locked_review(change, row)
        rows = await _rows(change, subject_id, fields)
        if any(at >= whole(shown.permit.as_of) for _, _, at in rows):
            raise RequestStateError("the data changed while it was read: look again")
        review.reviewer = caller.actor
        review.begun_at = change.now
        review.seen = " ".join(place_of(id_.hex, version) for id_, version, _ in rows if id_ in shown.permit.rows)
        review.explained = " ".join([f"policy:{policy.digest}", *await _models(change, subject_id, fields)])
        change.record(entry_of(EventTag.REVIEW_BEGIN, caller, change.policy, row, shown.permit.fields))


async def decide_review(
    registry: Registry, caller: Caller, subject_id: UUID, request_id: UUID, outcome: ReviewOutcome, reasons: str
) -> RequestOverview:
    """What the human decided about the case they saw; told to the person with its reasons.

    Raises:
        InvalidValueError: without reasons, or with too many.
        ForbiddenError: when the caller is no reviewer of this case; recorded.
        UnknownRequestError: no such request, or none for a review.
        RequestStateError: when it is decided, when this reviewer did not begin it, or when what they saw has changed.
    """
    if not reasons.strip():
        raise InvalidValueError("a review needs its reasons")
    if len(reasons) > LONGEST_REASON:
        raise InvalidValueError("reasons are too long")
    purpose = (await _open_review(registry, subject_id, request_id)).purpose
    await _check_reviewer(registry, caller, registry.policy, purpose, EventTag.REVIEW_DECIDE)
    async with registry.change() as change:
        subject = await change.lock_subject(subject_id)
        row = await locked(change, subject_id, request_id)
        review = await _locked_review(change, row)
        if review.begun_at is None or review.reviewer != caller.actor:
            raise RequestStateError("this reviewer has not looked at the case")
        rows = await _rows(change, subject_id, fields_of(change.policy, purpose))
        if any(at >= review.begun_at for _, _, at in rows):
            raise RequestStateError("the data changed since it was looked at: look again")
        title = change.policy.purposes[PurposeId(purpose)].title
        text = letters.review(change.policy, title, outcome, reasons)
        digest = await write_answer(change, subject, row, text)
        close(change, row, caller, RequestState.FULFILLED)
        review.state, review.outcome, review.decided_at = ReviewState.DECIDED.value, outcome.value, change.now
        change.record(_decided(caller, change, row, outcome, digest))
    return overview_of(row)


async def reviews_of(registry: Registry, subject_id: UUID, purpose: str | None = None) -> Sequence[HumanReviewRow]:
    """The reviews of one person, the newest first; rows stay in the registry."""
    statement = select(HumanReviewRow).where(col(HumanReviewRow.subject_id) == subject_id)
    if purpose is not None:
        statement = statement.where(col(HumanReviewRow.purpose) == purpose)
    async with registry.database.reading() as session:
        found = await session.execute(statement.order_by(col(HumanReviewRow.opened_at).desc()))
        return list(found.scalars())


def fields_of(policy: PolicyDocument, purpose: str) -> tuple[FieldName, ...]:
    """What machines may read to decide under a purpose: what a human has to see."""
    declared = policy.purposes.get(purpose)
    return tuple(FieldName(name) for name in sorted(declared.allowed)) if declared else ()


def models_of(policy: PolicyDocument, purpose: str) -> list[ScoreModel]:
    """The models whose estimates a purpose reads."""
    fields = fields_of(policy, purpose)
    return [model for model in policy.score_models.values() if model.field in fields]


async def _open_review(registry: Registry, subject_id: UUID, request_id: UUID) -> HumanReviewRow:
    overview = await open_request(registry, subject_id, request_id)
    async with registry.database.reading() as session:
        review = await session.get(HumanReviewRow, (subject_id, request_id))
    if overview.kind is not RequestKind.HUMAN_REVIEW or review is None:
        raise UnknownRequestError("this request asks for no review")
    return review


async def _locked_review(change: Change, row: RequestRow) -> HumanReviewRow:
    review = await change.session.get(HumanReviewRow, (row.subject_id, row.request_id))
    if review is None:
        raise UnknownRequestError("this request asks for no review")
    return review


async def _check_reviewer(
    registry: Registry, caller: Caller, policy: PolicyDocument, purpose: str, step: EventTag
) -> None:
    """Whether a human with authority asks, who has no stake in the machine's answer."""
    why = await _unfit(registry, caller, policy, purpose)
    if why is None:
        return
    entry = Entry(
        step,
        Outcome.DENY,
        client=caller.client,
        purpose=OWN_PURPOSE,
        reasons=(ReasonCode.UNAUTHORISED.value,),
        policy=policy.version,
        actor=caller.actor,
    )
    await registry.log.append(entry, None)
    raise ForbiddenError(why)


async def _unfit(registry: Registry, caller: Caller, policy: PolicyDocument, purpose: str) -> str | None:
    if caller.actor is None or caller.role == "client":
        return "a machine reviews nothing"
    try:
        account = await account_of(registry, caller.actor)
    except UnknownStaffError:
        return "only a member of staff reviews"
    if account.disabled_at is not None or not Staff(account.staff_id, account.role).may(Action.DECIDE_REQUEST):
        return "only the controller's decider reviews decisions of machines"
    if account.login.casefold() in {model.owner.casefold() for model in models_of(policy, purpose)}:
        return "nobody reviews what their own model did"
    statement = select(col(PolicyStepRow.number)).where(
        col(PolicyStepRow.digest) == policy.digest,
        col(PolicyStepRow.step) == StepKind.PROPOSE.value,
        col(PolicyStepRow.staff_id) == caller.actor,
    )
    async with registry.database.reading() as session:
        proposed = (await session.execute(statement.limit(1))).first()
    return "nobody reviews under a policy that they proposed" if proposed else None


async def _rows(change: Change, subject_id: UUID, fields: Iterable[str]) -> list[tuple[UUID, int, datetime]]:
    """The rows of these fields on file: id, version, and when the registry last wrote or marked them."""
    names = sorted(fields)
    records = await change.session.execute(
        select(RecordRow).where(col(RecordRow.subject_id) == subject_id, col(RecordRow.field).in_(names))
    )
    events = await change.session.execute(
        select(col(EventRow.event_id), col(EventRow.collected_at)).where(
            col(EventRow.subject_id) == subject_id, col(EventRow.field).in_(names)
        )
    )
    found = [
        (one.record_id, one.version, max(one.collected_at, one.stale_since or one.collected_at))
        for one in records.scalars()
    ]
    return found + [(id_, 1, at) for id_, at in events]


async def _models(change: Change, subject_id: UUID, fields: Iterable[str]) -> list[str]:
    """Which model in which version wrote each estimate, in codes."""
    statement = select(col(RecordRow.field), col(RecordRow.model), col(RecordRow.model_version)).where(
        col(RecordRow.subject_id) == subject_id,
        col(RecordRow.field).in_(sorted(fields)),
        col(RecordRow.model) != "",
    )
    return [f"{field}={model}:{version}" for field, model, version in await change.session.execute(statement)]


def _decided(caller: Caller, change: Change, row: RequestRow, outcome: ReviewOutcome, digest: bytes) -> Entry:
    return Entry(
        EventTag.REVIEW_DECIDE,
        Outcome.DONE,
        client=caller.client,
        purpose=OWN_PURPOSE,
        policy=change.policy.version,
        persons=(PersonRef(row.subject_id, f"{row.kind}:{outcome.value}"),),
        actor=caller.actor,
        ciphertexts=(digest,),
    )
