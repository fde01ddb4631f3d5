"""Compares what the log's tables say with each other: entries with the tree, openings with entries, waiting with none.

What an outsider does with an export, but inside and cheap enough to run every hour. It trusts the database's own rows
for the tree's root; only a checkpoint from outside shows a log that was rewritten as a whole.

Legal: GDPR Art. 5(2), Art. 32(1)(d); R-AUD-4, R-AUD-7.
"""

import json
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit import drafts, merkle
from audit.proofs import head_of
from audit.tables import IntentRow, LeafRow, OpeningRow, QuarantineRow

PAGE = 5000


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was found; `first_bad`: the first entry that is not what its hash says, or from which on openings lack."""

    entries: int
    openings: int
    closed: int
    missing: int
    quarantined: int
    first_bad: int | None
    wrong: tuple[str, ...]


async def reconcile(session: AsyncSession) -> Reconciled:
    """Everything in one snapshot that holds no closing entry still on its way (see `closing_waits`)."""
    tree = merkle.CompactRange()
    differing: int | None = None
    balances: list[tuple[int, int, int]] = []
    start = openings = closed = missing = 0
    while page := await _page(session, start):
        opened = await _opened(session, start, page[-1][0] + 1)
        start = page[-1][0] + 1
        for index, hashed, body in page:
            touched, closes, good = _read(body)
            if differing is None and (not good or index != tree.size or merkle.leaf_hash(body) != hashed):
                differing = index
            lacking = touched - opened[index]
            balances += [(index, lacking, closes)] if lacking or closes else []
            openings, missing, closed = openings + opened[index], missing + lacking, closed + closes
            tree.append(hashed)
    head = await head_of(session)
    hidden = _first_hidden(balances)
    stray = await _count(session, OpeningRow) - openings
    quarantined = await _count(session, QuarantineRow)
    found = {
        "an entry is not what its hash says, or is missing": differing is not None,
        "the entries do not lead to the root": (tree.size, tree.root()) != (head.size, head.root),
        "openings are missing that no entry closed": hidden is not None or missing > closed,
        "entries closed more openings than are missing": missing < closed,
        "openings name entries that do not exist": stray > 0,
        "an intent is in quarantine": quarantined > 0,
    }
    first = min((one for one in (differing, hidden) if one is not None), default=None)
    wrong = tuple(words for words, is_so in found.items() if is_so)
    return Reconciled(tree.size, openings, closed, missing, quarantined, first, wrong)


async def closing_waits(session: AsyncSession) -> bool:
    """Whether openings were closed by an entry that has no place yet: they would look hidden."""
    drafts_waiting = (await session.execute(select(col(IntentRow.draft)))).scalars()
    return any(drafts.closes(one) for one in drafts_waiting)


async def _page(session: AsyncSession, start: int) -> list[tuple[int, bytes, bytes]]:
    index = col(LeafRow.index)
    statement = select(index, col(LeafRow.hash), col(LeafRow.body)).where(index >= start).order_by(index).limit(PAGE)
    return [(row[0], row[1], row[2]) for row in (await session.execute(statement)).all()]


async def _opened(session: AsyncSession, start: int, stop: int) -> Counter[int]:
    leaf = col(OpeningRow.leaf)
    statement = select(leaf, func.count()).where(leaf >= start, leaf < stop).group_by(leaf)
    return Counter({row[0]: row[1] for row in (await session.execute(statement)).all()})


def _read(body: bytes) -> tuple[int, int, bool]:
    """Whom an entry touched (persons and actor), how many openings it closed, whether it could be read."""
    try:
        tree = json.loads(body)
        return int(tree["n"]) + ("act" in tree), int(tree.get("cls", 0)), True
    except (ValueError, LookupError, TypeError):
        return 0, 0, False


def _first_hidden(balances: list[tuple[int, int, int]]) -> int | None:
    """The last entry from which on more openings are missing than were closed; as `verify.py` counts."""
    missing = closed = 0
    for index, lacking, closes in reversed(balances):
        missing += lacking
        if missing > closed:
            return index
        closed += closes
    return None


async def _count(session: AsyncSession, table: type[OpeningRow | QuarantineRow]) -> int:
    return int((await session.execute(select(func.count()).select_from(table))).scalar_one())
