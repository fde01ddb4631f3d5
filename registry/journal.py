"""What a restore must not undo, kept outside the database: erasures, withdrawals, objections, restrictions.

A fact goes through an outbox row of its own transaction and is flushed to the journal before the answer; rows
left by a crash are flushed at the next start, before anything is served. One JSON object a line, by subject id
and code only:

    {"n": sequence from 1, "id": entry, "kind": ..., "subject": ... or "", "about": ..., "at": ISO 8601}

Legal: SDM M60.S10, M62.D08; R-DEL-6.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from registry.errors import NotReadyError


class JournalKind(StrEnum):
    """What must survive a restore; stored codes."""

    ERASURE = "erasure"
    SUPPRESSION = "suppression"
    WITHDRAWAL = "withdrawal"
    OBJECTION = "objection"
    RESTRICTION = "restriction"
    RECTIFICATION = "rectification"
    REVIEW = "review"
    POLICY = "policy"
    SIGNING_KEY = "signing-key"
    PIN = "pin"
    ACCESS_LOG = "access-log"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One fact; `about` is a code (purpose, category, digest), never a value."""

    entry_id: UUID
    kind: JournalKind
    subject_id: UUID | None
    about: str
    at: datetime


class FileJournal:
    """An append-only file, flushed to disk before `append` returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._sequence = 0
        self._seen_bytes = 0
        self._known: set[UUID] = set()
        with self._locked():
            self._catch_up()
        _flush_directory(path.parent)

    @property
    def sequence(self) -> int:
        """Number of the last entry this process has seen; 0 = empty."""
        return self._sequence

    def append(self, entries: Iterable[JournalEntry]) -> int:
        """Write entries that are not there yet and flush them; several processes may share the file.

        Returns:
            The number of the last entry.

        Raises:
            NotReadyError: when the journal cannot be written.
        """
        with self._locked():
            self._catch_up()
            fresh = {entry.entry_id: entry for entry in entries if entry.entry_id not in self._known}
            lines = [_line(self._sequence + number, entry) for number, entry in enumerate(fresh.values(), 1)]
            if lines:
                try:
                    _write_all(self._file, b"".join(lines))
                    os.fsync(self._file)
                except OSError as error:
                    raise NotReadyError(f"the journal cannot be written: {type(error).__name__}") from error
                self._catch_up()
        return self._sequence

    def read(self) -> Iterator[tuple[int, JournalEntry]]:
        """All entries in order, with their numbers.

        Raises:
            NotReadyError: when a line is damaged or a number is missing.
        """
        return _parsed(self._path.read_bytes(), 0)

    def close(self) -> None:
        """Release the file."""
        os.close(self._file)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _catch_up(self) -> None:
        """Learn what other processes have written since.

        A crash may leave half a line, which nobody was told of: it is cut off. A whole line is never touched.
        """
        with self._path.open("rb") as file:
            file.seek(self._seen_bytes)
            content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            os.ftruncate(self._file, self._seen_bytes + whole)
            os.fsync(self._file)
        for number, entry in _parsed(content[:whole], self._sequence):
            self._known.add(entry.entry_id)
            self._sequence = number
        self._seen_bytes += whole


def _write_all(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def _flush_directory(directory: Path) -> None:
    """Make a new file's name as durable as its content."""
    opened = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _line(number: int, entry: JournalEntry) -> bytes:
    tree = {
        "n": number,
        "id": str(entry.entry_id),
        "kind": entry.kind.value,
        "subject": str(entry.subject_id) if entry.subject_id else "",
        "about": entry.about,
        "at": entry.at.isoformat(),
    }
    return json.dumps(tree, separators=(",", ":")).encode() + b"\n"


def _parsed(content: bytes, after: int) -> Iterator[tuple[int, JournalEntry]]:
    """Entries of consecutive numbers from `after` + 1 on."""
    for expected, line in enumerate(content.splitlines(), after + 1):
        try:
            tree = json.loads(line)
            entry = JournalEntry(
                UUID(tree["id"]),
                JournalKind(tree["kind"]),
                UUID(tree["subject"]) if tree["subject"] else None,
                tree["about"],
                datetime.fromisoformat(tree["at"]),
            )
            number = int(tree["n"])
        except (ValueError, KeyError, TypeError) as error:
            raise NotReadyError(f"journal entry {expected} is damaged") from error
        if number != expected:
            raise NotReadyError(f"journal entry {expected} is missing")
        yield number, entry
