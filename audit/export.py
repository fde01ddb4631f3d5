"""Writes the log as files that an outsider can check without the product.

    checkpoint            the signed note all the rest is measured against; written last
    checkpoints/N         earlier notes, where given: they narrow down where a bad entry lies
    log.vkey              verifier keys; whoever checks should have them from another source too
    tile/0/… tile/1/…     hash tiles, and
    tile/entries/…        the entries themselves (C2SP tlog-tiles)
    entries.csv           the entries as a list for people
    openings.csv          which pseudonym an entry touched, at which position, in which detail
    salts.csv             where given: what is needed to check openings against the entries, and
    commitments.csv       the commitments of entries that touched several persons
    verify.py             checks all of it

An export judges nothing: it writes what the store holds, so that a damaged log can be shown to others. Leaves and
openings have to come from one snapshot with no intents waiting, and the checkpoint has to count exactly those leaves;
an erasure in between would look like a look-up that somebody hid.

Legal: GDPR Art. 5(2), Art. 15(1)(c); R-AUD-4, R-AUD-7.
"""

import base64
import csv
import json
import shutil
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, Self, TypeVar
from uuid import UUID

from audit.checkpoint import open_note
from audit.tiles import LogTiles, write_file

ENTRIES_HEADER = ("index", "time", "operation", "outcome", "purpose", "client", "fields", "reasons", "count", "uid")
OPENINGS_HEADER = ("person_ref", "leaf", "position", "detail")
SALTS_HEADER = ("leaf", "position", "salt")
COMMITMENTS_HEADER = ("leaf", "position", "commitment")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PROOF_FORMAT = "crm-audit-proof/1"

T = TypeVar("T")


class ExportError(Exception):
    """Raised when an export would mix with other files."""


class LeafLike(Protocol):
    """One stored entry, as a row of the log has it."""

    @property
    def index(self) -> int:
        """Its place in the tree."""

    @property
    def uid(self) -> UUID:
        """Its identifier."""

    @property
    def hash(self) -> bytes:
        """Its leaf hash, as stored."""

    @property
    def body(self) -> bytes:
        """Its bytes, as stored."""

    @property
    def second(self) -> int:
        """Its time, UTC since 1970."""

    @property
    def operation(self) -> str:
        """What was done."""

    @property
    def outcome(self) -> str:
        """How it ended."""

    @property
    def purpose(self) -> str:
        """For what; empty = for none."""

    @property
    def client(self) -> str:
        """By whom; empty = by nobody known."""


class OpeningLike(Protocol):
    """Whom an entry touched at one position."""

    @property
    def person_ref(self) -> UUID:
        """Their pseudonym."""

    @property
    def leaf(self) -> int:
        """Which entry."""

    @property
    def position(self) -> int:
        """Which place in it."""

    @property
    def detail(self) -> str:
        """What it meant for them, in codes."""


@dataclass(frozen=True, slots=True)
class Salt:
    """What opens one commitment; made from the person's audit key."""

    leaf: int
    position: int
    salt: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Commitments:
    """The commitments of one entry that touched several persons, by position."""

    leaf: int
    hashes: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class OpenedPerson:
    """One person's commitment in one entry, opened; `subtree` is its proof there, empty for the actor."""

    position: int
    ref: UUID
    detail: str
    salt: bytes = field(repr=False)
    subtree: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """How much was written."""

    entries: int
    openings: int


async def write_export(  # noqa: PLR0913 - each of them a file
    directory: Path,
    note: str,
    verifier_keys: Sequence[str],
    leaves: Iterable[LeafLike] | AsyncIterable[LeafLike],
    openings: Iterable[OpeningLike] | AsyncIterable[OpeningLike],
    *,
    salts: Iterable[Salt] | AsyncIterable[Salt] | None = None,
    commitments: Iterable[Commitments] | AsyncIterable[Commitments] = (),
    earlier: Iterable[str] = (),
) -> Exported:
    """Writes a whole export; blocks on files, not on rows.

    Args:
        directory: new or empty.
        note: the signed checkpoint over exactly these leaves.
        verifier_keys: `name+hex+base64` of the key that signed, and of earlier keys that signed `earlier`.
        leaves: rows in the order of their index.
        openings: rows in any order.
        salts: for those who may know which person stands behind which pseudonym; left out otherwise.
        commitments: written with the salts, of entries that touched several persons.
        earlier: older signed notes.

    Raises:
        ExportError: the directory holds files.
        EntryTooLongError: an entry is longer than 65,535 bytes.
        NoteError: a note is not signed by one of the keys.
    """
    earlier_notes = {open_note(one, verifier_keys).size: one for one in earlier}
    open_note(note, verifier_keys)
    _make_empty(directory)
    tiles = LogTiles(directory / "tile")
    with _Table(directory / "entries.csv", ENTRIES_HEADER) as entries:
        async for leaf in _each(leaves):
            tiles.add(leaf.body, leaf.hash)
            entries.add(_listed(leaf))
    tiles.finish()
    with _Table(directory / "openings.csv", OPENINGS_HEADER) as opened:
        async for opening in _each(openings):
            opened.add((opening.person_ref, opening.leaf, opening.position, opening.detail))
    if salts is not None:
        with _Table(directory / "salts.csv", SALTS_HEADER) as salted:
            async for salt in _each(salts):
                salted.add((salt.leaf, salt.position, salt.salt.hex()))
        with _Table(directory / "commitments.csv", COMMITMENTS_HEADER) as kept:
            async for entry in _each(commitments):
                for position, value in enumerate(entry.hashes):
                    kept.add((entry.leaf, position, value.hex()))
    for size, text in earlier_notes.items():
        if size:  # a note over an empty log shows nothing, and nobody checks against it
            write_file(directory / "checkpoints" / str(size), text.encode())
    write_file(directory / "log.vkey", "".join(f"{key}\n" for key in verifier_keys).encode())
    shutil.copyfile(Path(__file__).with_name("verify.py"), directory / "verify.py")
    write_file(directory / "checkpoint", note.encode())  # last: without it, an export has broken off
    return Exported(entries.count, opened.count)


def proof_file(
    body: bytes,
    index: int,
    inclusion: Sequence[bytes],
    note: str,
    verifier_key: str,
    person: OpenedPerson | None = None,
) -> str:
    """One entry with its proof, as JSON that `verify.py --proof` checks.

    Args:
        body: the entry's stored bytes.
        index: its place.
        inclusion: its proof in the tree that `note` signs.
        note: the signed checkpoint.
        verifier_key: `name+hex+base64` of the key that signed it.
        person: whom to show in it, for that person or whoever may know them.

    Raises:
        NoteError: the note is not signed by this key.
    """
    tree: dict[str, object] = {
        "format": PROOF_FORMAT,
        "index": index,
        "size": open_note(note, [verifier_key]).size,
        "body": _base64(body),
        "inclusion": [_base64(step) for step in inclusion],
        "checkpoint": note,
        "key": verifier_key,
    }
    if person is not None:
        tree["person"] = {
            "position": person.position,
            "ref": str(person.ref),
            "detail": person.detail,
            "salt": person.salt.hex(),
            "subtree": [_base64(step) for step in person.subtree],
        }
    return json.dumps(tree, indent=1, ensure_ascii=False) + "\n"


class _Table:
    """A CSV file that counts its rows."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        # What no UTF-8 can hold is found in a damaged body only, which is exported too.
        self._file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(header)
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._file.close()

    def add(self, row: Sequence[object]) -> None:
        self._writer.writerow(row)
        self.count += 1


def _listed(leaf: LeafLike) -> list[str]:
    """An entry for people: the stored columns as they are, and three members that only the body has."""
    try:
        tree = json.loads(leaf.body)
        lists = [" ".join(tree.get(name, [])) for name in ("fld", "why")]
        persons = str(tree["n"])
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ):  # a damaged body is exported too, and found by verify.py
        lists, persons = ["", ""], ""
    texts = [leaf.operation, leaf.outcome, leaf.purpose, leaf.client, *lists]
    return [str(leaf.index), _time(leaf.second), *map(cell, texts), persons, leaf.uid.hex]


def cell(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _time(second: int) -> str:
    try:
        return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # a damaged column is exported too
        return str(second)


def _make_empty(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise ExportError("the directory of an export has to be empty")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


async def _each(rows: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
    else:
        for row in rows:
            yield row
