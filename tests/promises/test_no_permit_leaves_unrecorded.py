"""Promise 2: the entry is durable and in the tree before anything leaves; without a log nothing leaves (R-AUD-5)."""

import pytest
from sqlalchemy import text

from audit.store import AuditUnavailableError
from registry import withdrawals
from registry.disclosure import Disclosed, Refused
from tests.house import SHOP, House


async def _break_log(house: House, *, broken: bool) -> None:
    old, new = ("audit_leaf", "audit_leaf_away") if broken else ("audit_leaf_away", "audit_leaf")
    await house.as_owner(f"ALTER TABLE {old} RENAME TO {new}")


async def test_a_permitted_read_has_its_entry_in_the_tree(house: House) -> None:
    subject_id = await house.customer()
    outcome = await house.read("shop", "order_fulfilment", ["email"], subject_id)
    assert isinstance(outcome, Disclosed)
    entry = await house.registry.log.entry(outcome.index)
    assert entry is not None
    assert entry.tree["op"] == "disclose"
    assert entry.tree["out"] == "permit"
    assert (await house.registry.log.persons_of(outcome.index))[0].person_ref == subject_id


async def test_a_refused_read_has_its_entry_too(house: House) -> None:
    subject_id = await house.customer()
    outcome = await house.read("mailer", "newsletter", ["email"], subject_id)
    assert isinstance(outcome, Refused)
    entry = await house.registry.log.entry(outcome.index)
    assert entry is not None
    assert entry.tree["out"] == "deny"
    assert entry.tree["why"] == ["CONSENT_MISSING"]


async def test_without_a_log_nothing_is_read_and_service_returns_with_it(house: House) -> None:
    subject_id = await house.customer()
    await _break_log(house, broken=True)
    with pytest.raises(AuditUnavailableError):
        await house.read("shop", "order_fulfilment", ["email"], subject_id)
    await _break_log(house, broken=False)
    assert isinstance(await house.read("shop", "order_fulfilment", ["email"], subject_id), Disclosed)


async def test_a_change_whose_entry_could_not_be_placed_gets_it_with_the_next_batch(house: House) -> None:
    subject_id = await house.customer(newsletter=True)
    await _break_log(house, broken=True)
    with pytest.raises(AuditUnavailableError):
        await withdrawals.withdraw_consent(house.registry, SHOP, subject_id, None)
    await _break_log(house, broken=False)
    size = await house.registry.log.size()
    await house.registry.log.integrate()
    entry = await house.registry.log.entry(size)
    assert entry is not None
    assert entry.tree["op"] == "consent-withdraw"


async def test_a_change_that_was_rolled_back_leaves_no_entry(house: House) -> None:
    size = await house.registry.log.size()
    with pytest.raises(RuntimeError, match="in between"):
        await _change_and_fail(house)
    async with house.registry.database.reading() as session:
        assert (await session.execute(text("SELECT count(*) FROM audit_intent"))).scalar_one() == 0
    await house.registry.log.integrate()
    assert await house.registry.log.size() == size


async def _change_and_fail(house: House) -> None:
    async with house.registry.change() as change:
        change.record(house.some_entry())
        raise RuntimeError("in between")


async def test_a_change_without_an_entry_is_refused(house: House) -> None:
    subject_id = await house.customer()
    with pytest.raises(Exception, match="without an audit entry"):
        async with house.registry.change() as change:
            (await change.lock_subject(subject_id)).country = "AT"
    async with house.registry.database.reading() as session:
        assert (await session.execute(text("SELECT country FROM subject"))).scalar_one() == "DE"
