"""A person's part of an entry stays provable when the others in it have left (R-AUD-3, R-AUD-4)."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import TextClause, text

from audit import verify
from audit.event import Entry, EventTag, Outcome, PersonRef
from audit.export import OpenedPerson, proof_file
from audit.log import create_person_key
from registry.access_logs import ClosingGround, close_access_log
from tests.house import House


async def _together(house: House, people: int = 4) -> tuple[int, list[UUID]]:
    """One call that touched several people."""
    ids = [await house.customer(f"A-{number}", {"city": "Kiel"}) for number in range(people)]
    persons = tuple(PersonRef(one, f"permit:field_{at}") for at, one in enumerate(ids))
    entry = Entry(EventTag.DISCLOSE, Outcome.PERMIT, client="shop", purpose="order_fulfilment", persons=persons)
    return (await house.registry.log.append(entry, None)).index, ids


async def _verified(house: House, folder: Path, index: int, person: UUID) -> int:
    """What an outsider says of one person's proof; -1 = there is none."""
    log = house.registry.log
    mine, entry, proof = await log.prove_person(index, person), await log.entry(index), await log.prove(index)
    if mine is None or entry is None:
        return -1
    opened = OpenedPerson(mine.position, mine.ref, mine.detail, mine.salt, mine.hashes)
    path = folder / f"{person}.json"
    path.write_text(proof_file(entry.body, index, proof.hashes, proof.note, log.verifier_key, opened))
    return verify.main([str(path), "--proof", "--key", log.verifier_key])


@pytest.mark.gdpr("15(1)(c)")
async def test_the_others_keep_their_proofs_when_one_leaves(house: House, tmp_path: Path) -> None:
    index, ids = await _together(house)
    assert [await _verified(house, tmp_path, index, one) for one in ids] == [0] * len(ids)
    await house.erase(ids[1])
    await close_access_log(house.registry, await house.decider(), ids[1], ClosingGround.AUTHORITY_ORDER)
    assert [await _verified(house, tmp_path, index, one) for one in ids] == [0, -1, 0, 0]


async def test_everybody_in_a_crowd_has_a_proof(house: House, tmp_path: Path) -> None:
    """So many that PostgreSQL takes them in another way."""
    ids = [uuid4() for _ in range(1_001)]
    async with house.registry.database.transaction() as session:
        for one in ids:
            await create_person_key(session, one, house.registry.ring.new_audit_key(one))
    persons = tuple(PersonRef(one, "permit:city") for one in ids)
    index = (await house.registry.log.append(Entry(EventTag.DECIDE, Outcome.PERMIT, persons=persons), None)).index
    assert [one.person_ref for one in await house.registry.log.persons_of(index)] == ids
    assert [await _verified(house, tmp_path, index, one) for one in (ids[0], ids[-1])] == [0, 0]
    assert not (await house.registry.log.reconcile()).wrong


async def test_an_entry_of_one_person_stores_no_commitments(house: House) -> None:
    await house.read("shop", "order_fulfilment", ["city"], await house.customer())
    _, ids = await _together(house)
    async with house.registry.database.reading() as session:
        rows = (await session.execute(_count("audit_commitments"))).scalar_one()
        size = (await session.execute(_length("audit_commitments"))).scalar_one()
    assert (rows, size) == (1, 32 * len(ids))


async def test_entries_from_before_are_proven_as_long_as_everybody_is_there(house: House, tmp_path: Path) -> None:
    index, ids = await _together(house)
    await house.as_owner("DELETE FROM audit_commitments")
    assert [await _verified(house, tmp_path, index, one) for one in ids] == [0] * len(ids)
    await house.erase(ids[1])
    await close_access_log(house.registry, await house.decider(), ids[1], ClosingGround.COURT_ORDER)
    assert [await _verified(house, tmp_path, index, one) for one in ids] == [-1] * len(ids)


async def test_kept_commitments_that_were_changed_prove_nothing(house: House, tmp_path: Path) -> None:
    index, ids = await _together(house)
    zero = "zeroblob(128)" if house.registry.database.engine == "sqlite" else "decode(repeat('00', 128), 'hex')"
    await house.as_owner(f"UPDATE audit_commitments SET hashes = {zero}")  # noqa: S608 - own words
    assert await _verified(house, tmp_path, index, ids[0]) == verify.Code.COMMITMENT


def _count(table: str) -> TextClause:
    return text(f"SELECT count(*) FROM {table}")  # noqa: S608 - own words


def _length(table: str) -> TextClause:
    return text(f"SELECT length(hashes) FROM {table}")  # noqa: S608 - own words
