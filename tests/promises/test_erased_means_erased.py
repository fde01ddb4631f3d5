"""Promise 6: rows, keys and indexes gone; what law obliges to keep stays alone; the access record stays (R-17.1-2)."""

from pathlib import Path

from sqlalchemy import text

from policies.vocabulary import FieldName
from registry import rights
from registry.disclosure import Disclosed, Refused
from registry.rights import RequestState
from tests.house import ANNA, CONSOLE, House, codes
from tests.sentinel import files_under, places_of, spellings

_EMPTY = ("record", "lookup", "permission", "relationship", "notice_delivery", "objection", "portal_session")


async def _rows(house: House, table: str) -> int:
    async with house.registry.database.reading() as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608 - own names


async def test_profile_and_keys_are_gone(house: House) -> None:
    subject_id = await house.customer(newsletter=True, profiling=True)
    await house.erase(subject_id)
    assert {table: await _rows(house, table) for table in _EMPTY} == dict.fromkeys(_EMPTY, 0)
    async with house.registry.database.reading() as session:
        kept = (await session.execute(text("SELECT category FROM data_key ORDER BY category"))).scalars().all()
    assert kept == ["evidence"]
    assert codes(await house.read("mailer", "newsletter", ["email"], subject_id)) == ["NO_SUBJECT"]


async def test_an_invoice_stays_locked_to_its_duty_with_its_end_named(house: House) -> None:
    """R-17.3-1, R-DE-RET-1."""
    subject_id = await house.customer()
    await house.invoice(subject_id)
    overview = await house.erase(subject_id)
    assert overview.state is RequestState.PARTLY_FULFILLED
    read = await house.read("accounting", "accounting_duty", ["invoices"], subject_id)
    assert isinstance(read, Disclosed)
    invoices = read.values[FieldName("invoices")]
    assert isinstance(invoices, list)
    assert invoices[0]["number"] == "R-2026-0001"
    assert isinstance(await house.read("shop", "order_fulfilment", ["invoices"], subject_id), Refused)
    answers = await rights.answers_of(house.registry, CONSOLE, subject_id)
    year = (await house.registry.database.now()).year + 8
    assert f"31.12.{year}" in answers[overview.request_id]["de"]
    assert "§ 147" in answers[overview.request_id]["de"]


async def test_what_is_kept_is_under_a_fresh_key(house: House) -> None:
    """The destroyed key of the category must open nothing, in a backup neither."""
    subject_id = await house.customer()
    await house.invoice(subject_id)
    async with house.registry.database.reading() as session:
        before = (await session.execute(text("SELECT wrapped FROM data_key WHERE category = 'transactional'"))).scalar()
    await house.erase(subject_id)
    async with house.registry.database.reading() as session:
        row = (
            await session.execute(text("SELECT wrapped, version FROM data_key WHERE category = 'transactional'"))
        ).one()
    assert row[0] != before
    assert row[1] == 2


async def test_the_record_of_who_looked_outlives_the_erasure(house: House) -> None:
    subject_id = await house.customer()
    looked = await house.read("shop", "order_fulfilment", ["email"], subject_id)
    await house.erase(subject_id)
    indexes = {one.entry.index for one in await house.registry.log.entries_of(subject_id)}
    assert looked.index in indexes
    assert await house.registry.log.prove_person(looked.index, subject_id) is not None


async def test_nothing_readable_is_left_in_the_files(house: House, tmp_path: Path) -> None:
    """R-ENC-3; the files of PostgreSQL are searched where the whole story has run."""
    subject_id = await house.customer(newsletter=True)
    await house.erase(subject_id)
    needles = spellings(ANNA["email"], ANNA["last_name"], ANNA["phone"])
    assert places_of(needles, files_under(tmp_path, leave_out="mail")) == []


async def test_an_erasure_is_journalled_before_it_is_answered(house: House) -> None:
    """R-DEL-6."""
    subject_id = await house.customer()
    await house.erase(subject_id)
    kinds = [entry.kind for _, entry in house.registry.journal.read() if entry.subject_id == subject_id]
    assert "erasure" in kinds
