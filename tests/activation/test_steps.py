"""How a policy comes into force, and everything that stands against a step. R-38-1, R-AUD-2."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from policies.documents import PolicyDocument, PolicyDocumentError
from registry.activation import NotTaken, Taken, advise, decide, propose, review
from registry.activation_bars import LONGEST_REASONS, Against
from registry.actors import Role
from registry.policy_history import policy_of, versions
from registry.policy_steps import Standing
from registry.signing_keys import enrol_key, keys_of, retire_key
from tests.boards import SHIPPED, Board, board_of, document, with_state
from tests.house import House

pytestmark = [pytest.mark.gdpr("38(6)"), pytest.mark.sqlite]
WHY = "The balancing leaves out people who never bought anything."


@pytest.fixture
def house(sqlite_house: House) -> House:
    """What stands against a step does not depend on the engine."""
    return sqlite_house


@pytest.fixture
async def board(house: House) -> Board:
    return await board_of(house)


def against(outcome: Taken | NotTaken) -> set[Against]:
    return set(outcome.reasons) if isinstance(outcome, NotTaken) else set()


async def test_what_setup_put_in_force_says_so_and_people_can_take_it_over(board: Board, house: House) -> None:
    (first,) = await versions(house.registry)
    assert (first.standing, first.in_force) == (Standing.FOUNDED, True)
    assert [step.staff_id for step in first.steps] == [None]
    await board.put_in_force(SHIPPED)
    (first,) = await versions(house.registry)
    assert (first.standing, first.in_force) == (Standing.DECIDED, True)


async def test_an_objection_of_the_dpo_does_not_block_but_is_answered(board: Board, house: House) -> None:
    source = document("2")
    await board.propose(source)
    await board.review(source)
    assert against(await board.advise(source, objects=True)) == {Against.REASONS_MISSING}
    assert isinstance(await board.advise(source, objects=True, reasons=WHY), Taken)
    assert against(await board.decide(source)) == {Against.OPINION_UNANSWERED}
    assert house.registry.policy.version != "2"
    assert isinstance(await board.decide(source, reasons="We limit it to customers of the last year."), Taken)
    assert house.registry.policy.version == "2"


async def test_an_objection_of_legal_review_returns_the_document(board: Board) -> None:
    source = document("2")
    await board.propose(source)
    assert against(await board.review(source, objects=True)) == {Against.REASONS_MISSING}
    returned = await board.review(source, objects=True, reasons=WHY)
    assert isinstance(returned, Taken)
    assert returned.standing is Standing.RETURNED
    assert against(await board.advise(source)) == {Against.OUT_OF_ORDER}
    assert isinstance(await board.propose(source), Taken)


async def test_a_rejection_needs_reasons_and_leaves_the_policy(board: Board, house: House) -> None:
    source = document("2")
    await board.to_advised(source)
    assert against(await board.decide(source, accepts=False)) == {Against.REASONS_MISSING}
    assert against(await board.decide(source, reasons="x" * (LONGEST_REASONS + 1))) == {Against.REASONS_MISSING}
    rejected = await board.decide(source, accepts=False, reasons=WHY)
    assert isinstance(rejected, Taken)
    assert rejected.standing is Standing.REJECTED
    assert house.registry.policy.digest == (await policy_of(house.registry, "2026-11-01")).digest


Step = Callable[[Board, bytes], Awaitable[Taken | NotTaken]]
STEPS: dict[str, Step] = {
    "propose": lambda board, source: board.propose(source),
    "review": lambda board, source: board.review(source),
    "advise": lambda board, source: board.advise(source),
    "decide": lambda board, source: board.decide(source, reasons=WHY),
}
TURNS: dict[str, Step] = {
    **STEPS,
    "return": lambda board, source: board.review(source, objects=True, reasons=WHY),
    "object": lambda board, source: board.advise(source, objects=True, reasons=WHY),
    "reject": lambda board, source: board.decide(source, accepts=False, reasons=WHY),
}
ORDER, NEVER = {Against.OUT_OF_ORDER}, {Against.UNKNOWN_DOCUMENT}
# The people of a round's steps took one already.
AGAIN = {Against.OUT_OF_ORDER, Against.SAME_PERSON}
TABLE: list[tuple[Sequence[str], dict[str, set[Against]]]] = [
    ([], {"propose": set(), "review": NEVER, "advise": NEVER, "decide": NEVER}),
    (["propose"], {"propose": ORDER, "review": set(), "advise": ORDER, "decide": ORDER}),
    (["propose", "return"], {"propose": set(), "review": AGAIN, "advise": ORDER, "decide": ORDER}),
    (["propose", "review"], {"propose": ORDER, "review": AGAIN, "advise": set(), "decide": ORDER}),
    (["propose", "review", "advise"], {"propose": ORDER, "review": AGAIN, "advise": AGAIN, "decide": set()}),
    (["propose", "review", "object"], {"propose": ORDER, "review": AGAIN, "advise": AGAIN, "decide": set()}),
    (["propose", "review", "advise", "reject"], {"propose": set(), "review": AGAIN, "advise": AGAIN, "decide": AGAIN}),
    (
        ["propose", "review", "advise", "decide"],
        {"propose": {Against.IN_FORCE_ALREADY}, "review": AGAIN, "advise": AGAIN, "decide": AGAIN},
    ),
]


async def test_every_step_has_its_place(board: Board) -> None:
    for number, (before, expected) in enumerate(TABLE):
        source = document(f"table-{number}")
        for step in before:
            assert isinstance(await TURNS[step](board, source), Taken), (before, step)
        for step in sorted(STEPS, key=lambda step: not expected[step]):  # what is taken comes last
            assert against(await STEPS[step](board, source)) == expected[step], (before, step)


async def test_the_wrong_role_takes_no_step(board: Board, house: House) -> None:
    source = document("2")
    await board.to_advised(source)
    signed = await board.sign(source)
    for role in Role:
        person = await house.staff(role)
        outcomes = {
            Role.AUTHOR: await propose(house.registry, person, source, lambda _new, _old: ()),
            Role.LEGAL: await review(house.registry, person, source, objects=False),
            Role.DPO: await advise(house.registry, person, source, objects=False),
        }
        for right, outcome in outcomes.items():
            assert (Against.WRONG_ROLE in against(outcome)) == (role is not right), (role, right)
        if role is not Role.DECIDER:
            outcome = await decide(house.registry, person, source, signed, lambda _new, _old: (), accepts=True)
            assert Against.WRONG_ROLE in against(outcome)
    assert house.registry.policy.version != "2"


async def test_nobody_takes_two_steps_of_one_round_whatever_role_they_got_meanwhile(board: Board, house: House) -> None:
    source = document("2")
    await board.to_advised(source)
    for once in (board.author, board.legal, board.dpo):
        board.decider = type(once)(once.staff_id, Role.DECIDER)
        board.key = Ed25519PrivateKey.generate()
        await enrol_key(house.registry, board.decider, board.public_key)
        assert against(await board.decide(source)) == {Against.SAME_PERSON}


async def test_other_bytes_than_those_proposed_are_refused(board: Board) -> None:
    source = document("2")
    await board.propose(source)
    for changed in (source + b"\n", source.replace(b"Newsletter", b"Rundbrief", 1)):
        assert changed != source
        assert against(await board.review(changed)) == {Against.CHANGED_BYTES}
        assert against(await board.propose(changed)) == {Against.VERSION_TAKEN}
    assert against(await board.review(document("3"))) == {Against.UNKNOWN_DOCUMENT}


async def test_what_is_no_document_changes_nothing(board: Board, house: House) -> None:
    before = house.registry.policy
    for broken in (b"", b"policy: {}", document("2").replace(b"retention:", b"retentions:", 1)):
        with pytest.raises(PolicyDocumentError):
            await board.propose(broken)
    assert house.registry.policy is before


async def test_a_document_whose_base_moved_is_proposed_anew(board: Board, house: House) -> None:
    """What gates and comparison said was said about another document in force."""
    await board.to_advised(document("2"))
    await board.put_in_force(document("3"))
    assert against(await board.decide(document("2"))) == {Against.BASE_MOVED}
    await board.put_in_force(document("2"))
    assert house.registry.policy.version == "2"


@dataclass(frozen=True, slots=True)
class Slip:
    """A finding of a gate."""

    line: int = 7
    rule: str = "R-35-1"
    message: str = "a profile without its assessment"


async def test_what_the_gates_find_stands_against_proposing_and_deciding(board: Board, house: House) -> None:
    seen: list[tuple[str, str | None]] = []

    def strict(new: PolicyDocument, previous: PolicyDocument | None) -> Sequence[Slip]:
        seen.append((new.version, previous.version if previous else None))
        return [Slip()]

    source = document("2")
    refused = await propose(house.registry, board.author, source, strict)
    assert isinstance(refused, NotTaken)
    assert (refused.reasons, refused.findings) == ((Against.NOT_LAWFUL,), (Slip(),))
    await board.to_advised(source)
    signed = await board.sign(source)
    outcome = await decide(house.registry, board.decider, source, signed, strict, accepts=True)
    assert against(outcome) == {Against.NOT_LAWFUL}
    assert seen == [("2", "2026-11-01")] * 2


async def test_a_signature_counts_for_its_own_document_and_round_alone(board: Board, house: House) -> None:
    await board.to_advised(document("2"))
    signed = await board.sign(document("2"))
    await board.to_advised(document("3"))
    assert against(await board.decide(document("3"), signed)) == {Against.BROKEN_SIGNATURE}
    await board.decide(document("2"), accepts=False, reasons=WHY)
    await board.to_advised(document("2"))
    assert against(await board.decide(document("2"), signed)) == {Against.BROKEN_SIGNATURE}


async def test_a_key_out_of_use_signs_nothing(board: Board, house: House) -> None:
    source = document("2")
    await board.to_advised(source)
    signed = await board.sign(source)
    await retire_key(house.registry, board.decider, signed.fingerprint)
    assert against(await board.decide(source, signed)) == {Against.RETIRED_KEY}
    (key,) = await keys_of(house.registry, board.decider.staff_id)
    assert key.retired_at is not None


async def test_a_purpose_under_observation_comes_into_force(board: Board, house: House) -> None:
    await board.put_in_force(with_state("2", "warranty", "observe"))
    assert house.registry.policy.purposes["warranty"].state == "observe"
