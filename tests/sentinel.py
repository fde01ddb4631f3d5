"""Searches bytes for one unmistakable person, in every spelling in which a leak would show."""

import base64
from collections.abc import Iterable
from pathlib import Path

_UNMISTAKABLE = 8
"""Bytes from which on a value is not met by chance: five digits of a postcode are in some hash sooner or later."""


def spellings(*values: str) -> dict[str, bytes]:
    """Each value plain, in upper and lower case, as hex, and as base64 at each of the three alignments.

    Raises ValueError on a value so short that it would be found where nobody wrote it.
    """
    found: dict[str, bytes] = {}
    for value in values:
        raw = value.encode()
        if len(raw) < _UNMISTAKABLE:
            raise ValueError(f"{len(raw)} bytes would be met by chance")
        found[f"{value} (plain)"] = raw
        found[f"{value} (lower)"] = value.lower().encode()
        found[f"{value} (UTF-16)"] = value.encode("utf-16-le")
        found[f"{value} (hex)"] = raw.hex().encode()
        found[f"{value} (HEX)"] = raw.hex().upper().encode()
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
            found[f"{value} (base64, {shift})"] = coded[(0, 2, 3)[shift] : -1]
    return found


def places_of(needles: dict[str, bytes], files: Iterable[Path]) -> list[str]:
    """Where any of the spellings occurs, as `file: spelling`; a running server may take a file away meanwhile."""
    hits: list[str] = []
    for path in files:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        hits += [f"{path}: {name}" for name, needle in needles.items() if needle in content]
    return hits


def files_under(folder: Path, leave_out: str = "") -> list[Path]:
    """All files below a folder, without those in folders named `leave_out`."""
    return [path for path in folder.rglob("*") if path.is_file() and leave_out not in path.parts]
