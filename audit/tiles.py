"""Lays the tree out as files of at most 256 hashes or entries, so that they can be served and kept as they are.

C2SP tlog-tiles: `tile/L/N` holds the roots of full subtrees of 256**L leaves, `tile/entries/N` the entries, each
after its length (2 bytes, big endian). The last tile of a level is partial and ends in `.p/W`, its width.

Legal: GDPR Art. 5(2); R-AUD-4.
"""

from pathlib import Path

from audit import merkle

MAX_BODY = 0xFFFF


class EntryTooLongError(Exception):
    """Raised when an entry does not fit an entry bundle."""


class LogTiles:
    """Entry bundles and hash tiles of all levels; one tile a level is in memory.

    Hashes are written as given, not made from the bodies: where the two differ, a reader has to see it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tree = merkle.CompactRange()
        self._bundles = _Level(folder / "entries")
        self._levels = {0: _Level(folder / "0")}

    def add(self, body: bytes, leaf_hash: bytes) -> None:
        """Add the next entry.

        Raises:
            EntryTooLongError: its body is longer than 65,535 bytes.
        """
        if len(body) > MAX_BODY:
            raise EntryTooLongError(f"entry {self._tree.size} is longer than {MAX_BODY} bytes")
        self._bundles.add(len(body).to_bytes(2, "big") + body)
        self._levels[0].add(leaf_hash)
        for level, _, value in self._tree.append(leaf_hash):
            self._levels.setdefault(level, _Level(self._folder / str(level))).add(value)

    def finish(self) -> None:
        """Write the partial tiles."""
        for level in (self._bundles, *self._levels.values()):
            level.finish()


class _Level:
    """The tiles of one level: full ones as they fill, the partial one at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> None:
        self._parts.append(part)
        if len(self._parts) == merkle.TILE_WIDTH:
            write_file(self._folder / tile_name(self._number), b"".join(self._parts))
            self._number += 1
            self._parts.clear()

    def finish(self) -> None:
        if self._parts:
            name = f"{tile_name(self._number)}.p/{len(self._parts)}"
            write_file(self._folder / name, b"".join(self._parts))


def tile_name(number: int) -> str:
    """A tile's path below its level: 1234067 is x001/x234/067."""
    number, last = divmod(number, 1000)
    name = f"{last:03d}"
    while number:
        number, part = divmod(number, 1000)
        name = f"x{part:03d}/{name}"
    return name


def write_file(path: Path, content: bytes) -> None:
    """Write a file and the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
