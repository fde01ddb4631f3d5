"""A policy comes into force by four people and a signature, on both engines, and its day can be replayed. R-38-1."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.event import EventTag
from audit.log import Filters
from policies.decision import Deny, Permit
from policies.documents import parse
from policies.evaluate import evaluate
from policies.facts import AccessRequest
from policies.findings import PolicyDocumentError
from policies.vocabulary import ClientCode, FieldName, PurposeId
from registry.activation import NotTaken, Taken, decide
from registry.activation_bars import Against, Signed
from registry.facts import facts_from
from registry.policy_history import policy_of, source_of, versions
from registry.policy_steps import Standing
from registry.signing import fingerprint_of
from tests.boards import SHIPPED, Board, board_of, document, with_state
from tests.house import House, open_house, settings_for

pytestmark = pytest.mark.gdpr("38(6)")
WHY = "The balancing leaves out people who never bought anything."


@pytest.fixture
async def board(house: House) -> Board:
    return await board_of(house)


def against(outcome: Taken | NotTaken) -> set[Against]:
    return set(outcome.reasons) if isinstance(outcome, NotTaken) else set()


async def test_a_document_comes_into_force_by_four_people_and_a_signature(board: Board, house: House) -> None:
    source = document("2")
    await board.put_in_force(source)
    assert house.registry.policy.version == "2"
    (newest, first) = await versions(house.registry)
    assert (newest.standing, newest.in_force, first.in_force) == (Standing.DECIDED, True, False)
    people = [board.author, board.legal, board.dpo, board.decider]
    assert [step.staff_id for step in newest.steps] == [one.staff_id for one in people]
    assert newest.steps[-1].fingerprint == fingerprint_of(board.public_key)
    assert {step.previous for step in newest.steps} == {first.digest}
    for operation in ("policy-propose", "policy-review", "policy-advise", "policy-decide", "policy-activate"):
        (entry, *_) = await house.registry.log.search(Filters(operation=operation), 5)
        assert (entry.tree["pol"], entry.tree["out"]) == ("2", "done")
        assert "act" in entry.tree


async def test_a_decision_needs_a_signature_that_fits(board: Board, house: House) -> None:
    source = document("2")
    await board.to_advised(source)
    good = await board.sign(source)
    stranger = Ed25519PrivateKey.generate()
    of_stranger = fingerprint_of(stranger.public_key().public_bytes_raw())
    later, earlier = good.at + timedelta(minutes=1), good.at - timedelta(minutes=1)
    cases: dict[Against, list[Signed | None]] = {
        Against.UNSIGNED: [None],
        Against.UNKNOWN_KEY: [Signed(of_stranger, good.signature, good.at)],
        Against.BROKEN_SIGNATURE: [
            Signed(good.fingerprint, b"", good.at),
            Signed(good.fingerprint, bytes(64), good.at),
            Signed(good.fingerprint, stranger.sign(source), good.at),
            Signed(good.fingerprint, good.signature, later),
            Signed(good.fingerprint, good.signature, earlier),
            await board.sign(source, accepts=False, reasons=WHY),
            await board.sign(source, reasons="other words"),
        ],
    }
    for reason, wrong in cases.items():
        for signed in wrong:
            outcome = await decide(house.registry, board.decider, source, signed, lambda _new, _old: (), accepts=True)
            assert against(outcome) == {reason}
    assert house.registry.policy.version != "2"
    assert isinstance(await board.decide(source, good), Taken)


async def test_what_is_refused_is_recorded_with_every_reason(board: Board, house: House) -> None:
    await board.propose(document("2"))
    await board.advise(document("2"), objects=True)
    (entry,) = await house.registry.log.search(Filters(operation=EventTag.POLICY_ADVISE), 5)
    assert (entry.tree["out"], entry.tree["why"]) == ("deny", ["OUT_OF_ORDER", "REASONS_MISSING"])


async def test_a_retired_document_stays_readable_and_can_come_back(board: Board, house: House) -> None:
    await board.put_in_force(document("2"))
    digest = (await policy_of(house.registry, "2026-11-01")).digest
    assert await source_of(house.registry, digest) == await source_of(house.registry, "2026-11-01") == SHIPPED
    await board.put_in_force(SHIPPED)
    assert house.registry.policy.digest == digest


async def test_a_decision_is_replayed_with_the_policy_of_its_day(board: Board, house: House) -> None:
    """The log names the version; the version names the text; the text decides as it did."""
    subject_id = await house.customer(newsletter=True)
    await house.read("mailer", "newsletter", ["email"], subject_id)
    (entry,) = await house.registry.log.search(Filters(operation=EventTag.DISCLOSE), 1)
    await board.put_in_force(with_state("2", "newsletter", "observe"))
    question = AccessRequest(ClientCode("mailer"), PurposeId("newsletter"), (FieldName("email"),))
    gathered = await house.registry.database.gather([subject_id], frozenset({"email"}), with_events=False)
    facts = facts_from(gathered[subject_id])
    assert isinstance(evaluate(question, house.registry.policy, facts), Deny)
    assert isinstance(evaluate(question, await policy_of(house.registry, entry.tree["pol"]), facts), Permit)


async def test_setup_asks_the_gates_before_it_puts_the_first_document_in_force(
    unstarted_url: str, tmp_path: Path
) -> None:
    """Nobody can be asked yet; what the law refuses it refuses all the same (R-35-1)."""
    late = SHIPPED.replace(b'DSFA-2024-03, approved_on: "2024-11-20"', b'DSFA-2024-03, approved_on: "2030-11-20"')
    assert late != SHIPPED
    file = tmp_path / "late.yaml"
    file.write_bytes(late)
    settings = settings_for(unstarted_url, tmp_path / "home").model_copy(update={"policy_file": file})
    with pytest.raises(PolicyDocumentError, match="DSFA-2024-03 is not approved"):
        async with open_house(settings):
            pass
    async with open_house(settings_for(unstarted_url, tmp_path / "home")) as registry:
        assert registry.policy.digest == parse(SHIPPED).digest
