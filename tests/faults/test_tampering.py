"""Somebody with write access to the database: every change is found, by name, before a value leaves (R-ENC-1)."""

from uuid import UUID

import pytest
from sqlalchemy import text

from policies.vocabulary import FieldName, PurposeId
from registry.actors import SYSTEM
from registry.disclosure import Disclosed
from registry.errors import KeyUnavailableError, RegistryError, SealBrokenError
from registry.records import GivenValue
from registry.resealing import rotate_data_keys
from registry.subjects import GivenSubject, upsert
from registry.verification import FindingKind, verify_values
from tests.house import SHOP, House

BROKEN = (SealBrokenError, KeyUnavailableError)


def flipped(house: House, column: str, at: int) -> str:
    """SQL that changes one byte of a column, counted from 1."""
    if house.registry.database.engine == "sqlite":
        byte = f"CASE WHEN substr({column}, {at}, 1) = x'00' THEN x'01' ELSE x'00' END"
        return f"CAST(substr({column}, 1, {at - 1}) || {byte} || substr({column}, {at + 1}) AS BLOB)"
    return f"set_byte({column}, {at - 1}, get_byte({column}, {at - 1}) # 1)"


@pytest.mark.parametrize(
    ("table", "column", "at", "error"),
    [
        ("record", "sealed", 1, SealBrokenError),  # nonce
        ("record", "sealed", 14, SealBrokenError),  # ciphertext or tag
        ("data_key", "wrapped", 1, KeyUnavailableError),
        ("data_key", "wrapped", 40, KeyUnavailableError),
        ("data_key", "fingerprint", 1, KeyUnavailableError),
    ],
)
async def test_a_changed_byte_is_found(house: House, table: str, column: str, at: int, error: type[Exception]) -> None:
    subject_id = await house.customer()
    await house.as_owner(f"UPDATE {table} SET {column} = {flipped(house, column, at)}")  # noqa: S608 - own names
    with pytest.raises(error):
        await house.read("shop", "order_fulfilment", ["email"], subject_id)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE record SET version = version + 1", SealBrokenError),
        ("UPDATE record SET key_version = 2", KeyUnavailableError),
        ("UPDATE data_key SET version = 2", KeyUnavailableError),
        ("UPDATE data_key SET epoch = 9", KeyUnavailableError),
        ("DELETE FROM data_key", KeyUnavailableError),
        ("UPDATE record SET sealed = (SELECT sealed FROM record WHERE field = 'last_name')", SealBrokenError),
        ("UPDATE data_key SET wrapped = (SELECT wrapped FROM audit_person_key LIMIT 1)", KeyUnavailableError),
    ],
)
async def test_what_was_moved_or_renumbered_does_not_open(house: House, statement: str, error: type[Exception]) -> None:
    subject_id = await house.customer()
    await house.as_owner(statement)
    with pytest.raises(error):
        await house.read("shop", "order_fulfilment", ["email"], subject_id)


async def test_another_persons_value_and_key_do_not_open(house: House) -> None:
    anna = await house.customer("A-1")
    await house.customer("B-1", {"email": "b@example.com"})
    theirs = "(SELECT {0} FROM {1} o WHERE o.subject_id <> {1}.subject_id AND o.{2} = {1}.{2} LIMIT 1)"
    for table, column, same in (("record", "sealed", "field"), ("data_key", "wrapped", "category")):
        await house.as_owner(
            f"UPDATE {table} SET {column} = {theirs.format(column, table, same)} WHERE {same} IN ('email', 'master')"  # noqa: S608 - own names
        )
        with pytest.raises(BROKEN):
            await house.read("shop", "order_fulfilment", ["email"], anna)


async def test_an_event_moved_to_another_one_does_not_open(house: House) -> None:
    subject_id = await house.customer()
    await house.invoice(subject_id)
    await house.invoice(subject_id)
    other = "(SELECT o.sealed FROM event o WHERE o.event_id <> event.event_id AND o.field = event.field LIMIT 1)"
    await house.as_owner(f"UPDATE event SET sealed = {other}")  # noqa: S608 - own names
    with pytest.raises(RegistryError):
        await house.read("accounting", "accounting_duty", ["invoices"], subject_id)


async def test_a_whole_old_row_put_back_opens_and_is_found_by_verify(house: House) -> None:
    subject_id = await house.customer()
    await house.as_owner("CREATE TABLE kept_aside AS SELECT * FROM record WHERE field = 'city'")
    for changed, others in (("Kiel", []), ("Lübeck", ["B-1", "C-1"])):  # alone, then in an import of many
        await update(house, changed, "A-1", *others)
        assert await verify_values(house.registry) == []
        await house.as_owner(
            "DELETE FROM record WHERE field = 'city' AND subject_id IN (SELECT subject_id FROM kept_aside)"
        )
        await house.as_owner("INSERT INTO record SELECT * FROM kept_aside")
        assert isinstance(await house.read("shop", "order_fulfilment", ["city"], subject_id), Disclosed)
        assert [(found.kind, found.subject_id, found.field) for found in await verify_values(house.registry)] == [
            (FindingKind.PUT_BACK, subject_id, "city")
        ]


async def update(house: House, city: str, *external_ids: str) -> None:
    """A newer value from the shop; others of the same call bring other fields too."""
    now = await house.registry.database.now()
    value = GivenValue(city, PurposeId("order_fulfilment"), observed_at=now)
    given = {FieldName("city"): value}
    others = {FieldName("first_name"): GivenValue("Berta", PurposeId("order_fulfilment"), observed_at=now), **given}
    first, *rest = external_ids
    people = [GivenSubject(first, "shop", values=given), *(GivenSubject(one, "shop", values=others) for one in rest)]
    await upsert(house.registry, SHOP, people)


async def test_a_ciphertext_that_no_entry_speaks_of_is_found(house: House) -> None:
    subject_id: UUID = await house.customer()
    await rotate_data_keys(house.registry, SYSTEM)
    await house.invoice(subject_id)
    erased = await house.customer("B-1", {"email": "b@example.com"})
    await house.invoice(erased)
    await house.erase(erased)
    assert await verify_values(house.registry) == [], "what the erasure sealed anew is in the log too"
    async with house.registry.database.reading() as session:
        rows = (await session.execute(text("SELECT count(*) FROM record"))).scalar_one()
    await house.as_owner(f"UPDATE record SET sealed = {flipped(house, 'sealed', 3)}")  # noqa: S608 - own names
    findings = await verify_values(house.registry)
    assert {found.kind for found in findings} == {FindingKind.UNKNOWN}
    assert len(findings) == rows
