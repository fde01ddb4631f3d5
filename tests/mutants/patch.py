"""Applies a unified diff to a folder, without git.

Lines may have moved since the patch was made; the lines it names must be there exactly, in exactly one place or, where
they stand in several, at the place the patch names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")


class PatchError(ValueError):
    """The patch is not well formed, or does not fit the files."""


@dataclass(frozen=True, slots=True)
class _Hunk:
    path: str
    line: int
    old: list[str]
    new: list[str]


def apply(text: str, root: Path) -> None:
    """Change the files under `root`.

    Raises:
        PatchError: a file or the lines are not there, or the patch changes nothing.
    """
    hunks = list(_hunks(text))
    if not any(hunk.old != hunk.new for hunk in hunks):
        message = "it changes nothing"
        raise PatchError(message)
    shift: dict[str, int] = {}
    for hunk in hunks:
        path = root / hunk.path
        if not path.is_file():
            message = f"there is no {hunk.path}"
            raise PatchError(message)
        lines = path.read_text(encoding="utf-8").split("\n")
        start = _find(lines, hunk, shift.get(hunk.path, 0))
        lines[start : start + len(hunk.old)] = hunk.new
        shift[hunk.path] = start - (hunk.line - 1) + len(hunk.new) - len(hunk.old)
        path.write_text("\n".join(lines), encoding="utf-8")


def _find(lines: list[str], hunk: _Hunk, shift: int) -> int:
    size = len(hunk.old)
    expected = hunk.line - 1 + shift
    if lines[expected : expected + size] == hunk.old:
        return expected
    found = [start for start in range(len(lines) - size + 1) if lines[start : start + size] == hunk.old]
    if len(found) != 1:
        message = f"{hunk.path}: the lines at {hunk.line} are {'not there' if not found else 'in several places'}"
        raise PatchError(message)
    return found[0]


def _hunks(text: str) -> Iterator[_Hunk]:
    path = ""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("+++ "):
            path = line.removeprefix("+++ ").split("\t")[0].removeprefix("b/")
        elif match := _HUNK.match(line):
            if not path:
                message = "it names no file"
                raise PatchError(message)
            sizes = (int(match[2] or 1), int(match[3] or 1))
            yield _Hunk(path, int(match[1]), *_body(lines, *sizes))


def _body(lines: Iterator[str], old_size: int, new_size: int) -> tuple[list[str], list[str]]:
    old: list[str] = []
    new: list[str] = []
    while len(old) < old_size or len(new) < new_size:
        line = next(lines, None)
        if line is None:
            message = "it ends in the middle"
            raise PatchError(message)
        mark, rest = line[:1] or " ", line[1:]
        if mark not in " +-\\":
            message = f"unexpected line {line!r}"
            raise PatchError(message)
        if mark in " -":
            old.append(rest)
        if mark in " +":
            new.append(rest)
    return old, new
