"""What a restore must not undo, kept outside the database: erasures, withdrawals, objections, restrictions.

A fact goes through an outbox row of its own transaction and is flushed to the journal before the answer; rows
left by a crash are flushed at the next start, before anything is served. One JSON object a line, by subject id
and code only:

    {"n": sequence from 1, "id": entry, "kind": ..., "subject": ... or "", "about": ..., "at": ISO 8601}

Legal: SDM M60.S10, M62.D08; R-DEL-6.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from registry.errors import NotReadyError


class JournalKind(StrEnum):
    """What must survive a restore; stored codes."""

    ERASURE = "erasure"
    WITHDRAWAL = "withdrawal"
    OBJECTION = "objection"
    RESTRICTION = "restriction"
    RECTIFICATION = "rectification"
    POLICY = "policy"
    PIN = "pin"


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
        self._sequence, self._known = self._recover()

    @property
    def sequence(self) -> int:
        """Number of the last entry; 0 = empty."""
        return self._sequence

    def append(self, entries: Iterable[JournalEntry]) -> int:
        """Write entries that are not there yet and flush them.

        Returns:
            The number of the last entry.

        Raises:
            NotReadyError: when the journal cannot be written.
        """
        lines: list[str] = []
        number = self._sequence
        fresh: set[UUID] = set()
        for entry in entries:
            if entry.entry_id in self._known or entry.entry_id in fresh:
                continue
            number += 1
            fresh.add(entry.entry_id)
            lines.append(
                json.dumps(
                    {
                        "n": number,
                        "id": str(entry.entry_id),
                        "kind": entry.kind.value,
                        "subject": str(entry.subject_id) if entry.subject_id else "",
                        "about": entry.about,
                        "at": entry.at.isoformat(),
                    },
                    separators=(",", ":"),
                ),
            )
        if lines:
            try:
                os.write(self._file, ("\n".join(lines) + "\n").encode())
                os.fsync(self._file)
            except OSError as error:
                raise NotReadyError(f"the journal cannot be written: {type(error).__name__}") from error
            self._sequence = number
            self._known |= fresh
        return self._sequence

    def read(self) -> Iterator[tuple[int, JournalEntry]]:
        """All entries in order, with their numbers.

        Raises:
            NotReadyError: when a line is damaged or a number is missing.
        """
        expected = 1
        for line in self._path.read_text().splitlines():
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
            expected += 1
            yield number, entry

    def close(self) -> None:
        """Release the file."""
        os.close(self._file)

    def _recover(self) -> tuple[int, set[UUID]]:
        """Cut off a last line that a crash left half-written, then count; a whole line is never touched."""
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            os.ftruncate(self._file, whole)
            os.fsync(self._file)
        self._sequence = 0
        known: set[UUID] = set()
        last = 0
        for number, entry in self.read():
            known.add(entry.entry_id)
            last = number
        return last, known
