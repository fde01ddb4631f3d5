"""What records of decisions say and no other test holds: ids, one controller, clocks, locks, where sealed bytes lie."""

import ast
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

import registry.tables  # noqa: F401 - both fill the metadata
from policies.documents import Head, PolicyDocument
from tests.checkout import ROOT, files
from tests.house import House

_CLOCKS = {"now", "today", "utcnow", "time", "time_ns"}
_OF_SQLITE = {"registry/sqlite.py", "audit/sqlite_store.py"}


async def test_a_persons_id_is_random(house: House) -> None:
    """docs/adr/0001."""
    ids = [await house.customer(f"A-{number}", {}) for number in range(3)]
    assert [one.version for one in ids] == [4, 4, 4]
    assert len(set(ids)) == len(ids)


def test_a_document_names_one_controller_and_no_table_names_any() -> None:
    """docs/adr/0002."""
    assert PolicyDocument.model_fields["policy"].annotation is Head
    assert Head.model_fields["controller"].is_required()
    columns = {column.name for table in SQLModel.metadata.tables.values() for column in table.columns}
    assert columns.isdisjoint({"controller", "controller_id", "tenant", "tenant_id", "company"})


def test_rooms_that_decide_and_keep_ask_no_clock_but_the_databases() -> None:
    """docs/adr/0006: SQLite's clock is that of its one serving process."""
    asking = {
        path.as_posix()
        for path in files()
        if path.suffix == ".py" and path.parts[0] in {"policies", "registry", "audit"}
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _CLOCKS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "date", "time"}
    }
    assert asking == _OF_SQLITE


def test_sealed_bytes_of_people_lie_in_three_tables() -> None:
    """docs/adr/0017, docs/adr/0025: values and documents in two, letters on their way in the third."""
    found = {table.name for table in SQLModel.metadata.tables.values() if "sealed" in table.columns}
    assert found == {"record", "event", "letter_outbox"}


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("erasing", "lock", "passes"),
    [
        (False, "SHARE", False),
        (False, "KEY SHARE", True),
        (True, "SHARE", False),
        (True, "KEY SHARE", False),
    ],
)
async def test_a_person_has_one_writer_at_a_time(
    postgresql_house: House, *, erasing: bool, lock: str, passes: bool
) -> None:
    """docs/adr/0005."""
    house = postgresql_house
    subject_id = await house.customer()
    async with house.registry.change(erasing=erasing) as change:
        change.record(house.some_entry())
        await change.lock_subject(subject_id, erasing=erasing)
        assert await _may_lock(house, subject_id, lock) is passes


@pytest.mark.postgresql
@pytest.mark.parametrize("erasing", [False, True])
async def test_a_read_waits_for_no_writer(postgresql_house: House, *, erasing: bool) -> None:
    """docs/adr/0005."""
    house = postgresql_house
    subject_id = await house.customer()
    async with house.registry.change(erasing=erasing) as change:
        change.record(house.some_entry())
        await change.lock_subject(subject_id, erasing=erasing)
        gathered = await house.registry.database.gather([subject_id], frozenset({"email"}), with_events=False)
        assert gathered[subject_id].values


async def _may_lock(house: House, subject_id: UUID, lock: str) -> bool:
    """Whether another transaction gets this lock on the person's row at once."""
    statement = text(f"SELECT 1 FROM subject WHERE subject_id = :id FOR {lock} NOWAIT")  # noqa: S608 - own words
    try:
        async with house.registry.database.transaction() as session:
            await session.execute(statement, {"id": subject_id})
    except DBAPIError as error:
        assert "could not obtain lock" in str(error)  # noqa: PT017 - anything else is a broken test
        return False
    return True
