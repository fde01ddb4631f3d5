"""A document that is broken or that nobody decided is never worked with: the last good one stays in force. R-ENC-6."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from audit.event import EventTag
from audit.log import Filters
from policies.documents import parse
from registry.actors import Role
from registry.disclosure import Disclosed
from registry.errors import NotReadyError
from registry.journal import JournalKind
from registry.migrations import async_url
from registry.policy_history import versions
from registry.policy_steps import (
    Standing,
    Step,
    StepKind,
    StepResult,
    enrolled_keys,
    row_of,
    statement,
    trusted,
)
from registry.signing import fingerprint_of
from registry.tables import PolicyVersionRow, SigningKeyRow, StateRow
from tests.boards import board_of, document
from tests.house import ANNA, House, open_house, settings_for

pytestmark = pytest.mark.gdpr("32(1)(b)")
BROKEN = {
    "bytes": "update policy_version set document = document || {blank} where version = '2'",
    "no version": "delete from policy_version where version = '2'",
    "no decision": "delete from policy_step where step = 'decide'",
    "signature": "update policy_step set signature = {zeros} where step = 'decide'",
    "advice": "update policy_step set result = 'objection' where step = 'advise'",
    "person": "update policy_step set staff_id = (select staff_id from staff where role = 'dpo') where step = 'decide'",
    "key": "update staff_signing_key set public_key = {zeros}",
    "retired": "update staff_signing_key set retired_at = enrolled_at",
    "result": "update policy_step set result = 'upheld' where step = 'review'",
}


def in_words_of(house: House, statement: str) -> str:
    """The statement for the engine of the house."""
    sqlite = house.owner_url.startswith("sqlite")
    blank, zeros = ("x'0a'", "zeroblob(32)") if sqlite else ("'\\x0a'::bytea", "decode(repeat('00', 32), 'hex')")
    return statement.format(blank=blank, zeros=zeros)


async def test_what_was_changed_afterwards_is_not_trusted(house: House) -> None:
    await (await board_of(house)).put_in_force(document("2"))
    registry, digest = house.registry, house.registry.policy.digest
    engine = create_async_engine(async_url(house.owner_url))
    async with AsyncSession(engine) as session:
        enrolled = await enrolled_keys(session, registry.journal)
        assert await trusted(session, registry.ring, digest, enrolled) is not None
        assert await trusted(session, registry.ring, digest, lambda _: False) is None
        await session.rollback()
        for damage, statement in BROKEN.items():
            await session.execute(text(in_words_of(house, statement)))
            assert await trusted(session, registry.ring, digest, enrolled) is None, damage
            await session.rollback()
    await engine.dispose()


async def test_a_start_falls_back_to_the_last_good_policy(database_url: str, tmp_path: Path) -> None:
    settings = settings_for(database_url, tmp_path / "home")
    async with open_house(settings) as registry:
        house = House(registry, settings, database_url)
        await (await board_of(house)).put_in_force(document("2"))
    await house.as_owner(in_words_of(house, BROKEN["bytes"]))
    async with open_house(settings) as registry:
        assert registry.policy.version == "2026-11-01"
        (entry,) = await registry.log.search(Filters(operation=EventTag.POLICY_FALL_BACK), 5)
        assert (entry.tree["out"], entry.tree["why"]) == ("deny", ["POLICY_BROKEN"])
        journalled = [one.about for _, one in registry.journal.read() if one.kind is JournalKind.POLICY]
        assert journalled[-1] == registry.policy.digest
        await House(registry, settings, database_url).customer()
    async with open_house(settings) as registry:
        assert len(await registry.log.search(Filters(operation=EventTag.POLICY_FALL_BACK), 5)) == 1


async def slip_in(house: House, *, signed: bool) -> None:
    """What somebody would do who can write rows: put a document in force undecided, or signed with a key of theirs."""
    source, key = document("9"), Ed25519PrivateKey.generate()
    digest, person = parse(source).digest, (await house.staff(Role.DECIDER)).staff_id
    public = key.public_key().public_bytes_raw()
    async with house.registry.database.transaction() as session:
        now = await house.registry.database.clock(session)
        session.add(PolicyVersionRow(digest=digest, version="9", document=source, activated_at=now))
        if signed:
            bare = Step(1, StepKind.DECIDE, person, now, StepResult.ACCEPTED, "", "")
            signature = key.sign(statement(source, [], bare))
            step = replace(bare, fingerprint=fingerprint_of(public), signature=signature)
            row = SigningKeyRow(staff_id=person, fingerprint=step.fingerprint, public_key=public, enrolled_at=now)
            session.add_all([row, row_of(digest, step)])
        state = await session.get(StateRow, 1)
        assert state is not None
        state.policy_digest = digest


@pytest.mark.parametrize("signed", [True, False], ids=["signed with a key the journal does not know", "unsigned"])
async def test_a_document_slipped_into_the_database_is_never_worked_with(house: House, *, signed: bool) -> None:
    """A change notices it, and so does a read; both go on with the policy they had."""
    subject_id = await house.customer(newsletter=True)
    before = house.registry.policy.digest
    await slip_in(house, signed=signed)
    await house.customer("B-1", values={**ANNA, "email": "berta@example.com"})
    assert house.registry.policy.digest == before
    assert isinstance(await house.read("mailer", "newsletter", ["email"], subject_id), Disclosed)
    (entry,) = await house.registry.log.search(Filters(operation=EventTag.POLICY_FALL_BACK), 5)
    assert entry.tree["pol"] == house.registry.policy.version
    (first,) = await versions(house.registry)
    assert first.in_force


async def test_a_read_alone_notices_a_document_slipped_in(house: House) -> None:
    subject_id = await house.customer(newsletter=True)
    await slip_in(house, signed=False)
    assert isinstance(await house.read("mailer", "newsletter", ["email"], subject_id), Disclosed)
    assert len(await house.registry.log.search(Filters(operation=EventTag.POLICY_FALL_BACK), 5)) == 1


async def test_a_retired_policy_named_by_the_database_alone_is_not_served(database_url: str, tmp_path: Path) -> None:
    """It is whole and signed; but the journal outside the database names a newer one."""
    settings = settings_for(database_url, tmp_path / "home")
    async with open_house(settings) as registry:
        house, retired = House(registry, settings, database_url), registry.policy.digest
        await (await board_of(house)).put_in_force(document("2"))
        decided = registry.policy.digest
    await house.as_owner(f"update registry_state set policy_digest = '{retired}'")  # noqa: S608 - own words
    with pytest.raises(NotReadyError, match=f"{retired[:16]}… in force, and its journal says {decided[:16]}…"):
        await open_house(settings).__aenter__()
    await house.as_owner(f"update registry_state set policy_digest = '{decided}'")  # noqa: S608 - own words
    async with open_house(settings) as registry:
        assert registry.policy.version == "2"


async def test_without_any_good_policy_nothing_is_served(database_url: str, tmp_path: Path) -> None:
    settings = settings_for(database_url, tmp_path / "home")
    async with open_house(settings) as registry:
        house = House(registry, settings, database_url)
    await house.as_owner(in_words_of(house, "update policy_step set signature = {zeros}"))
    with pytest.raises(NotReadyError, match="no policy on file is whole and decided"):
        await open_house(settings).__aenter__()


async def test_a_policy_from_before_steps_were_kept_is_vouched_for_by_the_journal(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_for(database_url, tmp_path / "home")
    async with open_house(settings) as registry:
        house, digest = House(registry, settings, database_url), registry.policy.digest
    await house.as_owner("delete from policy_step")
    await house.as_owner("delete from policy_proposal")
    async with open_house(settings) as registry:
        assert registry.policy.digest == digest
        (first,) = await versions(registry)
        assert first.standing is Standing.FOUNDED
