"""Everything somebody with the database could do to a log, one change at a time, and what an outsider has to find.

A `Scene` is a real log, read from its tables, with checkpoints that others kept. A `Tampering` is one change of it and
where it lies. `found` exports what is left and asks `verify.py`, in this process.
"""

import asyncio
import contextlib
import io
import random
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit import checkpoint, export, merkle, snapshot, verify
from audit.export import Commitments, Salt
from audit.log import AuditLog
from audit.tables import LeafRow, OpeningRow
from audit.verify import Code
from tests.sample_log import Leaf, Opening

Signer = Callable[[int, bytes], str]


@dataclass(frozen=True, slots=True)
class Scene:
    """A log as stored; `kept` are checkpoints in other hands, the last of them over the whole log."""

    leaves: tuple[Leaf, ...]
    openings: tuple[Opening, ...]
    salts: tuple[Salt, ...]
    commitments: tuple[Commitments, ...]
    kept: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Tampering:
    """One change: what is left, under which note it is shown, and which entries it lies in (from, to; inclusive)."""

    kind: str
    scene: Scene
    note: str
    first: int
    last: int
    codes: frozenset[Code]


async def read_scene(log: AuditLog, session: AsyncSession, kept: Sequence[str]) -> Scene:
    """The log as it stands in the tables."""
    leaves = (await session.execute(select(LeafRow).order_by(col(LeafRow.index)))).scalars()
    openings = (await session.execute(select(OpeningRow).order_by(col(OpeningRow.leaf)))).scalars()
    return Scene(
        tuple(
            Leaf(
                row.index,
                row.uid,
                row.hash,
                row.body,
                row.second,
                row.operation,
                row.outcome,
                row.purpose,
                row.client,
            )
            for row in leaves
        ),
        tuple(Opening(row.person_ref, row.leaf, row.position, row.detail) for row in openings),
        tuple([one async for one in snapshot.salts(session, log._unwrap)]),
        tuple([one async for one in snapshot.commitments(session)]),
        tuple(kept),
        log.verifier_key,
    )


def found(tampering: Tampering, folder: Path) -> tuple[int, str]:
    """Exit code and words of `verify.py` over what is left, with the checkpoints in other hands."""
    shutil.rmtree(folder, ignore_errors=True)
    scene = tampering.scene
    asyncio.run(
        export.write_export(
            folder,
            tampering.note,
            [scene.key],
            scene.leaves,
            scene.openings,
            salts=scene.salts,
            commitments=scene.commitments,
        )
    )
    since: list[str] = []
    for number, note in enumerate(scene.kept):
        path = folder / f"kept-{number}"
        path.write_text(note, encoding="utf-8")
        since += ["--since", str(path)]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = verify.main([str(folder), "--key", scene.key, *since])
    return code, said.getvalue()


def located(tampering: Tampering, words: str) -> bool:
    """Whether the words name an entry, or a stretch of entries, in which the change lies."""
    if among := re.search(r"one of (\d+) to (\d+)", words):
        low, high = map(int, among.groups())
    elif later := re.search(r"(\d+) or later|from entry (\d+) on|kept for it|first bad one is (\d+)", words):
        numbers = [one for one in later.groups() if one] or re.findall(r"entry (\d+)", words)
        low, high = int(numbers[0]), 1 << 62
        if "first bad one" in words or "kept for it" in words:
            high = low
    elif named := re.findall(r"entry (\d+)", words):
        low = high = int(named[0])
    else:
        return False
    return low <= tampering.last and tampering.first <= high


class Tamperer:
    """Makes changes at random; the same seed makes the same ones."""

    def __init__(self, scene: Scene, signer: Signer, seed: int) -> None:
        self._scene = scene
        self._signers = signer
        self._random = random.Random(seed)
        self._kinds = (
            self._flip_in_body,
            self._flip_in_hash,
            self._flip_in_both,
            self._delete,
            self._insert,
            self._reorder,
            self._truncate,
            self._roll_back,
            self._fork,
            self._delete_opening,
            self._swap_openings,
            self._change_detail,
            self._change_column,
        )

    def next(self) -> Tampering:
        """One more change."""
        return self._random.choice(self._kinds)()

    @property
    def clean(self) -> Tampering:
        """No change at all."""
        return Tampering("none", self._scene, self._scene.kept[-1], 0, 0, frozenset())

    def _any(self) -> int:
        return self._random.randrange(len(self._scene.leaves))

    def _made(
        self, kind: str, at: int, leaves: Sequence[Leaf], *codes: Code, note: str | None = None, last: int | None = None
    ) -> Tampering:
        scene = replace(self._scene, leaves=tuple(leaves))
        return Tampering(kind, scene, note or self._scene.kept[-1], at, at if last is None else last, frozenset(codes))

    def _flipped(self, content: bytes) -> bytes:
        at = self._random.randrange(len(content))
        return content[:at] + bytes([content[at] ^ (1 << self._random.randrange(8))]) + content[at + 1 :]

    def _with(self, at: int, leaf: Leaf) -> list[Leaf]:
        leaves = list(self._scene.leaves)
        leaves[at] = leaf
        return leaves

    def _flip_in_body(self) -> Tampering:
        at = self._any()
        leaf = self._scene.leaves[at]
        return self._made("flip", at, self._with(at, replace(leaf, body=self._flipped(leaf.body))), Code.CHANGED)

    def _flip_in_hash(self) -> Tampering:
        at = self._any()
        leaf = self._scene.leaves[at]
        return self._made("flip a hash", at, self._with(at, replace(leaf, hash=self._flipped(leaf.hash))), Code.ROOT)

    def _flip_in_both(self) -> Tampering:
        at = self._any()
        leaf = self._scene.leaves[at]
        return self._made("rewrite", at, self._with(at, leaf.with_body(self._flipped(leaf.body))), Code.ROOT)

    def _delete(self) -> Tampering:
        at = self._any()
        leaves = [leaf for leaf in self._scene.leaves if leaf.index != at]
        if self._random.random() < 0.5:
            leaves = _renumbered(leaves)
            at = min(at, len(leaves))
        return self._made("delete", at, leaves, Code.MISSING, last=len(leaves))

    def _insert(self) -> Tampering:
        at = self._random.randrange(len(self._scene.leaves) + 1)
        copied = self._scene.leaves[self._any()]
        leaves = list(self._scene.leaves)
        leaves.insert(at, copied)
        return self._made("insert", at, _renumbered(leaves), Code.MISSING, last=len(leaves))

    def _reorder(self) -> Tampering:
        one, two = sorted(self._random.sample(range(len(self._scene.leaves)), 2))
        leaves = list(self._scene.leaves)
        leaves[one], leaves[two] = leaves[two], leaves[one]
        return self._made("reorder", one, _renumbered(leaves), Code.ROOT, last=two)

    def _truncate(self) -> Tampering:
        at = self._any()
        return self._made("truncate", at, self._scene.leaves[:at], Code.MISSING, last=len(self._scene.leaves))

    def _roll_back(self) -> Tampering:
        """Cut, and signed anew by a service that goes on from there."""
        at = self._random.randrange(1, len(self._scene.leaves))
        leaves = self._scene.leaves[:at]
        return self._made("roll back", at, leaves, Code.HISTORY, note=self._sign(leaves), last=len(self._scene.leaves))

    def _fork(self) -> Tampering:
        """Another history from some entry on, consistent in itself, signed with the log's own key."""
        at = self._any()
        leaf = self._scene.leaves[at]
        other = leaf.body.replace(b'"out":"permit"', b'"out":"deny"')
        other = other.replace(b'"v":1', b'"v":1') if other != leaf.body else leaf.body.replace(b'"t":1', b'"t":2')
        leaves = self._with(at, leaf.with_body(other))
        return self._made("fork", at, leaves, Code.HISTORY, note=self._sign(leaves))

    def _sign(self, leaves: Sequence[Leaf]) -> str:
        return self._signers(len(leaves), merkle.root_of([leaf.hash for leaf in leaves]))

    def _delete_opening(self) -> Tampering:
        gone = self._random.choice(self._scene.openings)
        scene = replace(
            self._scene,
            openings=tuple(one for one in self._scene.openings if one != gone),
            salts=tuple(one for one in self._scene.salts if (one.leaf, one.position) != (gone.leaf, gone.position)),
        )
        return Tampering(
            "delete an opening", scene, self._scene.kept[-1], gone.leaf, gone.leaf, frozenset({Code.OPENINGS})
        )

    def _swap_openings(self) -> Tampering:
        openings = list(self._scene.openings)
        one = self._random.randrange(len(openings))
        others = [at for at, two in enumerate(openings) if two.person_ref != openings[one].person_ref]
        two = self._random.choice(others)
        first, second = openings[one].person_ref, openings[two].person_ref
        openings[one] = replace(openings[one], person_ref=second)
        openings[two] = replace(openings[two], person_ref=first)
        low, high = sorted((openings[one].leaf, openings[two].leaf))
        return self._opened("swap openings", openings, low, high)

    def _change_detail(self) -> Tampering:
        openings = list(self._scene.openings)
        at = self._random.randrange(len(openings))
        openings[at] = replace(openings[at], detail=openings[at].detail + "x")
        return self._opened("change a detail", openings, openings[at].leaf, openings[at].leaf)

    def _opened(self, kind: str, openings: list[Opening], first: int, last: int) -> Tampering:
        scene = replace(self._scene, openings=tuple(openings))
        return Tampering(kind, scene, self._scene.kept[-1], first, last, frozenset({Code.COMMITMENT}))

    def _change_column(self) -> Tampering:
        at = self._any()
        leaf = self._scene.leaves[at]
        changes: list[Leaf] = [
            replace(leaf, operation="lookup" if leaf.operation != "lookup" else "login"),
            replace(leaf, purpose=f"{leaf.purpose}x"),
            replace(leaf, client=f"{leaf.client}x"),
            replace(leaf, second=leaf.second + 1),
            replace(leaf, uid=UUID(int=leaf.uid.int ^ 1)),
        ]
        return self._made("change a column", at, self._with(at, self._random.choice(changes)), Code.COLUMNS)


def _renumbered(leaves: Sequence[Leaf]) -> list[Leaf]:
    return [replace(leaf, index=index) for index, leaf in enumerate(leaves)]


def signer_of(log: AuditLog) -> Signer:
    """Signs whatever it is given, with the log's own key."""

    def sign(size: int, root: bytes) -> str:
        return checkpoint.sign(checkpoint.Checkpoint(log.origin, size, root), log.origin, *log._signers())

    return sign
