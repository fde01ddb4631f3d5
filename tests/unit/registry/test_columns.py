"""Every column says what it holds, and a registry with one that does not is not started. R-15.1-1, R-30-1."""

from pathlib import Path

import pytest
from sqlmodel import SQLModel

import registry.tables  # noqa: F401 - both fill the metadata
from policies.vocabulary import Category
from registry.columns import COLUMNS, Holds
from registry.errors import NotReadyError
from tests.house import House, open_house, settings_for

pytestmark = pytest.mark.gdpr("30(1)(c)")
SEALED = {("record", "sealed"), ("event", "sealed"), ("letter_outbox", "sealed")}


def test_every_column_of_every_table_is_declared_and_no_other() -> None:
    models = {(table.name, one.name) for table in SQLModel.metadata.tables.values() for one in table.columns}
    assert COLUMNS.keys() == models | {("alembic_version", "version_num")}


def test_sealed_data_is_declared_so_and_a_subject_is_a_pseudonym_everywhere() -> None:
    assert {column for column, holds in COLUMNS.items() if holds is Holds.SEALED} == SEALED
    assert {holds for (_, column), holds in COLUMNS.items() if column == "subject_id"} == {Holds.PSEUDONYM}
    in_the_clear = {holds for holds in COLUMNS.values() if isinstance(holds, Category)}
    assert in_the_clear == {Category.MASTER, Category.TRANSACTIONAL, Category.EVIDENCE}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ALTER TABLE subject ADD COLUMN shoe_size text", r"subject\.shoe_size"),
        ("CREATE TABLE friends (subject_id text, friend text)", r"friends\.friend, friends\.subject_id"),
        ("UPDATE record SET field = 'shoe_size' WHERE field = 'phone'", r"shoe_size \(master\)"),
        ("UPDATE record SET category = 'nonsense' WHERE field = 'phone'", r"phone \(nonsense\)"),
        ("UPDATE record SET category = 'behavioural' WHERE field = 'phone'", r"phone \(behavioural\)"),
        ("UPDATE event SET field = 'whispers'", r"whispers \(transactional\)"),
    ],
)
async def test_a_registry_with_something_undeclared_does_not_start(
    database_url: str, tmp_path: Path, change: str, told: str
) -> None:
    settings = settings_for(database_url, tmp_path / "home")
    async with open_house(settings) as opened:
        house = House(opened, settings, database_url)
        await house.invoice(await house.customer())
    async with open_house(settings):
        pass
    await house.as_owner(change)
    with pytest.raises(NotReadyError, match=rf"R-15\.1-1\): {told}$"):
        async with open_house(settings):
            pass
