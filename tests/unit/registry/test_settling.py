"""What an erasure says of itself: gone now, gone from the files, gone from backups (R-DEL-4, R-DEL-7)."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlmodel import col

from policies.deadlines import local_date
from registry import rights
from registry.settling import Settling
from registry.tables import KeyEpochRow
from tests.house import ANNA, CONSOLE, House, open_house, settings_for
from tests.sentinel import places_of, spellings


async def test_an_open_reader_makes_it_pending_and_it_ends_by_itself(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.sqlite._CHECKPOINT_TRIES", 1)
    monkeypatch.setattr("registry.settling.RETRY_SECONDS", 0.02)
    settings = settings_for(sqlite_url, tmp_path / "home")
    path = Path(str(make_url(sqlite_url).database))
    async with open_house(settings) as registry:
        house = House(registry, settings, sqlite_url)
        subject_id = await house.customer()
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM record").fetchone()[0] > 0
            await house.erase(subject_id)
            assert registry.settling.pending
            assert not (await registry.settling.ends()).files
            reader.execute("COMMIT")
        for _ in range(200):
            if not registry.settling.pending:
                break
            await asyncio.sleep(0.02)
        assert (await registry.settling.ends()).files
        assert path.with_name(path.name + "-wal").stat().st_size == 0
        assert places_of(spellings(ANNA["email"]), [path]) == []


async def test_a_start_settles_what_a_crash_left(house: House) -> None:
    for _ in range(100):
        if not house.registry.settling.pending:
            break
        await asyncio.sleep(0.02)
    assert not house.registry.settling.pending


async def test_the_day_of_the_last_backup_follows_from_epoch_and_provider(house: House) -> None:
    async with house.registry.database.reading() as session:
        opened = (await session.execute(select(col(KeyEpochRow.created_at)))).scalar_one()
    without = await house.registry.settling.ends()
    assert without.backups_by is None
    assert not without.overdue
    planned = await Settling(house.registry.database, 14, 7).ends()
    assert planned.backups_by == local_date(opened + timedelta(days=21))
    assert not planned.overdue


async def test_an_epoch_that_was_not_retired_in_time_is_overdue(house: House) -> None:
    at = "created_at - 2000000000" if house.registry.database.engine == "sqlite" else "created_at - interval '30 days'"
    await house.as_owner(f"UPDATE key_epoch SET created_at = {at}")  # noqa: S608 - own names
    assert (await Settling(house.registry.database, 14).ends()).overdue


@pytest.mark.gdpr("12(1)")
async def test_the_answer_names_the_day_from_which_no_backup_can_be_read(house: House) -> None:
    """R-DEL-7."""
    house.registry.settling = Settling(house.registry.database, 14)
    by = (await house.registry.settling.ends()).backups_by
    assert by is not None
    subject_id = await house.customer()
    overview = await house.erase(subject_id)
    answers = await rights.answers_of(house.registry, CONSOLE, subject_id)
    assert f"{by:%d.%m.%Y}" in answers[overview.request_id]["de"]
    assert by.isoformat() in answers[overview.request_id]["en"]
