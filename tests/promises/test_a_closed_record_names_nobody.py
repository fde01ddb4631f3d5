"""Promise 7: one person leaves the log, every proof stays, and nobody else is touched (R-AUD-6, R-17.1-1)."""

import asyncio
import csv
import shutil
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from audit import event, verify
from audit.event import ACTOR_POSITION, Entry, EventTag, Outcome, PersonRef
from audit.export import OpenedPerson, proof_file
from audit.log import Filters, PersonEntry
from audit.placing import UnwrapAuditKey
from audit.store import WrappedKey
from audit.tables import CommitmentsRow, LeafRow, PersonKeyRow
from registry.access_logs import ClosingGround, close_access_log
from tests.house import House

CALLS = 40
SHOWN = 5
ASKED = 100
AT_ONCE = 100
DETAIL = "permit:city"


@pytest.mark.gdpr("17(1)")
async def test_after_the_closing_no_entry_speaks_of_the_person(house: House, tmp_path: Path) -> None:
    await close_and_look(house, tmp_path, CALLS)


async def close_and_look(house: House, folder: Path, calls: int) -> int:
    """Record so many calls about one person, close their record, and look; returns how many openings that closed."""
    log = house.registry.log
    anna, bert = await house.customer("anna", {"city": "Kiel"}), await house.customer("bert", {"city": "Kiel"})
    decider = await house.decider()
    entries = [_entry(number, anna, bert, decider.actor) for number in range(calls)]
    for start in range(0, calls, AT_ONCE):
        await asyncio.gather(*(log.append(one, None) for one in entries[start : start + AT_ONCE]))
    await house.erase(anna)
    hers = await _all_of(house, anna)
    others = {one: await _all_of(house, one) for one in (bert, decider.actor) if one is not None}
    assert len(hers) > calls
    shown = [hers[at] for at in range(0, len(hers), len(hers) // SHOWN)]
    proofs = [await _proof(house, folder, one.entry.index, anna) for one in shown]
    proofs += [await _proof(house, folder, one.entry.index, bert) for one in others[bert][-SHOWN:]]
    note = await log.checkpoint()
    stolen = await _key_of(house, anna)

    closed = await close_access_log(house.registry, decider, anna, ClosingGround.COURT_ORDER)

    assert closed.openings == len(hers)
    receipt = next(one for one in await log.search(_newest(), 10) if one.uid == closed.receipt)
    assert receipt.tree["cls"] == closed.openings
    await _nothing_links(house, anna, [one.entry.index for one in hers], stolen.wrapped)
    assert all(verify.main([str(path), "--proof", "--key", log.verifier_key]) == 0 for path in proofs)
    signed = log.open_note(note)
    assert await log.root_at(signed.size) == signed.root
    assert not (await log.reconcile()).wrong
    for one, theirs in others.items():
        now = {entry.entry.index: entry for entry in await _all_of(house, one)}
        assert all(now[entry.entry.index] == entry for entry in theirs)
    again = [await _proof(house, folder, one.entry.index, bert) for one in others[bert][-SHOWN:]]
    assert all(verify.main([str(path), "--proof", "--key", log.verifier_key]) == 0 for path in again)
    await _exports_name_her_no_more(house, folder, anna, receipt.index, note)
    return closed.openings


def _entry(number: int, anna: UUID, bert: UUID, actor: UUID | None) -> Entry:
    persons = (anna,) if number % 3 else (bert, anna) if number % 2 else (anna, bert)
    touched = tuple(PersonRef(one, DETAIL) for one in persons)
    return Entry(
        EventTag.DISCLOSE,
        Outcome.PERMIT,
        client="shop",
        persons=touched,
        actor=None if number % 5 else actor,
    )


def _newest() -> Filters:
    return Filters(operation=EventTag.ACCESS_LOG_CLOSE.value)


async def _all_of(house: House, person: UUID) -> list[PersonEntry]:
    """Everything that a person was touched by, newest first; of staff, nothing."""
    found: list[PersonEntry] = []
    while page := await house.registry.log.entries_of(person, found[-1].entry.index if found else None, 500):
        found += page
    return found


async def _key_of(house: House, person: UUID) -> WrappedKey:
    async with house.registry.database.reading() as session:
        row = await session.get(PersonKeyRow, person)
        assert row is not None
        return WrappedKey(row.epoch, row.wrapped)


async def _proof(house: House, folder: Path, index: int, person: UUID) -> Path:
    """A proof file of one person's part of one entry."""
    log = house.registry.log
    mine, entry, proof = await log.prove_person(index, person), await log.entry(index), await log.prove(index)
    assert mine is not None
    assert entry is not None
    opened = OpenedPerson(mine.position, mine.ref, mine.detail, mine.salt, mine.hashes)
    path = folder / f"{person}-{index}-{proof.size}.json"
    path.write_text(proof_file(entry.body, index, proof.hashes, proof.note, log.verifier_key, opened))
    return path


async def _nothing_links(house: House, person: UUID, indexes: list[int], wrapped: bytes) -> None:
    """Whoever has every row and every key that is left finds none of these entries to be the person's."""
    unwrap: UnwrapAuditKey = house.registry.ring.audit_key
    async with house.registry.database.reading() as session:
        rows = (await session.execute(select(PersonKeyRow))).scalars().all()
        assert wrapped not in {row.wrapped for row in rows}
        keys = [unwrap(row.person_ref, WrappedKey(row.epoch, row.wrapped)) for row in rows]
        kept = {row.leaf: row.hashes for row in (await session.execute(select(CommitmentsRow))).scalars()}
        found = await session.execute(
            select(LeafRow).where(col(LeafRow.index) >= min(indexes), col(LeafRow.index) <= max(indexes))
        )
        hers = set(indexes)
        leaves = [row for row in found.scalars() if row.index in hers]
    assert len(leaves) == len(indexes)
    for leaf in leaves:
        assert person.hex.encode() not in leaf.body
        assert str(person).encode() not in leaf.body
        said = leaf.body.decode()
        for key in keys:
            for position in (0, 1, ACTOR_POSITION):
                tried = event.commitment(event.salt(key, leaf.uid, position), person, DETAIL)
                assert event.subtree_root([tried]).hex() not in said
                assert tried not in kept.get(leaf.index, b"")
    for leaf in leaves[:: max(1, len(leaves) // ASKED)]:
        assert await house.registry.log.prove_person(leaf.index, person) is None
    assert not {one.entry.index for one in await _all_of(house, person)} & hers


async def _exports_name_her_no_more(house: House, folder: Path, person: UUID, receipt: int, note: str) -> None:
    """Not up to the receipt; what comes after it, under a duty, is recorded anew."""
    export, since = folder / "export", folder / "since"
    since.write_text(note, encoding="utf-8")
    await house.registry.log.export(export, with_salts=True)
    key = house.registry.log.verifier_key
    assert verify.main([str(export), "--key", key, "--since", str(since)]) == 0
    with (export / "openings.csv").open(encoding="utf-8", newline="") as lines:
        assert all(int(leaf) > receipt for ref, leaf, *_ in csv.reader(lines) if ref == str(person))
    for path in export.rglob("*"):
        if path.is_file() and path.name != "openings.csv":
            content = path.read_bytes()
            assert str(person).encode() not in content
            assert person.hex.encode() not in content
            assert person.bytes not in content
    shutil.rmtree(export)
