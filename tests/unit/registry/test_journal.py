"""The journal: what was acknowledged stays, in order, whatever a crash leaves behind (R-DEL-6)."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from registry.errors import NotReadyError
from registry.journal import FileJournal, JournalEntry, JournalKind

AT = datetime(2026, 1, 1, tzinfo=UTC)


def _entry(about: str = "newsletter:email") -> JournalEntry:
    return JournalEntry(uuid4(), JournalKind.WITHDRAWAL, uuid4(), about, AT)


def test_what_was_written_is_read_back_in_order(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "journal")
    entries = [_entry(str(number)) for number in range(3)]
    assert journal.append(entries[:2]) == 2
    assert journal.append(entries[2:]) == 3
    assert list(FileJournal(tmp_path / "journal").read()) == list(enumerate(entries, 1))


def test_an_entry_is_written_once(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "journal")
    entry = _entry()
    assert journal.append([entry, entry]) == 1
    assert journal.append([entry]) == 1
    assert FileJournal(tmp_path / "journal").append([entry]) == 1


def test_two_processes_share_one_journal(tmp_path: Path) -> None:
    first, second = FileJournal(tmp_path / "journal"), FileJournal(tmp_path / "journal")
    shared = _entry()
    for journal in (first, second, first, second):
        journal.append([_entry(), shared])
    assert [number for number, _ in first.read()] == [1, 2, 3, 4, 5]


def test_half_a_line_of_a_crash_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    FileJournal(path).append([_entry()])
    with path.open("ab") as file:
        file.write(b'{"n":2,"id":"')
    journal = FileJournal(path)
    assert journal.sequence == 1
    assert journal.append([_entry()]) == 2


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda lines: [*lines[:1], *lines[2:]], "entry 2 is missing"),
        (lambda lines: [lines[0], b"{}\n", lines[2]], "entry 2 is damaged"),
        (lambda lines: [lines[1], lines[0], lines[2]], "entry 1 is missing"),
    ],
)
def test_a_damaged_journal_is_refused(tmp_path: Path, damage: Callable[[list[bytes]], list[bytes]], words: str) -> None:
    path = tmp_path / "journal"
    FileJournal(path).append([_entry() for _ in range(3)])
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    with pytest.raises(NotReadyError, match=words):
        FileJournal(path)


def test_the_journal_is_for_its_owner_alone(tmp_path: Path) -> None:
    FileJournal(tmp_path / "journal").append([JournalEntry(UUID(int=1), JournalKind.POLICY, None, "digest", AT)])
    assert (tmp_path / "journal").stat().st_mode & 0o077 == 0
