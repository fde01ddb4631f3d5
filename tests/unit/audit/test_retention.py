"""Openings go when their time is over, or when the decider closes them, and every one that went is accounted for."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from audit import retention, verify
from audit.event import Entry, EventTag, Outcome, PersonRef
from audit.log import Filters, Logged, intend
from policies.vocabulary import LegalBasis
from registry import access_logs
from registry.access_logs import ClosingGround, Retained, close_access_log, retain
from registry.actors import SYSTEM
from registry.errors import ForbiddenError, RequestStateError, UnknownSubjectError
from registry.journal import JournalKind
from tests.house import SHOP, House

THIS_YEAR = datetime.now(UTC).year
SOON = date(THIS_YEAR + 1, 12, 31)
LATER = date(THIS_YEAR + 2, 1, 1)
MUCH_LATER = date(THIS_YEAR + 6, 12, 31)


async def _is_whole(house: House, folder: Path) -> bool:
    """What an outsider says, and what the hourly comparison says."""
    await house.registry.log.export(folder, with_salts=True)
    inside = await house.registry.log.reconcile()
    assert not inside.wrong
    return verify.main([str(folder), "--key", house.registry.log.verifier_key]) == 0


async def _count(house: House, table: str, where: str = "true") -> int:
    async with house.registry.database.reading() as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table} WHERE {where}"))).scalar_one())  # noqa: S608 - own words


async def _visited(house: House, external_id: str = "A-1", *, newsletter: bool = False) -> UUID:
    subject_id = await house.customer(
        external_id, {"city": "Kiel", "email": f"{external_id}@example.com"}, newsletter=newsletter
    )
    await house.read("shop", "order_fulfilment", ["city"], subject_id)
    return subject_id


def test_periods_end_with_the_calendar() -> None:
    assert retention.ordinary_until(date(2026, 12, 31)) == date(2025, 1, 1)
    assert retention.ordinary_until(date(2027, 1, 1)) == date(2026, 1, 1)
    assert retention.consent_use_until(date(2026, 11, 22)) == date(2021, 11, 22)
    assert retention.consent_use_until(date(2028, 2, 29)) == date(2023, 3, 1)


@pytest.mark.parametrize(
    ("entry", "period"),
    [
        (Entry(EventTag.CONSENT_GIVE, Outcome.DONE), retention.CONSENT_USE),
        (Entry(EventTag.CONSENT_WITHDRAW, Outcome.DONE), retention.CONSENT_USE),
        (Entry(EventTag.DISCLOSE, Outcome.PERMIT, bases=("A6-1-b", "A6-1-a")), retention.CONSENT_USE),
        (Entry(EventTag.DISCLOSE, Outcome.DENY, bases=("A6-1-a",)), retention.ORDINARY),
        (Entry(EventTag.DISCLOSE, Outcome.PERMIT, bases=("A6-1-b",)), retention.ORDINARY),
        (Entry(EventTag.AUDIT_READ, Outcome.DONE), retention.ORDINARY),
    ],
)
def test_what_proves_a_consent_or_its_use_is_kept_longer(entry: Entry, period: int) -> None:
    """R-DE-UWG-5."""
    assert retention.period_of(entry) == period


def test_the_code_of_consent_is_the_policies_own() -> None:
    assert frozenset({LegalBasis.CONSENT.value}) == retention.CONSENT_BASES


@pytest.mark.gdpr("5(1)(e)")
async def test_openings_stay_until_the_end_of_the_following_year(house: House, tmp_path: Path) -> None:
    """R-AUD-8."""
    subject_id = await _visited(house)
    before = await _count(house, "audit_opening")
    assert await retain(house.registry, SYSTEM, today=SOON) == Retained(0, 0, 0)
    assert await _count(house, "audit_opening") == before
    planned = await retain(house.registry, SYSTEM, today=LATER, dry_run=True)
    assert planned.openings == before == await _count(house, "audit_opening")
    assert (await retain(house.registry, SYSTEM, today=LATER)).openings == before
    assert await _count(house, "audit_opening") == 0
    assert await house.registry.log.entries_of(subject_id) == []
    assert await _count(house, "audit_person_key") > 0  # whoever is on file keeps a key, for the accesses to come
    assert await _is_whole(house, tmp_path / "export")
    assert await retain(house.registry, SYSTEM, today=LATER) == Retained(0, 0, 0)


async def test_a_run_goes_page_by_page(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_logs, "PAGE", 3)
    subject_id = await _visited(house)
    for _ in range(5):
        await house.read("shop", "order_fulfilment", ["city"], subject_id)
    before = await _count(house, "audit_opening")
    assert before > 3
    assert (await retain(house.registry, SYSTEM, today=LATER)).openings == before
    assert await _count(house, "audit_leaf", "operation = 'access-log-retain'") >= before // 3
    assert await _is_whole(house, tmp_path / "export")


@pytest.mark.gdpr("7(1)")
async def test_the_proof_of_a_consent_outlives_the_last_use_by_five_years(house: House, tmp_path: Path) -> None:
    """R-DE-UWG-5: the grant stays as long as a use of it is young."""
    subject_id = await _visited(house, newsletter=True)
    await retain(house.registry, SYSTEM, today=LATER)
    kept = {one.entry.tree["op"] for one in await house.registry.log.entries_of(subject_id)}
    assert kept == {"consent-give"}
    async with house.registry.database.reading() as session:
        size = await house.registry.log.size()
        last = await retention.count_due(session, retention.Due(size, size - 1))
    assert last == 1  # the grant is older than the bound, and nothing of the person lies beyond it
    await house.registry.log.append(
        Entry(EventTag.DISCLOSE, Outcome.PERMIT, bases=("A6-1-a",), persons=(PersonRef(subject_id, "permit:email"),)),
        None,
    )
    async with house.registry.database.reading() as session:
        size = await house.registry.log.size()
        assert await retention.count_due(session, retention.Due(size - 1, size - 1)) == 0
    await retain(house.registry, SYSTEM, today=MUCH_LATER)
    assert await house.registry.log.entries_of(subject_id) == []
    assert await _is_whole(house, tmp_path / "export")


@pytest.mark.gdpr("17(3)(e)")
async def test_an_erasure_leaves_the_record_of_accesses_to_its_period(house: House, tmp_path: Path) -> None:
    """A snooper cannot wipe the trail by triggering an erasure."""
    subject_id = await _visited(house)
    await house.erase(subject_id)
    seen = {one.entry.tree["op"] for one in await house.registry.log.entries_of(subject_id)}
    assert {"disclose", "erase"} <= seen
    await house.as_owner("UPDATE subject SET status = 'erased'")  # as when the case file's own period has ended
    done = await retain(house.registry, SYSTEM, today=LATER)
    assert done.keys == 1
    assert await _count(house, "audit_person_key", _of(house, subject_id)) == 0
    assert await _is_whole(house, tmp_path / "export")


@pytest.mark.gdpr("17(1)")
async def test_the_decider_closes_a_record_early_and_the_entry_is_the_receipt(house: House, tmp_path: Path) -> None:
    subject_id = await _visited(house)
    await house.erase(subject_id)
    openings = await _count(house, "audit_opening", _of(house, subject_id))
    closed = await close_access_log(house.registry, await house.decider(), subject_id, ClosingGround.COURT_ORDER)
    assert closed.openings == openings > 3
    newest = [one async for one in _newest(house, 3)]
    receipt = next(one for one in newest if one.uid == closed.receipt)
    assert (receipt.tree["op"], receipt.tree["cls"], receipt.tree["why"]) == (
        "access-log-close",
        openings,
        ["COURT_ORDER"],
    )
    assert "act" in receipt.tree
    # The case file is still there under a duty: later accesses are recorded again, under a key that opens nothing old.
    assert [one.entry.tree["op"] for one in await house.registry.log.entries_of(subject_id)] == ["key-create"]
    kinds = [(entry.kind, entry.subject_id) for _, entry in house.registry.journal.read()]
    assert (JournalKind.ACCESS_LOG, subject_id) in kinds
    assert await _is_whole(house, tmp_path / "export")


async def test_nobody_else_closes_a_record_and_none_of_somebody_on_file(house: House) -> None:
    subject_id = await _visited(house)
    decider = await house.decider()
    with pytest.raises(RequestStateError):
        await close_access_log(house.registry, decider, subject_id, ClosingGround.COURT_ORDER)
    with pytest.raises(UnknownSubjectError):
        await close_access_log(house.registry, decider, UUID(int=1), ClosingGround.COURT_ORDER)
    await house.erase(subject_id)
    with pytest.raises(ForbiddenError):
        await close_access_log(house.registry, SHOP, subject_id, ClosingGround.COURT_ORDER)
    assert await _count(house, "audit_leaf", "operation = 'access-log-close'") == 0


async def test_a_closing_that_broke_off_is_finished_by_the_next_run(house: House, tmp_path: Path) -> None:
    subject_id = await _visited(house)
    await house.erase(subject_id)
    async with house.registry.database.erasing() as session:
        assert await retention.destroy_key(session, subject_id)
    assert await _count(house, "audit_opening", _of(house, subject_id)) > 0
    assert (await retain(house.registry, SYSTEM)).resumed == 1
    assert await _count(house, "audit_opening", _of(house, subject_id)) == 0
    assert await _is_whole(house, tmp_path / "export")


async def test_reconciling_finds_what_an_outsider_would_find(house: House) -> None:
    """R-AUD-4."""
    subject_id = await _visited(house)
    read = await house.read("shop", "order_fulfilment", ["city"], subject_id)
    log = house.registry.log
    await log.append(house.some_entry(), None)
    assert (await log.reconcile()).wrong == ()
    await house.as_owner(f"DELETE FROM audit_opening WHERE leaf = {read.index}")  # noqa: S608 - own words
    hidden = await log.reconcile()
    assert (hidden.first_bad, hidden.missing) == (read.index, 1)
    assert hidden.wrong == ("openings are missing that no entry closed",)
    await house.as_owner(f"DELETE FROM audit_leaf WHERE {_quoted(house)} = {read.index}")  # noqa: S608 - own words
    gone = await log.reconcile()
    assert gone.first_bad == read.index + 1
    assert "the entries do not lead to the root" in gone.wrong


async def test_an_export_waits_for_the_receipt_of_a_closing(house: House, tmp_path: Path) -> None:
    """Openings deleted by a change whose entry has no place yet would look hidden."""
    subject_id = await _visited(house)
    await house.erase(subject_id)
    async with house.registry.database.erasing() as session:
        await retention.destroy_key(session, subject_id)
        count = await retention.take_all_of(session, subject_id)
        intend(session, Entry(EventTag.ACCESS_LOG_CLOSE, Outcome.DONE, closes=count), datetime.now(UTC))
    assert await _is_whole(house, tmp_path / "export")


async def _newest(house: House, count: int) -> AsyncIterator[Logged]:
    for one in await house.registry.log.search(Filters(), count):
        yield one


def _of(house: House, person: UUID) -> str:
    literal = f"x'{person.hex}'" if house.registry.database.engine == "sqlite" else f"'{person}'"
    return f"person_ref = {literal}"


def _quoted(house: House) -> str:
    return '"index"' if house.registry.database.engine == "sqlite" else "index"
