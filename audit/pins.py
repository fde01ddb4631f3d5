"""Keeps signed checkpoints outside the database, so that a log which was cut, rolled back or replaced is noticed.

A folder beside the journal, shared by all processes of an installation:

    latest          the newest signed note; never replaced by one over fewer entries
    2026-11-01      the first note of each day
    sealed-90       the last note of a log of 90 entries that was given up and succeeded by another

Every file is a signed note as `verify.py --since` reads it. A note lies here only after what it signs was committed.

Legal: GDPR Art. 5(2), Art. 32; R-AUD-4.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

LATEST = "latest"
SEALED = "sealed-"
_MODE = 0o600


def size_of(note: str) -> int:
    """How many entries a note of ours counts; 0 where that cannot be read."""
    lines = note.split("\n")
    return int(lines[1]) if len(lines) > 1 and lines[1].isascii() and lines[1].isdigit() else 0


class PinFolder:
    """The notes of one installation."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def latest(self) -> str | None:
        """The newest note; None = nothing was ever pinned.

        Raises:
            OSError: when the folder cannot be read.
        """
        try:
            return (self._path / LATEST).read_bytes().decode()
        except FileNotFoundError:
            return None

    def notes(self) -> list[str]:
        """All notes, in no order."""
        if not self._path.is_dir():
            return []
        return [one.read_bytes().decode() for one in sorted(self._path.iterdir()) if not one.name.startswith(".")]

    def put(self, note: str, now: datetime) -> None:
        """Keep a note, flushed to disk, unless another process has kept a newer one.

        Raises:
            OSError: when that cannot be done.
        """
        with self._locked():
            held = self.latest()
            if held is None or size_of(held) < size_of(note):
                self._write(LATEST, note)
            day = now.date().isoformat()
            if not (self._path / day).exists():
                self._write(day, note)

    def seal(self, note: str) -> None:
        """Put the last note of a log aside and begin with the first one of its successor.

        Raises:
            OSError: when that cannot be done; then nothing has changed.
        """
        with self._locked():
            held = self.latest()
            if held is not None:
                self._write(f"{SEALED}{size_of(held)}", held)
            self._write(LATEST, note)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self._path / ".lock", os.O_RDWR | os.O_CREAT, _MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _write(self, name: str, note: str) -> None:
        temporary = self._path / f".{name}"
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE), "wb") as file:
            file.write(note.encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path / name)
        folder = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
