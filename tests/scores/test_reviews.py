"""A human reviews what a machine decided: stored, with authority, on what they saw, and only then machines go on."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col

from audit.event import EventTag
from audit.log import Filters
from policies.vocabulary import FieldName, Origin, PurposeId, ReviewOutcome, ReviewState
from registry import rights, subjects
from registry.actors import Role
from registry.context import Caller
from registry.disclosure import Disclosed
from registry.errors import ForbiddenError, InvalidValueError, RequestStateError
from registry.export import access_package
from registry.records import GivenValue
from registry.rights import RequestKind, RequestOverview, RequestState, Wish, begin_review, decide_review
from registry.scores import ModelRef
from registry.tables import HumanReviewRow, PolicyStepRow
from tests.house import ANNA, SHOP, House, codes

SALES = Caller("sales")
CREDIT = PurposeId("credit_check")
STATEMENT = "Die Rechnung war bezahlt, bevor gemahnt wurde."
REASONS = "Die Mahnung war ein Irrtum."


async def score(house: House, value: str) -> None:
    """The bureau's answer, written as its registered model."""
    given = GivenValue(
        value,
        CREDIT,
        Origin.THIRD_PARTY,
        observed_at=await house.registry.database.now(),
        model=ModelRef("bureau_score", "2026-1"),
    )
    await subjects.upsert(
        house.registry, SALES, [subjects.GivenSubject("A-1", "shop", values={FieldName("credit_score"): given})]
    )


async def scored(house: House) -> UUID:
    """An adult with an order whom the bureau knows."""
    subject_id = await house.customer(values={**ANNA, "birth_date": "1990-04-01"})
    await score(house, "0.31")
    return subject_id


async def contested(house: House) -> tuple[UUID, RequestOverview]:
    """The same, who wants a human to look at it."""
    subject_id = await scored(house)
    wish = Wish(purpose=CREDIT, statement=STATEMENT)
    return subject_id, await rights.receive_request(house.registry, SHOP, subject_id, RequestKind.HUMAN_REVIEW, wish)


async def read(house: House, subject_id: UUID) -> object:
    """The score as the machine gets it, or the codes of the refusal."""
    outcome = await house.read("sales", CREDIT, ["credit_score"], subject_id)
    return outcome.values[FieldName("credit_score")] if isinstance(outcome, Disclosed) else codes(outcome)


async def review_of(house: House, subject_id: UUID) -> HumanReviewRow:
    async with house.registry.database.reading() as session:
        statement = select(HumanReviewRow).where(col(HumanReviewRow.subject_id) == subject_id)
        return (await session.execute(statement)).scalar_one()


@pytest.mark.gdpr("22(3)")
async def test_only_a_stored_review_opens_the_way_to_machines_and_only_to_what_was_seen(house: House) -> None:
    """R-22-3, R-22-4."""
    registry, decider = house.registry, await house.decider()
    subject_id, request = await contested(house)
    assert request.received_at.date() < request.due_on
    assert await read(house, subject_id) == ["ADM_BLOCKED"]

    await begin_review(registry, decider, subject_id, request.request_id)
    assert await read(house, subject_id) == ["ADM_BLOCKED"], "looking is not deciding"
    outcome = ReviewOutcome.CHANGED
    decided = await decide_review(registry, decider, subject_id, request.request_id, outcome, REASONS)
    assert decided.state is RequestState.FULFILLED
    assert await read(house, subject_id) == "0.31"

    review = await review_of(house, subject_id)
    assert (review.state, review.outcome, review.reviewer) == (ReviewState.DECIDED, outcome, decider.actor)
    assert review.begun_at is not None
    assert review.decided_at is not None
    assert review.explained.split() == [
        f"policy:{registry.policy.digest}",
        "credit_score=bureau_score:2026-1",
    ]
    assert len(review.seen.split()) == 6, "name, address and score; no terms of payment are on file"
    letters = await rights.answers_of(registry, Caller("portal"), subject_id)
    assert REASONS in letters[request.request_id]["de"]
    (shown,) = (await access_package(registry, Caller("portal"), subject_id))["reviews"]
    assert (shown["purpose"], shown["outcome"]) == (CREDIT, "changed")
    for step in (EventTag.REVIEW_BEGIN, EventTag.REVIEW_DECIDE):
        (entry,) = await registry.log.search(Filters(operation=step), 5)
        assert entry.tree["out"] == "done"
        assert {one.person_ref for one in await registry.log.persons_of(entry.index)} == {subject_id, decider.actor}

    await score(house, "0.29")
    assert await read(house, subject_id) == ["ADM_BLOCKED"], "no human has seen this one"
    await house.erase(subject_id)
    assert await rights.reviews_of(registry, subject_id) == []


@pytest.mark.sqlite
async def test_a_review_has_a_beginning_reasons_and_a_subject_that_held_still(sqlite_house: House) -> None:
    """R-22-4."""
    registry, decider = sqlite_house.registry, await sqlite_house.decider()
    subject_id, request = await contested(sqlite_house)
    case = (subject_id, request.request_id)
    for purpose, statement in (("newsletter", ""), ("no_such_purpose", ""), (CREDIT, "x" * 4001)):
        wish = Wish(purpose=PurposeId(purpose), statement=statement)
        with pytest.raises(InvalidValueError):
            await rights.receive_request(registry, SHOP, subject_id, RequestKind.HUMAN_REVIEW, wish)
    with pytest.raises(RequestStateError):
        await decide_review(registry, decider, *case, ReviewOutcome.UPHELD, REASONS)
    await begin_review(registry, decider, *case)
    for reasons in ("", "  ", "x" * 2001):
        with pytest.raises(InvalidValueError):
            await decide_review(registry, decider, *case, ReviewOutcome.UPHELD, reasons)
    with pytest.raises(InvalidValueError):
        await rights.decide_request(registry, decider, *case, accepted=True)
    other = Caller("console", await sqlite_house.account("another", Role.DECIDER), "decider")
    with pytest.raises(RequestStateError):
        await decide_review(registry, other, *case, ReviewOutcome.UPHELD, REASONS)
    await score(sqlite_house, "0.28")
    with pytest.raises(RequestStateError):
        await decide_review(registry, decider, *case, ReviewOutcome.UPHELD, REASONS)
    await begin_review(registry, other, *case)
    await decide_review(registry, other, *case, ReviewOutcome.UPHELD, REASONS)
    assert await read(sqlite_house, subject_id) == "0.28"
    with pytest.raises(RequestStateError):
        await begin_review(registry, decider, *case)


@pytest.mark.sqlite
@pytest.mark.gdpr("38(6)")
async def test_nobody_without_authority_or_with_a_stake_reviews(sqlite_house: House) -> None:
    """R-22-4: no machine, no officer who advises, no owner of the model, nobody who wrote the policy; each recorded."""
    registry = sqlite_house.registry
    subject_id, request = await contested(sqlite_house)
    case = (subject_id, request.request_id)
    dpo = (await sqlite_house.staff(Role.DPO)).staff_id
    owner = await sqlite_house.account("Jonas", Role.DECIDER)
    author = await sqlite_house.account("author", Role.DECIDER)
    step = PolicyStepRow(
        digest=registry.policy.digest,
        number=99,
        step="propose",
        staff_id=author,
        at=await registry.database.now(),
        result="submitted",
        reasons="",
        previous="",
        fingerprint="",
        signature=b"",
    )
    async with registry.database.transaction() as session:
        session.add(step)
    unfit = [
        SALES,
        Caller("sales", uuid4(), "decider"),
        Caller("console", None, "decider"),
        Caller("console", dpo, "dpo"),
        Caller("console", dpo, "decider"),
        Caller("console", owner, "decider"),
        Caller("console", author, "decider"),
    ]
    for caller in unfit:
        with pytest.raises(ForbiddenError):
            await begin_review(registry, caller, *case)
        with pytest.raises(ForbiddenError):
            await decide_review(registry, caller, *case, ReviewOutcome.UPHELD, REASONS)
    for operation in (EventTag.REVIEW_BEGIN, EventTag.REVIEW_DECIDE):
        entries = await registry.log.search(Filters(operation=operation), 20)
        assert [entry.tree["out"] for entry in entries] == ["deny"] * len(unfit)
    assert (await review_of(sqlite_house, subject_id)).begun_at is None
