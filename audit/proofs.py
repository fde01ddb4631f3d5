"""Makes proofs from the rows: that an entry stands in the tree, that it speaks of a person, that the tree only grew.

Legal: GDPR Art. 5(2), Art. 15(1)(c); R-AUD-4.
"""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit import event, merkle
from audit.event import ACTOR_POSITION
from audit.placing import UnwrapAuditKey
from audit.store import Opening, WrappedKey
from audit.tables import CommitmentsRow, HeadRow, LeafRow, NodeRow, OpeningRow, PersonKeyRow


@dataclass(frozen=True, slots=True)
class Proof:
    """Shows that an entry stands at its index in the signed tree."""

    index: int
    size: int
    hashes: tuple[bytes, ...]
    note: str


@dataclass(frozen=True, slots=True)
class PersonProof:
    """Opens one commitment: shows that an entry speaks of this person."""

    ref: UUID
    position: int
    detail: str
    salt: bytes = field(repr=False)
    hashes: tuple[bytes, ...] = ()


async def head_of(session: AsyncSession) -> HeadRow:
    """The tree as committed now."""
    return (await session.execute(select(HeadRow).where(col(HeadRow.id) == 1))).scalar_one()


async def root_at(session: AsyncSession, size: int) -> bytes:
    """The root over the first `size` entries, from stored hashes.

    Raises:
        ProofError: when one of them is missing.
    """
    whole = merkle.Range(0, size)
    return merkle.range_root(whole, await _rows(session, merkle.runs_of([whole])))


async def inclusion(session: AsyncSession, index: int, size: int) -> tuple[bytes, ...]:
    """The proof of one entry in the tree of `size`.

    Raises:
        ProofError: when the tree has no such entry.
    """
    wanted = merkle.inclusion_ranges(index, size)
    return tuple(merkle.proof_from(wanted, await _rows(session, merkle.runs_of(wanted))))


async def consistency(session: AsyncSession, old: int, new: int) -> tuple[bytes, ...]:
    """The proof that the tree of `new` begins with the tree of `old`.

    Raises:
        ProofError: when `old` is 0 or greater than `new`.
    """
    wanted = merkle.consistency_ranges(old, new)
    return tuple(merkle.proof_from(wanted, await _rows(session, merkle.runs_of(wanted))))


async def tile(session: AsyncSession, level: int, number: int, size: int) -> list[bytes]:
    """The hashes of one tile of the tree of `size`: at most 256, fewer in the last one, none where there is none."""
    start = number * merkle.TILE_WIDTH
    stop = min(start + merkle.TILE_WIDTH, size >> (level * merkle.TILE_BITS))
    if start >= stop:
        return []
    rows = await _rows(session, [merkle.Run(level, start, stop)])
    return [rows[level, index] for index in range(start, stop)]


async def openings_of(session: AsyncSession, index: int) -> list[Opening]:
    """Whose entry this is, as far as their part of the log is still open."""
    statement = select(OpeningRow).where(col(OpeningRow.leaf) == index).order_by(col(OpeningRow.position))
    return [
        Opening(row.person_ref, row.leaf, row.position, row.detail, row.keep)
        for row in (await session.execute(statement)).scalars()
    ]


async def membership(session: AsyncSession, index: int, person: UUID, unwrap: UnwrapAuditKey) -> PersonProof | None:
    """Opens a person's commitment in an entry; None where their part of the log is closed or not there."""
    leaf = await session.get(LeafRow, index)
    openings = [one for one in await openings_of(session, index) if one.position < ACTOR_POSITION]
    mine = next((one for one in openings if one.person_ref == person), None)
    own = await _salt(session, leaf, mine, unwrap) if leaf is not None and mine is not None else None
    if leaf is None or mine is None or own is None:
        return None
    commitments = await _commitments(session, leaf, openings, unwrap)
    if commitments is None:
        return None
    wanted = merkle.inclusion_ranges(mine.position, len(commitments))
    hashes = merkle.proof_from(wanted, merkle.rows_of(merkle.leaf_hash(one) for one in commitments))
    return PersonProof(person, mine.position, mine.detail, own, tuple(hashes))


async def _commitments(
    session: AsyncSession, leaf: LeafRow, openings: list[Opening], unwrap: UnwrapAuditKey
) -> list[bytes] | None:
    """The commitments of an entry as kept; made anew where they were not, as long as every person is still there."""
    kept = await session.get(CommitmentsRow, leaf.index)
    if kept is not None:
        return [kept.hashes[at : at + merkle.HASH_SIZE] for at in range(0, len(kept.hashes), merkle.HASH_SIZE)]
    made: list[bytes] = []
    for one in openings:
        salt = await _salt(session, leaf, one, unwrap)
        if salt is None or one.position != len(made):
            return None
        made.append(event.commitment(salt, one.person_ref, one.detail))
    return made


async def _salt(session: AsyncSession, leaf: LeafRow, opening: Opening, unwrap: UnwrapAuditKey) -> bytes | None:
    key = await session.get(PersonKeyRow, opening.person_ref)
    if key is None:
        return None
    plain = unwrap(opening.person_ref, WrappedKey(key.epoch, key.wrapped))
    return event.salt(plain, leaf.uid, opening.position)


async def _rows(session: AsyncSession, runs: list[merkle.Run]) -> dict[tuple[int, int], bytes]:
    rows: dict[tuple[int, int], bytes] = {}
    for run in runs:
        table, index = (LeafRow, col(LeafRow.index)) if run.level == 0 else (NodeRow, col(NodeRow.index))
        statement = select(index, col(table.hash)).where(index >= run.start, index < run.stop)
        if run.level:
            statement = statement.where(col(NodeRow.level) == run.level)
        rows.update({(run.level, at): value for at, value in (await session.execute(statement)).all()})
    return rows
