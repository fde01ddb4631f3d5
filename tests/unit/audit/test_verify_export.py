"""An outsider with verify.py finds every change of an exported log, names the first bad entry, and cries no wolf.

Most checks call the program's `main` in this process, because hundreds of processes would take minutes; that the
copy inside an export is the same file and does the same alone, without the project, is tested as well.
"""

import csv
import io
import json
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import checkpoint, event, export, merkle, verify
from audit.event import ACTOR_POSITION, Entry, EventTag, Outcome
from audit.tiles import EntryTooLongError, tile_name, write_file
from audit.verify import Code
from tests.sample_log import ORIGIN, Leaf, Opening, SampleLog

ENTRIES = 20
BUNDLE = f"tile/entries/000.p/{ENTRIES}"
HASHES = f"tile/0/000.p/{ENTRIES}"

Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def log() -> SampleLog:
    """A log nobody changes; tests that record more make their own."""
    return SampleLog().fill(ENTRIES)


@pytest.fixture(scope="module")
def exported(log: SampleLog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its export, with salts and two earlier checkpoints."""
    return log.export(tmp_path_factory.mktemp("clean") / "export", earlier=[log.note(5), log.note(12)])


@pytest.fixture
def copied(exported: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return shutil.copytree(exported, tmp_path / "export")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], log: SampleLog) -> Run:
    """Exit code and words of the program, with the key from another source."""

    def program(path: Path, *arguments: object) -> tuple[int, str]:
        code = verify.main([str(path), "--key", log.key, *map(str, arguments)])
        return code, capsys.readouterr().out

    return program


@contextmanager
def changed(path: Path, content: bytes) -> Iterator[None]:
    """The file with other content, for a while."""
    before = path.read_bytes()
    path.write_bytes(content)
    yield
    path.write_bytes(before)


def bundle(bodies: list[bytes]) -> bytes:
    return b"".join(len(body).to_bytes(2, "big") + body for body in bodies)


def rows_in(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def alone(path: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The copy inside an export, run by an interpreter that sees neither this project nor its settings."""
    command = [sys.executable, "-I", str(path / "verify.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=path, timeout=60)


# ---- clean exports ----


@pytest.mark.parametrize("seed", range(15))
def test_a_clean_export_passes(seed: int, tmp_path: Path, run: Run) -> None:
    log = SampleLog(seed).fill(5 + seed * 3)
    pins = [log.note(size) for size in range(1, len(log.leaves), 7)]
    code, words = run(log.export(tmp_path / "export", earlier=pins))
    assert code == 0, words
    assert words.startswith(f"WHOLE: {len(log.leaves)} entries of {ORIGIN}, {len(pins)} older checkpoints")


def test_an_export_of_an_empty_log_passes(tmp_path: Path, run: Run) -> None:
    assert run(SampleLog().export(tmp_path / "export"))[0] == 0


@pytest.mark.parametrize("calls", [255, 256, 257, 512, 700])
def test_an_export_of_several_tiles_passes_and_lies_where_the_format_puts_it(
    calls: int, tmp_path: Path, run: Run
) -> None:
    log = SampleLog().fill(calls)
    path = log.export(tmp_path / "export")
    assert run(path)[0] == 0
    full, part = divmod(calls, 256)
    for level in ("entries", "0"):
        folder = path / "tile" / level
        found = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
        expected = [f"{number:03d}" for number in range(full)]
        expected += [f"{full:03d}.p/{part}"] if part else []
        assert found == expected
    if full:
        roots = [merkle.root_of([leaf.hash for leaf in log.leaves[at * 256 : at * 256 + 256]]) for at in range(full)]
        assert (path / "tile" / "1" / "000.p" / str(full)).read_bytes() == b"".join(roots)
    else:
        assert not (path / "tile" / "1").exists()


def test_tiles_are_named_as_the_format_names_them_and_found_under_those_names(tmp_path: Path) -> None:
    names = {0: "000", 7: "007", 999: "999", 1000: "x001/000", 999999: "x999/999", 1234067: "x001/x234/067"}
    assert {number: tile_name(number) for number in names} == names
    for number in range(1002):
        write_file(tmp_path / tile_name(number), number.to_bytes(2, "big"))
    assert b"".join(verify.tiles(tmp_path)) == b"".join(number.to_bytes(2, "big") for number in range(1002))


def test_an_earlier_checkpoint_over_no_entries_is_not_exported(tmp_path: Path, run: Run) -> None:
    log = SampleLog().fill(3)
    path = log.export(tmp_path / "export", earlier=[log.note(0), log.note(2)])
    assert [file.name for file in (path / "checkpoints").iterdir()] == ["2"]
    assert run(path)[0] == 0


async def test_rows_may_come_from_an_asynchronous_source(log: SampleLog, tmp_path: Path, run: Run) -> None:
    async def leaves() -> AsyncIterator[Leaf]:
        for leaf in log.leaves:
            yield leaf

    async def openings() -> AsyncIterator[Opening]:
        for opening in log.openings:
            yield opening

    written = await export.write_export(tmp_path / "export", log.note(), [log.key], leaves(), openings())
    assert written == export.Exported(ENTRIES, len(log.openings))
    assert run(tmp_path / "export")[0] == 0
    assert not (tmp_path / "export" / "salts.csv").exists()


def test_the_copy_in_an_export_works_alone(exported: Path, log: SampleLog) -> None:
    assert (exported / "verify.py").read_bytes() == Path(verify.__file__).read_bytes()
    done = alone(exported, exported, "--key", log.key, "--since", exported / "checkpoints" / "12")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"WHOLE: {ENTRIES} entries")
    assert "from another source" not in done.stdout


def test_without_a_key_of_ones_own_the_program_says_what_that_leaves_open(exported: Path) -> None:
    done = alone(exported, exported)
    assert done.returncode == 0
    assert "give --key from another source" in done.stdout


def test_a_wrong_call_has_an_exit_code_of_its_own(exported: Path) -> None:
    assert alone(exported).returncode == 2
    assert alone(exported, "--proof", exported, "--since", exported).returncode == 2


def test_verify_stays_one_file_of_the_standard_library_and_cryptography() -> None:
    lines = Path(verify.__file__).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 500
    modules = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert modules <= set(sys.stdlib_module_names) | {"cryptography"}


# ---- entries ----


@pytest.mark.gdpr("5(2)")
def test_every_changed_byte_of_an_entry_is_found_and_its_index_named(copied: Path, log: SampleLog, run: Run) -> None:
    """R-AUD-4."""
    misses = []
    for leaf in log.leaves:
        for at in {0, len(leaf.body) // 3, len(leaf.body) // 2, leaf.body.index(b'"t":') + 4, len(leaf.body) - 1}:
            bodies = [one.body for one in log.leaves]
            bodies[leaf.index] = flipped(leaf.body, at)
            with changed(copied / BUNDLE, bundle(bodies)):
                code, words = run(copied)
            if code != Code.CHANGED or f"entry {leaf.index} is not what was recorded" not in words:
                misses.append((leaf.index, at, words))
    assert not misses


def test_every_changed_byte_of_a_length_is_found(copied: Path, log: SampleLog, run: Run) -> None:
    content = (copied / BUNDLE).read_bytes()
    at, misses = 0, []
    for leaf in log.leaves:
        for offset in (at, at + 1):
            with changed(copied / BUNDLE, flipped(content, offset)):
                code, words = run(copied)
            if code not in (Code.UNREADABLE, Code.CHANGED, Code.MISSING):
                misses.append((leaf.index, words))
        at += 2 + len(leaf.body)
    assert not misses


def test_every_entry_left_out_of_its_bundle_is_found(copied: Path, log: SampleLog, run: Run) -> None:
    misses = []
    for index in range(ENTRIES):
        with changed(copied / BUNDLE, bundle([leaf.body for leaf in log.leaves if leaf.index != index])):
            code, words = run(copied)
        if code != Code.MISSING or f"entry {index} " not in words:
            misses.append((index, words))
    assert not misses


def test_every_repeated_or_foreign_entry_is_found(copied: Path, log: SampleLog, run: Run) -> None:
    misses = []
    foreign = SampleLog(99).fill(1).leaves[0].body
    for index in range(ENTRIES + 1):
        for inserted in (log.leaves[(index * 7) % ENTRIES].body, foreign):
            bodies = [leaf.body for leaf in log.leaves]
            bodies.insert(index, inserted)
            with changed(copied / BUNDLE, bundle(bodies)):
                code, _ = run(copied)
            if code != Code.MISSING:
                misses.append((index, code))
    assert not misses


def test_every_two_neighbours_that_changed_places_are_found(copied: Path, log: SampleLog, run: Run) -> None:
    misses = []
    for index in range(ENTRIES - 1):
        bodies = [leaf.body for leaf in log.leaves]
        bodies[index], bodies[index + 1] = bodies[index + 1], bodies[index]
        with changed(copied / BUNDLE, bundle(bodies)):
            code, words = run(copied)
        if code != Code.MISSING or f"entry {index} " not in words:
            misses.append((index, words))
    assert not misses


def test_every_cut_of_the_entries_is_found(copied: Path, log: SampleLog, run: Run) -> None:
    content, misses = (copied / BUNDLE).read_bytes(), []
    for index in range(ENTRIES):
        kept = bundle([leaf.body for leaf in log.leaves[:index]])
        for cut, expected in ((kept, Code.MISSING), (content[: len(kept) + 20], Code.UNREADABLE)):
            with changed(copied / BUNDLE, cut):
                code, words = run(copied)
            if code != expected or f"entry {index}" not in words:
                misses.append((index, expected, words))
    assert not misses


def test_every_changed_hash_is_found_and_the_entry_absolved(copied: Path, run: Run) -> None:
    content, misses = (copied / HASHES).read_bytes(), []
    for at in range(0, len(content), 9):
        with changed(copied / HASHES, flipped(content, at)):
            code, words = run(copied)
        if code != Code.ROOT or f"entry {at // 32} is as signed" not in words:
            misses.append((at, words))
    assert not misses


def test_a_changed_hash_of_a_higher_level_is_found(tmp_path: Path, run: Run) -> None:
    path = SampleLog().fill(300).export(tmp_path / "export")
    with changed(path / "tile/1/000.p/1", bytes(32)):
        assert run(path)[0] == Code.ROOT
    assert run(path)[0] == 0


# ---- a store that was changed, and then exported under the checkpoint signed before ----


def test_a_row_deleted_in_the_store_is_found_and_named(log: SampleLog, tmp_path: Path, run: Run) -> None:
    for index in range(ENTRIES):
        leaves = [leaf for leaf in log.leaves if leaf.index != index]
        code, words = run(log.export(tmp_path / str(index), leaves=leaves))
        assert code == Code.MISSING
        assert f"the first bad one is {index}\n" in words


def test_a_row_rewritten_together_with_its_hash_is_narrowed_down_by_earlier_checkpoints(
    log: SampleLog, tmp_path: Path, run: Run
) -> None:
    pins = [log.note(size) for size in range(8, ENTRIES, 8)]
    pins_end = (ENTRIES - 1) // 8 * 8
    for index in range(ENTRIES):
        leaves = list(log.leaves)
        leaves[index] = leaves[index].with_body(leaves[index].body.replace(b'"v":1', b'"v":2'))
        code, words = run(log.export(tmp_path / str(index), earlier=pins, leaves=leaves))
        first = index // 8 * 8
        assert code == Code.ROOT
        assert (f"{first} or later" if first == pins_end else f"one of {first} to {first + 7}") in words


def test_a_row_rewritten_without_its_hash_is_named(log: SampleLog, tmp_path: Path, run: Run) -> None:
    leaves = list(log.leaves)
    leaves[7] = replace(leaves[7], body=leaves[7].body.replace(b"deny", b"done"))
    leaves[7] = replace(leaves[7], body=leaves[7].body.replace(b"permit", b"deny"))
    code, words = run(log.export(tmp_path / "export", leaves=leaves))
    assert (code, "entry 7 is not what was recorded" in words) == (Code.CHANGED, True)


def test_a_body_that_is_no_entry_at_all_can_still_be_exported_and_is_named(
    log: SampleLog, tmp_path: Path, run: Run
) -> None:
    for number, body in enumerate([b"", b"\xff\xfe", b"[]", b"{}", b'{"fld":7,"n":1}']):
        leaves = list(log.leaves)
        leaves[9] = replace(leaves[9], body=body, second=10**17)
        code, words = run(log.export(tmp_path / str(number), leaves=leaves))
        assert (code, "entry 9 is not what was recorded" in words) == (Code.CHANGED, True)


COLUMNS: dict[str, Any] = {
    "operation": "lookup",
    "outcome": "deny",
    "purpose": "profiling",
    "client": "somebody",
    "second": 1,
    "uid": UUID(int=7),
    "index": 99,
}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_search_column_that_says_something_else_than_its_entry_is_found(
    column: str, log: SampleLog, tmp_path: Path, run: Run
) -> None:
    leaves = list(log.leaves)
    leaves[11] = replace(leaves[11], **{column: COLUMNS[column]})
    code, words = run(log.export(tmp_path / "export", leaves=leaves))
    assert code == Code.COLUMNS
    assert f"entry 11: entries.csv has another {'time' if column == 'second' else column}" in words


# ---- the list for people ----


def test_every_changed_cell_of_the_list_for_people_is_found(copied: Path, run: Run) -> None:
    path = copied / "entries.csv"
    rows, misses = rows_in(path), []
    for line in range(1, len(rows)):
        for column, name in enumerate(rows[0]):
            other = [list(row) for row in rows]
            other[line][column] += "0"
            with changed(path, as_csv(other)):
                code, words = run(copied)
            if code != Code.COLUMNS or f"entry {line - 1}: entries.csv has another {name}" not in words:
                misses.append((line, name, words))
    assert not misses


def test_a_line_missing_from_or_added_to_the_list_for_people_is_found(copied: Path, run: Run) -> None:
    path = copied / "entries.csv"
    rows = rows_in(path)
    for line in range(1, len(rows)):
        with changed(path, as_csv(rows[:line] + rows[line + 1 :])):
            assert run(copied)[0] == Code.COLUMNS
    with changed(path, as_csv([*rows, rows[-1]])):
        assert run(copied)[0] == Code.COLUMNS


def test_no_cell_of_the_list_for_people_is_run_as_a_formula(exported: Path) -> None:
    clients = {row[5] for row in rows_in(exported / "entries.csv")}
    assert "'=crm" in clients
    assert "=crm" not in clients


# ---- openings ----


def test_every_hidden_look_up_is_found(copied: Path, run: Run) -> None:
    """Deleting the opening that leads from a person to an entry shows (C-579/21)."""
    path = copied / "openings.csv"
    rows, misses = rows_in(path), []
    for line in range(1, len(rows)):
        with changed(path, as_csv(rows[:line] + rows[line + 1 :])):
            code, words = run(copied)
        if code != Code.OPENINGS:
            misses.append((line, words))
    assert not misses


def test_a_look_up_hidden_behind_an_opening_put_back_is_found(copied: Path, log: SampleLog, run: Run) -> None:
    """The counts would match: but what is missing lies after the entry that closed the other."""
    path = copied / "openings.csv"
    rows = rows_in(path)
    last_close = max(leaf.index for leaf in log.leaves if leaf.operation == EventTag.ACCESS_LOG_CLOSE)
    hidden = next(row for row in rows[1:] if int(row[1]) > last_close)
    opened = {(int(row[1]), int(row[2])) for row in rows[1:]}
    closed = next(
        (leaf.index, position)
        for leaf in log.leaves
        for position in range(json.loads(leaf.body)["n"])
        if (leaf.index, position) not in opened
    )
    invented = [str(UUID(int=1)), str(closed[0]), str(closed[1]), "permit"]
    with changed(path, as_csv([row for row in rows if row != hidden] + [invented])):
        code, words = run(copied)
    assert code == Code.OPENINGS
    assert f"from entry {hidden[1]} on 1 openings are missing" in words


def test_every_opening_in_excess_is_found(copied: Path, run: Run) -> None:
    path = copied / "openings.csv"
    rows = rows_in(path)
    entries = rows_in(copied / "entries.csv")[1:]
    opened = {(row[1], row[2]) for row in rows[1:]}
    invented = [
        *rows[1:],
        *([str(UUID(int=1)), row[0], row[8], ""] for row in entries),
        [str(UUID(int=1)), str(ENTRIES), "0", ""],
        [str(UUID(int=1)), "-1", "0", ""],
        [str(UUID(int=1)), "1", "-1", ""],
        [str(UUID(int=1)), "0", str(ACTOR_POSITION), ""],
    ]
    invented += [
        [str(UUID(int=1)), row[0], str(position), ""]
        for row in entries
        for position in range(int(row[8]))
        if (row[0], str(position)) not in opened
    ]
    misses = []
    for row in invented:
        with changed(path, as_csv([*rows, row])):
            code, words = run(copied)
        if code != Code.OPENINGS:
            misses.append((row, words))
    assert not misses


def test_every_opening_moved_to_a_place_that_does_not_exist_is_found(copied: Path, run: Run) -> None:
    """Counting alone would not see it."""
    path = copied / "openings.csv"
    rows, misses = rows_in(path), []
    for line in range(1, len(rows)):
        wrong = ((1, "-1"), (1, str(ENTRIES)), (2, "-1"), (2, "3"), (2, str(ACTOR_POSITION - 1)))
        column, value = wrong[line % len(wrong)]
        other = [list(row) for row in rows]
        other[line][column] = value
        with changed(path, as_csv(other)):
            code, words = run(copied)
        if code != Code.OPENINGS:
            misses.append((other[line], words))
    assert not misses


def test_every_closing_that_claims_more_than_is_missing_is_found(tmp_path: Path, run: Run) -> None:
    log = SampleLog().fill(12)
    log.record(Entry(EventTag.ERASE, Outcome.DONE, closes=1))
    assert run(log.export(tmp_path / "export"))[0] == Code.OPENINGS


def test_salts_show_every_opening_that_names_somebody_else_or_something_else(copied: Path, run: Run) -> None:
    path = copied / "openings.csv"
    rows, misses = rows_in(path), []
    assert len(rows) > 15
    for line in range(1, len(rows)):
        for column, value in ((0, str(UUID(int=1))), (3, "erased")):
            other = [list(row) for row in rows]
            other[line][column] = value
            with changed(path, as_csv(other)):
                code, words = run(copied)
            if code != Code.COMMITMENT or f"entry {rows[line][1]}" not in words:
                misses.append((rows[line], words))
    assert not misses


def test_salts_show_two_openings_that_swapped_their_persons(copied: Path, log: SampleLog, run: Run) -> None:
    path = copied / "openings.csv"
    rows = rows_in(path)
    first = log.openings[0]
    second = next(one for one in log.openings if one.person_ref != first.person_ref)
    swapped = {
        (str(one.leaf), str(one.position)): str(instead.person_ref)
        for one, instead in ((first, second), (second, first))
    }
    other = [[swapped.get((row[1], row[2]), row[0]), *row[1:]] for row in rows]
    assert other != rows
    with changed(path, as_csv(other)):
        assert run(copied)[0] == Code.COMMITMENT


def test_every_wrong_salt_is_found(copied: Path, run: Run) -> None:
    path = copied / "salts.csv"
    rows, misses = rows_in(path), []
    for line in range(1, len(rows)):
        last = "0" if rows[line][2][-1] != "0" else "1"
        for salt in (rows[line][2][:-1] + last, rows[line][2][:-1], ""):
            with changed(path, as_csv([*rows[:line], [*rows[line][:2], salt], *rows[line + 1 :]])):
                code, words = run(copied)
            if code != Code.COMMITMENT:
                misses.append((rows[line], words))
    assert not misses


def test_every_changed_commitment_of_several_is_found_and_its_entry_named(copied: Path, run: Run) -> None:
    path = copied / "commitments.csv"
    rows, misses = rows_in(path), []
    assert len(rows) > 3
    for line in range(1, len(rows)):
        last = "0" if rows[line][2][-1] != "0" else "1"
        other = [*rows[:line], [*rows[line][:2], rows[line][2][:-1] + last], *rows[line + 1 :]]
        with changed(path, as_csv(other)):
            code, words = run(copied)
        if code != Code.COMMITMENT or f"entry {rows[line][0]}:" not in words:
            misses.append((rows[line], words))
    assert not misses


def test_a_salt_for_nobody_and_a_salt_given_twice_are_refused(copied: Path, run: Run) -> None:
    path = copied / "salts.csv"
    rows = rows_in(path)
    for row in (rows[1], ["0", "0", "0" * 64], [str(ENTRIES), "0", "0" * 64]):
        with changed(path, as_csv([*rows, row])):
            assert run(copied)[0] == Code.COMMITMENT


# ---- checkpoints ----


def test_every_changed_character_of_the_checkpoint_is_found(copied: Path, run: Run) -> None:
    path = copied / "checkpoint"
    content, misses = path.read_bytes(), []
    for at in range(len(content)):
        other = (flipped(content, at), content[:at] + content[at + 1 :], content[:at] + b"A" + content[at:])[at % 3]
        with changed(path, other):
            code, words = run(copied)
        if other != content and code not in (Code.UNREADABLE, Code.SIGNATURE):
            misses.append((at, words))
    assert not misses


def test_a_checkpoint_of_another_signer_or_another_log_is_refused(copied: Path, log: SampleLog, run: Run) -> None:
    root = merkle.root_of([leaf.hash for leaf in log.leaves])
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    renamed = checkpoint.Checkpoint("example.com/other", ENTRIES, root)
    for note in (
        checkpoint.sign(checkpoint.Checkpoint(ORIGIN, ENTRIES, root), ORIGIN, stranger),
        checkpoint.sign(renamed, ORIGIN, log.signer),
        checkpoint.sign(renamed, "example.com/other", log.signer),
    ):
        with changed(copied / "checkpoint", note.encode()):
            assert run(copied)[0] == Code.SIGNATURE


def test_an_earlier_checkpoint_in_place_of_the_last_one_is_found(copied: Path, log: SampleLog, run: Run) -> None:
    for size in range(ENTRIES):
        with changed(copied / "checkpoint", log.note(size).encode()):
            code, words = run(copied)
        assert (code, f"the first bad one is {size}\n" in words) == (Code.MISSING, True)


def test_a_log_that_was_cut_and_signed_again_is_found_by_whoever_kept_a_checkpoint(
    log: SampleLog, tmp_path: Path, run: Run
) -> None:
    """Nothing inside such an export is wrong: the older checkpoint alone shows it."""
    pin = tmp_path / "pin"
    pin.write_text(log.note(), encoding="utf-8")
    for size in range(1, 11):
        shorter = SampleLog().fill(size)
        path = shorter.export(tmp_path / str(size))
        assert run(path)[0] == 0
        assert run(path, "--since", pin)[0] == Code.HISTORY


def test_a_forked_log_is_found_by_whoever_kept_a_checkpoint(log: SampleLog, tmp_path: Path, run: Run) -> None:
    """Both histories are signed by the log; the pins narrow down where they part."""
    shared = 9
    fork = SampleLog().fill(shared)
    fork.random.seed(2)
    while len(fork.leaves) < ENTRIES:
        fork.read(fork.person())
    path = fork.export(tmp_path / "fork")
    assert run(path)[0] == 0
    pin = tmp_path / "pin"
    for size in range(1, ENTRIES + 1):
        pin.write_text(log.note(size), encoding="utf-8")
        code, words = run(path, "--since", pin)
        assert code == (0 if size <= shared else Code.HISTORY)
        assert size <= shared or f"one of 0 to {size - 1}" in words


def test_the_log_continues_every_earlier_checkpoint_of_its_own(
    exported: Path, log: SampleLog, tmp_path: Path, run: Run
) -> None:
    pins = []
    for size in range(1, ENTRIES + 1):
        pin = tmp_path / str(size)
        pin.write_text(log.note(size), encoding="utf-8")
        pins += ["--since", pin]
    code, words = run(exported, *pins)
    assert (code, f"{ENTRIES + 2} older checkpoints" in words) == (0, True)


def test_an_older_checkpoint_that_can_show_nothing_is_refused(
    exported: Path, log: SampleLog, tmp_path: Path, run: Run
) -> None:
    pin = tmp_path / "pin"
    pin.write_text(log.note(0), encoding="utf-8")
    assert run(exported, "--since", pin)[0] == Code.HISTORY
    pin.write_text(log.note(5).replace("5", "6", 1), encoding="utf-8")
    assert run(exported, "--since", pin)[0] == Code.SIGNATURE


def test_an_older_checkpoint_of_another_log_is_refused_even_if_that_log_is_known(
    exported: Path, log: SampleLog, tmp_path: Path, run: Run
) -> None:
    name, root = "example.com/other", merkle.root_of([leaf.hash for leaf in log.leaves[:5]])
    pin = tmp_path / "pin"
    pin.write_text(checkpoint.sign(checkpoint.Checkpoint(name, 5, root), name, log.signer), encoding="utf-8")
    other = checkpoint.verifier_key(name, log.signer.public_key())
    assert run(exported, "--since", pin, "--key", other)[0] == Code.HISTORY


def test_an_older_checkpoint_that_counts_more_entries_than_there_are_is_refused_whatever_its_root(
    exported: Path, log: SampleLog, tmp_path: Path, run: Run
) -> None:
    root = merkle.root_of([leaf.hash for leaf in log.leaves])
    pin = tmp_path / "pin"
    pin.write_text(
        checkpoint.sign(checkpoint.Checkpoint(ORIGIN, ENTRIES + 1, root), ORIGIN, log.signer), encoding="utf-8"
    )
    assert run(exported, "--since", pin)[0] == Code.HISTORY


# ---- entries that no log of this format writes, though they are signed ----


def rewritten(change: Callable[[dict[str, object]], object], at: int = 3) -> SampleLog:
    log = SampleLog().fill(6)
    tree = json.loads(log.leaves[at].body)
    answer = change(tree)
    body = answer if isinstance(answer, bytes) else event.canonical(tree)
    log.leaves[at] = log.leaves[at].with_body(body)
    return log


MALFORMED: dict[str, Callable[[dict[str, object]], object]] = {
    "another version": lambda tree: tree.update(v=2),
    "a truth value for a number": lambda tree: tree.update(v=True),
    "an unknown member": lambda tree: tree.update(name="Erika"),
    "a missing member": lambda tree: tree.pop("uid"),
    "time running backwards": lambda tree: tree.update(t=1),
    "a time after the year 9999": lambda tree: tree.update(t=10**12),
    "a fraction of a second": lambda tree: tree.update(t=1.5),
    "an unknown outcome": lambda tree: tree.update(out="maybe"),
    "an empty purpose": lambda tree: tree.update(pur=""),
    "an empty list": lambda tree: tree.update(fld=[]),
    "a list of something else": lambda tree: tree.update(fld=[1]),
    "persons without a subtree": lambda tree: tree.pop("sub"),
    "a subtree without persons": lambda tree: tree.update(n=0),
    "fewer than no persons": lambda tree: tree.update(n=-1),
    "a hash in capitals": lambda tree: tree.update(sub=str(tree["sub"]).upper()),
    "a short hash": lambda tree: tree.update(cts=["00"]),
    "closing nothing": lambda tree: tree.update(cls=0),
    "white space": lambda tree: event.canonical(tree) + b"\n",
    "another order": lambda tree: json.dumps(dict(reversed(tree.items())), separators=(",", ":")).encode(),
    "another encoding": lambda tree: event.canonical(tree).decode().encode("utf-16"),
    "a repeated member": lambda tree: event.canonical(tree)[:-1] + b',"v":1}',
    "a list": lambda _: b"[]",
    "no JSON": lambda _: b"\xff",
    "endless depth": lambda _: b"[" * 60000,
}


@pytest.mark.parametrize("what", MALFORMED)
def test_an_entry_that_breaks_the_format_is_found_although_it_is_signed(what: str, tmp_path: Path, run: Run) -> None:
    code, words = run(rewritten(MALFORMED[what]).export(tmp_path / "export"))
    assert (code, "entry 3 " in words) == (Code.FORMAT, True), words


def test_an_identifier_used_twice_is_found_although_it_is_signed(tmp_path: Path, run: Run) -> None:
    first = SampleLog().fill(6).leaves[2].uid.hex
    code, words = run(rewritten(lambda tree: tree.update(uid=first)).export(tmp_path / "export"))
    assert (code, "entry 3 " in words) == (Code.FORMAT, True)


# ---- files ----


def test_every_missing_file_is_found(copied: Path, run: Run) -> None:
    expected = {
        "checkpoint": Code.UNREADABLE,
        "entries.csv": Code.UNREADABLE,
        "openings.csv": Code.UNREADABLE,
        BUNDLE: Code.MISSING,
        HASHES: Code.ROOT,
    }
    for name, code in expected.items():
        content = (copied / name).read_bytes()
        (copied / name).unlink()
        assert run(copied)[0] == code
        (copied / name).write_bytes(content)
    (copied / "log.vkey").unlink()
    assert verify.main([str(copied)]) == Code.UNREADABLE


@pytest.mark.parametrize(
    "name", ["checkpoint", "log.vkey", "entries.csv", "openings.csv", "salts.csv", "checkpoints/5"]
)
def test_a_file_of_anything_else_never_passes_and_never_crashes(name: str, copied: Path) -> None:
    lines = (copied / name).read_bytes().splitlines(keepends=True)
    for content in (
        b"",
        b"\xff\xfe\x00",
        b"\0",
        b"a,b\n",
        b'"',
        "\u0661,\u0662,\u0663,\u0664\n".encode(),
        lines[0] + b'"',
        lines[0] + b"x,y,z\n",
    ):
        with changed(copied / name, content):
            assert verify.main([str(copied)]) >= Code.UNREADABLE


def test_every_class_of_failure_leaves_the_program_with_its_code(copied: Path, log: SampleLog, tmp_path: Path) -> None:
    """The same program alone, in a process of its own."""
    other = SampleLog(2).fill(ENTRIES).export(tmp_path / "other")
    bodies = [leaf.body for leaf in log.leaves]
    cases: dict[Code, tuple[str, bytes]] = {
        Code.UNREADABLE: ("openings.csv", b""),
        Code.SIGNATURE: ("checkpoint", log.note().replace(f"\n{ENTRIES}\n", f"\n{ENTRIES + 1}\n").encode()),
        Code.ROOT: (HASHES, bytes(32 * ENTRIES)),
        Code.CHANGED: (BUNDLE, bundle([flipped(bodies[0], 9), *bodies[1:]])),
        Code.MISSING: (BUNDLE, bundle(bodies[1:])),
        Code.COLUMNS: ("entries.csv", as_csv(rows_in(copied / "entries.csv")[:-1])),
        Code.OPENINGS: ("openings.csv", as_csv(rows_in(copied / "openings.csv")[:-1])),
        Code.COMMITMENT: ("salts.csv", as_csv([["leaf", "position", "salt"], ["0", "0", "00"]])),
        Code.HISTORY: ("checkpoints/12", (other / "checkpoint").read_bytes()),
    }
    assert set(cases) | {Code.FORMAT} == set(Code)
    for code, (name, content) in cases.items():
        with changed(copied / name, content):
            done = alone(copied, copied)
        assert (done.returncode, done.stderr) == (code, "")
        assert done.stdout.startswith(f"FAILED {int(code)} (")
    malformed = rewritten(MALFORMED["an unknown member"]).export(tmp_path / "malformed")
    assert alone(malformed, malformed).returncode == Code.FORMAT


# ---- proof files ----


def proven(log: SampleLog, tmp_path: Path, opening: Opening | None = None, index: int = 3) -> Path:
    path = tmp_path / "proof.json"
    path.write_text(log.proof(opening.leaf if opening else index, opening), encoding="utf-8")
    return path


def test_the_proof_of_every_entry_passes(log: SampleLog, tmp_path: Path, run: Run) -> None:
    for index in range(ENTRIES):
        code, words = run(proven(log, tmp_path, index=index), "--proof")
        assert code == 0
        assert f"entry {index} of {ENTRIES} in {ORIGIN} says" in words


@pytest.mark.gdpr("15(1)(c)")
def test_the_proof_of_every_person_in_an_entry_passes_and_names_them(log: SampleLog, tmp_path: Path, run: Run) -> None:
    for opening in log.openings:
        code, words = run(proven(log, tmp_path, opening), "--proof")
        role = "the actor" if opening.position == ACTOR_POSITION else repr(opening.detail)
        assert code == 0
        assert f"speaks of {opening.person_ref} as {role}" in words


def test_a_proof_outlives_the_erasure_of_the_person(tmp_path: Path, run: Run) -> None:
    """Destroying an audit key changes no byte of the tree."""
    log = SampleLog().fill(20)
    opening = next(one for one in log.openings if one.position == 0)
    before = log.leaves[opening.leaf].body
    log.close(opening.person_ref)
    assert run(proven(log, tmp_path, index=opening.leaf), "--proof")[0] == 0
    assert log.leaves[opening.leaf].body == before


def test_every_changed_part_of_a_proof_is_found(log: SampleLog, tmp_path: Path, run: Run) -> None:
    opening = next(one for one in log.openings if json.loads(log.leaves[one.leaf].body)["n"] == 3)
    path = proven(log, tmp_path, opening)
    proof = json.loads(path.read_text(encoding="utf-8"))
    person, steps = proof["person"], proof["inclusion"]
    changes: list[tuple[Code, dict[str, Any]]] = [
        (Code.UNREADABLE, {"format": "another"}),
        (Code.UNREADABLE, {"body": 7}),
        (Code.UNREADABLE, {"body": "!"}),
        (Code.UNREADABLE, {"index": None}),
        (Code.UNREADABLE, {"person": None}),
        (Code.UNREADABLE, {"person": {}}),
        (Code.UNREADABLE, {"person": {**person, "position": "0"}}),
        (Code.SIGNATURE, {"checkpoint": proof["checkpoint"].replace(f"\n{ENTRIES}\n", f"\n{ENTRIES - 1}\n")}),
        (Code.ROOT, {"size": ENTRIES + 1}),
        (Code.ROOT, {"checkpoint": log.note(ENTRIES - 1)}),
        (Code.ROOT, {"index": proof["index"] + 1}),
        (Code.ROOT, {"index": -1}),
        (Code.ROOT, {"index": ENTRIES}),
        (Code.ROOT, {"body": b64encode(log.leaves[0].body).decode()}),
        (Code.ROOT, {"inclusion": steps[1:]}),
        (Code.ROOT, {"inclusion": [*steps, steps[0]]}),
        (Code.ROOT, {"inclusion": steps[::-1]}),
        *((Code.ROOT, {"inclusion": [*steps[:at], steps[at - 1], *steps[at + 1 :]]}) for at in range(len(steps))),
        (Code.COMMITMENT, {"person": {**person, "ref": str(UUID(int=1))}}),
        (Code.COMMITMENT, {"person": {**person, "detail": "other"}}),
        (Code.COMMITMENT, {"person": {**person, "position": person["position"] + 1}}),
        (Code.COMMITMENT, {"person": {**person, "position": ACTOR_POSITION}}),
        (Code.COMMITMENT, {"person": {**person, "salt": "0" * 64}}),
        (Code.COMMITMENT, {"person": {**person, "subtree": []}}),
    ]
    for code, change in changes:
        path.write_text(json.dumps({**proof, **change}), encoding="utf-8")
        assert (run(path, "--proof")[0], change) == (code, change)
    for name in set(proof) - {"key", "person"}:
        path.write_text(json.dumps({key: value for key, value in proof.items() if key != name}), encoding="utf-8")
        assert run(path, "--proof")[0] == Code.UNREADABLE
    for text in ("", "[]", "{}", "[" * 60000):
        path.write_text(text, encoding="utf-8")
        assert run(path, "--proof")[0] == Code.UNREADABLE


def test_a_longer_salt_cannot_pass_off_one_person_as_another(log: SampleLog, tmp_path: Path, run: Run) -> None:
    """Salt, pseudonym and detail are hashed one after the other: moving their borders must not help."""
    opening = log.openings[0]
    path = proven(log, tmp_path, opening)
    proof = json.loads(path.read_text(encoding="utf-8"))
    person = proof["person"]
    whole = bytes.fromhex(person["salt"]) + UUID(person["ref"]).bytes + person["detail"].encode()
    person |= {"salt": whole[:-16].hex(), "ref": str(UUID(bytes=whole[-16:])), "detail": ""}
    path.write_text(json.dumps(proof), encoding="utf-8")
    assert run(path, "--proof")[0] == Code.COMMITMENT


def test_a_proof_checks_against_the_key_inside_where_no_other_is_given(log: SampleLog, tmp_path: Path) -> None:
    path = proven(log, tmp_path)
    assert verify.main(["--proof", str(path)]) == 0
    assert b64decode(json.loads(path.read_text(encoding="utf-8"))["body"]) == log.leaves[3].body


# ---- writing ----


async def test_an_export_never_mixes_with_other_files(log: SampleLog, tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    with pytest.raises(export.ExportError):
        await export.write_export(tmp_path, log.note(), [log.key], [], [])


async def test_an_entry_that_no_bundle_can_hold_is_refused_and_leaves_no_checkpoint(
    log: SampleLog, tmp_path: Path
) -> None:
    largest = log.leaves[0].with_body(bytes(65535))
    await export.write_export(tmp_path / "largest", log.note(), [log.key], [largest], [])
    with pytest.raises(EntryTooLongError):
        await export.write_export(tmp_path / "larger", log.note(), [log.key], [largest.with_body(bytes(65536))], [])
    assert not (tmp_path / "larger" / "checkpoint").exists()


async def test_a_note_that_is_not_the_logs_own_is_not_exported(log: SampleLog, tmp_path: Path) -> None:
    stranger = checkpoint.verifier_key(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key())
    with pytest.raises(checkpoint.NoteError):
        await export.write_export(tmp_path / "export", log.note(), [stranger], [], [])
    assert not (tmp_path / "export").exists()


def test_salts_do_not_show_in_repr() -> None:
    salt = bytes(range(32))
    for value in (export.Salt(1, 0, salt), export.OpenedPerson(0, UUID(int=1), "permit", salt)):
        assert repr(salt) not in repr(value)
