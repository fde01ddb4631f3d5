"""Decides whether an exported audit log is whole and unchanged, without the product that wrote it.

One file to copy and read; Python 3.11 and the `cryptography` package are all it needs.

    python verify.py EXPORT_DIR [--key VERIFIER_KEY]... [--since OLD_CHECKPOINT]...
    python verify.py --proof FILE [--key VERIFIER_KEY]...

Give the verifier key and an older checkpoint that you got on another way: those inside the export only show that
it fits itself, and only an older checkpoint shows that nothing has been cut off or replaced since.

Checked, in this order: the signature of the checkpoint; every entry against its hash, all hashes against the
signed root, older checkpoints against the same tree; each entry's form, and that time never runs backwards; the
list for people (entries.csv) against the entries; that the openings (who was touched) lack no more than erasure
and retention entries say they closed; and, where salts.csv is there, every opening against its commitment.

Exit codes: 0 whole; 2 wrong call; 10 unreadable; 11 bad signature; 12 root mismatch; 13 entry changed; 14 entry
missing or reordered; 15 entries.csv differs; 16 openings missing or in excess; 17 opening does not match its
commitment; 18 not a continuation of an older checkpoint; 19 an entry breaks the format.
"""

import argparse
import base64
import csv
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ENTRIES_HEADER = ["index", "time", "operation", "outcome", "purpose", "client", "fields", "reasons", "count", "uid"]
OPENINGS_HEADER = ["person_ref", "leaf", "position", "detail"]
SALTS_HEADER = ["leaf", "position", "salt"]
PERSON_LABEL = b"crm-audit-person/1\0"
PROOF_FORMAT = "crm-audit-proof/1"
ACTOR_POSITION = 0xFFFFFFFF
HASH = "[0-9a-f]{64}"
NUMBER = "0|[1-9][0-9]{0,18}"
NUMBERS = {"v": range(1, 2), "t": range(253_402_300_800), "n": range(ACTOR_POSITION), "cls": range(1, 1 << 53)}
TEXTS = {"uid": "[0-9a-f]{32}", "out": "permit|deny|done", "sub": HASH, "act": HASH}
TEXTS |= dict.fromkeys(("op", "pur", "cli", "pol"), "(?s:.+)")
LISTS = {"cts": HASH, **dict.fromkeys(("bas", "cat", "fld", "why"), "(?s:.+)")}


class Code(IntEnum):
    """Exit codes, one a class of failure."""

    UNREADABLE = 10
    SIGNATURE = 11
    ROOT = 12
    CHANGED = 13
    MISSING = 14
    COLUMNS = 15
    OPENINGS = 16
    COMMITMENT = 17
    HISTORY = 18
    FORMAT = 19


class LogError(Exception):
    """Raised with an exit code and words at the first thing that is wrong."""


class Checkpoint(NamedTuple):
    """What a note signs."""

    origin: str
    size: int
    root: bytes


class Entry(NamedTuple):
    """What later checks need of an entry."""

    persons: int
    subtree: bytes
    actor: bytes
    closes: int


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry's bytes."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash above two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A growing tree that knows its root, and the full subtrees of 256**level leaves that hash tiles hold."""

    def __init__(self) -> None:
        self.size = 0
        self.stack: list[bytes] = []
        self.tiles: dict[int, list[bytes]] = {}

    def append(self, value: bytes) -> None:
        """Add one leaf hash."""
        index, height = self.size, 0
        while index & 1:
            value = node_hash(self.stack.pop(), value)
            index, height = index >> 1, height + 1
            if height % 8 == 0:
                self.tiles.setdefault(height // 8, []).append(value)
        self.stack.append(value)
        self.size += 1

    def extend(self, values: Iterable[bytes]) -> "Tree":
        """Add leaf hashes."""
        for value in values:
            self.append(value)
        return self

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self.stack:
            return hashlib.sha256(b"").digest()
        value = self.stack[-1]
        for left in reversed(self.stack[:-1]):
            value = node_hash(left, value)
        return value


def climb(value: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root an inclusion proof leads to (RFC 9162, 2.1.3.2); None if its length does not fit."""
    fn, sn = index, size - 1
    for step in proof:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            value = node_hash(step, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node_hash(value, step)
        fn, sn = fn >> 1, sn >> 1
    return value if sn == 0 and 0 <= index < size else None


def parse_keys(texts: Iterable[str]) -> dict[tuple[str, bytes], bytes]:
    """Public keys by name and key id."""
    keys: dict[tuple[str, bytes], bytes] = {}
    for text in texts:
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = from_base64(encoded)
        expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        if len(raw) != 33 or raw[0] != 1 or expected.hex() != key_id:  # noqa: PLR2004 - type 1 and 32 bytes
            raise LogError(Code.UNREADABLE, "a verifier key is not name+hex+base64 of an Ed25519 key")
        keys[name, expected] = raw[1:]
    return keys


def open_note(note: str, keys: dict[tuple[str, bytes], bytes]) -> Checkpoint:
    """The checkpoint of a note, once one of the keys is found to have signed it for its own log."""
    head, _, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not head or len(lines) <= 1 or lines.pop() or any(c < " " and c != "\n" for c in note):
        raise LogError(Code.UNREADABLE, "the checkpoint is not a signed note")
    signers = set()
    for line in lines:
        dash, name, encoded = [*line.split(" "), "", ""][:3]
        raw = from_base64(encoded)
        if dash != "—" or line.count(" ") != 2 or len(raw) <= 4:  # noqa: PLR2004 - key id and signature
            raise LogError(Code.UNREADABLE, "the checkpoint has a malformed signature line")
        if (public := keys.get((name, raw[:4]))) is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], f"{head}\n".encode())
        except InvalidSignature:
            raise LogError(Code.SIGNATURE, f"{name} did not sign this checkpoint") from None
        signers.add(name)
    text = head.split("\n")
    if not signers:
        raise LogError(Code.SIGNATURE, "the checkpoint is not signed by a known key")
    if len(text) < 3 or not all(text) or not matches(NUMBER, text[1]):  # noqa: PLR2004 - origin, size, root
        raise LogError(Code.UNREADABLE, "the signed text is not a checkpoint")
    if text[0] not in signers:
        raise LogError(Code.SIGNATURE, "the checkpoint is signed, but by the key of another log")
    return Checkpoint(text[0], int(text[1]), from_base64(text[2]))


def from_base64(text: str) -> bytes:
    """Bytes from base64 in its one right spelling."""
    raw = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(raw).decode() != text:
        raise LogError(Code.UNREADABLE, "base64 with stray bits")
    return raw


def tiles(folder: Path) -> Iterator[bytes]:
    """The tiles of one level in order: full ones, then the widest partial one."""
    for number in count():
        digits = str(number).zfill(3 + len(str(number // 10)) // 3 * 3)
        path = folder / re.sub(r"(\d{3})(?=\d)", r"x\1/", digits)  # 1234067 is x001/x234/067
        if path.is_file():
            yield path.read_bytes()
        else:
            widths = [found for found in Path(f"{path}.p").glob("*") if matches(NUMBER, found.name)]
            if widths:
                yield max(widths, key=lambda found: int(found.name)).read_bytes()
            return


def read_hashes(folder: Path) -> list[bytes]:
    """All hashes of one level."""
    return [tile[at : at + 32] for tile in tiles(folder) for at in range(0, len(tile), 32)]


def read_bodies(folder: Path) -> Iterator[bytes]:
    """The bytes of every entry in order."""
    index = 0
    for bundle in tiles(folder):
        at = 0
        while at < len(bundle):
            end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
            if at + 2 > len(bundle) or end > len(bundle):
                raise LogError(Code.UNREADABLE, f"the entry bundle ends inside entry {index}")
            yield bundle[at + 2 : end]
            at, index = end, index + 1


def read_csv(path: Path, header: list[str]) -> Iterator[list[str]]:
    """The rows after the header."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, strict=True)
        if next(rows, None) != header:
            raise LogError(Code.UNREADABLE, f"{path.name} does not start with {','.join(header)}")
        for number, row in enumerate(rows, start=2):
            if len(row) != len(header):
                raise LogError(Code.UNREADABLE, f"{path.name}, line {number}: not {len(header)} fields")
            yield row


def check_tree(export: Path, signed: Checkpoint, older: list[Checkpoint]) -> None:
    """Every entry against its hash, all hashes against the signed root, older roots against the same tree."""
    hashes = [leaf_hash(body) for body in read_bodies(export / "tile" / "entries")]
    listed = read_hashes(export / "tile" / "0")
    tree, good, bad = grow(hashes, older)
    where = f"the first bad entry is one of {good} to {bad - 1}" if bad else f"the first bad entry is {good} or later"
    whole = len(hashes) == signed.size and tree.root() == signed.root
    if hashes != listed:
        raise difference(hashes, listed, whole=whole)
    if len(hashes) != signed.size:
        numbers = enumerate(row[0] for row in read_csv(export / "entries.csv", ENTRIES_HEADER))
        first = next((at for at, number in numbers if number != str(at)), min(len(hashes), signed.size))
        words = f"of {signed.size} signed entries the export has {len(hashes)}; the first bad one is {first}"
        raise LogError(Code.MISSING, words)
    if not whole:
        raise LogError(Code.ROOT, f"the entries do not lead to the signed root; {where}")
    if bad:
        raise LogError(Code.HISTORY, f"the {bad} entries signed earlier are not the beginning of this log; {where}")
    for level, expected in tree.tiles.items():
        if read_hashes(export / "tile" / str(level)) != expected:
            raise LogError(Code.ROOT, f"the hash tiles of level {level} do not belong to the entries")


def grow(hashes: list[bytes], older: list[Checkpoint]) -> tuple[Tree, int, int]:
    """The tree, the size up to which older checkpoints agree with it, and the first size at which one does not."""
    tree, good, bad = Tree(), 0, 0
    for pin in sorted(older, key=lambda one: one.size):
        tree.extend(hashes[tree.size : pin.size])
        if tree.size != pin.size or tree.root() != pin.root:
            bad = pin.size
            break
        good = pin.size
    tree.extend(hashes[tree.size :])
    return tree, good, bad


def difference(hashes: list[bytes], listed: list[bytes], *, whole: bool) -> LogError:
    """What happened at the first entry that is not what its hash says."""
    pairs = enumerate(zip(hashes, listed, strict=False))
    first = next((index for index, (found, kept) in pairs if found != kept), min(len(hashes), len(listed)))
    if whole:
        return LogError(Code.ROOT, f"entry {first} is as signed, but the hash kept for it is not")
    if first in (len(hashes), len(listed)):
        return LogError(Code.MISSING, f"entry {first} is {'missing' if first == len(hashes) else 'in excess'}")
    if hashes[first] in listed:
        return LogError(Code.MISSING, f"in the place of entry {first} stands entry {listed.index(hashes[first])}")
    if listed[first] in hashes:
        return LogError(Code.MISSING, f"entry {first} was moved to {hashes.index(listed[first])}")
    return LogError(Code.CHANGED, f"entry {first} is not what was recorded: its bytes have another hash")


def parse_entry(body: bytes, index: int) -> dict[str, Any]:
    """The members of an entry, if it is written as the format (version 1) asks."""
    try:
        tree = json.loads(body)
        again = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise malformed(index, "is not JSON") from None
    if again != body or not isinstance(tree, dict):
        raise malformed(index, "is not canonical JSON")
    if lacking := {"v", "uid", "t", "op", "out", "n"} - tree.keys():
        raise malformed(index, f"lacks {' '.join(sorted(lacking))}")
    for name, value in tree.items():
        if not fits(name, value):
            raise malformed(index, f"has a wrong member {name!a}")
    if bool(tree["n"]) != ("sub" in tree):
        raise malformed(index, "counts persons without naming their subtree, or the reverse")
    return tree


def malformed(index: int, words: str) -> LogError:
    """An entry that no log of this format could have written."""
    return LogError(Code.FORMAT, f"entry {index} {words}")


def fits(name: str, value: object) -> bool:
    """Whether a member may have this value."""
    if name in NUMBERS:
        return type(value) is int and value in NUMBERS[name]
    if name in TEXTS:
        return matches(TEXTS[name], value)
    return name in LISTS and isinstance(value, list) and value != [] and all(matches(LISTS[name], one) for one in value)


def matches(pattern: str, value: object) -> bool:
    """Whether a value is a text of this form."""
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def check_entries(export: Path) -> list[Entry]:
    """Form, order of time, and the list for people."""
    entries: list[Entry] = []
    uids: set[str] = set()
    listed = read_csv(export / "entries.csv", ENTRIES_HEADER)
    second = 0
    for index, body in enumerate(read_bodies(export / "tile" / "entries")):
        tree = parse_entry(body, index)
        if tree["t"] < second:
            raise malformed(index, "is older than the one before it")
        if tree["uid"] in uids:
            raise malformed(index, "has the identifier of an earlier one")
        second = tree["t"]
        uids.add(tree["uid"])
        check_columns(next(listed, None), tree, index)
        subtree, actor = bytes.fromhex(tree.get("sub", "")), bytes.fromhex(tree.get("act", ""))
        entries.append(Entry(tree["n"], subtree, actor, tree.get("cls", 0)))
    if next(listed, None) is not None:
        raise LogError(Code.COLUMNS, f"entries.csv lists entry {len(entries)}, which does not exist")
    return entries


def check_columns(row: list[str] | None, tree: dict[str, Any], index: int) -> None:
    """One line of the list for people against its entry."""
    if row is None:
        raise LogError(Code.COLUMNS, f"entries.csv lacks entry {index}")
    time = datetime.fromtimestamp(tree["t"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    texts = [tree["op"], tree["out"], tree.get("pur", ""), tree.get("cli", "")]
    lists = [" ".join(tree.get(name, [])) for name in ("fld", "why")]
    expected = [str(index), time, *texts, *lists, str(tree["n"]), tree["uid"]]
    for name, found, said in zip(ENTRIES_HEADER, row, expected, strict=True):
        # A text that a spreadsheet would run as a formula is listed with an apostrophe before it.
        if found != (f"'{said}" if said.startswith(("=", "+", "-", "@", "\t", "\r")) else said):
            raise LogError(Code.COLUMNS, f"entry {index}: entries.csv has another {name}")


def check_openings(export: Path, entries: list[Entry]) -> dict[tuple[int, int], tuple[UUID, str]]:
    """Openings are unique, exist, and lack no more than later entries say they closed."""
    openings: dict[tuple[int, int], tuple[UUID, str]] = {}
    for ref, *numbers, detail in read_csv(export / "openings.csv", OPENINGS_HEADER):
        leaf, position = at = int(numbers[0]), int(numbers[1])
        entry = entries[leaf] if 0 <= leaf < len(entries) else Entry(0, b"", b"", 0)
        if not (0 <= position < entry.persons or (position == ACTOR_POSITION and entry.actor)):
            raise LogError(Code.OPENINGS, f"entry {leaf} touched nobody at position {position}")
        if at in openings:
            raise LogError(Code.OPENINGS, f"entry {leaf}, position {position} is opened twice")
        openings[at] = (UUID(ref), detail)
    found = Counter(leaf for leaf, _ in openings)
    missing = closed = 0
    # An entry closes openings of earlier entries: so from the end backwards, none may be missing before one closes it.
    for leaf in range(len(entries) - 1, -1, -1):
        missing += entries[leaf].persons + bool(entries[leaf].actor) - found[leaf]
        if missing > closed:
            raise LogError(Code.OPENINGS, f"from entry {leaf} on {missing} openings are missing, {closed} were closed")
        closed += entries[leaf].closes
    if missing != closed:
        raise LogError(Code.OPENINGS, f"entries closed {closed} openings, but only {missing} are missing")
    return openings


def check_salts(path: Path, entries: list[Entry], openings: dict[tuple[int, int], tuple[UUID, str]]) -> int:
    """Every opening that has its salt against the entry's commitment; returns how many could be checked."""
    commitments: dict[int, dict[int, bytes]] = {}
    for leaf_text, position_text, salt in read_csv(path, SALTS_HEADER):
        leaf, position = at = int(leaf_text), int(position_text)
        if not matches(HASH, salt) or at not in openings or position in commitments.setdefault(leaf, {}):
            raise LogError(Code.COMMITMENT, f"entry {leaf}, position {position}: no salt, or a salt for no opening")
        commitments[leaf][position] = commitment(bytes.fromhex(salt), *openings[at])
    checked = 0
    for leaf, known in commitments.items():
        actor = known.pop(ACTOR_POSITION, None)
        if actor is not None and actor != entries[leaf].actor:
            raise LogError(Code.COMMITMENT, f"entry {leaf}: the actor is another one")
        checked += actor is not None
        if known and len(known) == entries[leaf].persons:
            checked += len(known)
            if Tree().extend(leaf_hash(known[at]) for at in sorted(known)).root() != entries[leaf].subtree:
                raise LogError(Code.COMMITMENT, f"entry {leaf}: a person or a detail is another one")
    return checked


def commitment(salt: bytes, ref: UUID, detail: str) -> bytes:
    """What stands in an entry for a person."""
    return hashlib.sha256(PERSON_LABEL + salt + ref.bytes + detail.encode()).digest()


def check_proof(path: Path, keys: list[str]) -> str:
    """A proof file: the entry is at its index in the signed tree, and, if a person is named, speaks of them."""
    proof = json.loads(path.read_bytes())
    if proof["format"] != PROOF_FORMAT:
        raise LogError(Code.UNREADABLE, "this is not a proof file")
    signed = open_note(proof["checkpoint"], parse_keys(keys or [proof["key"]]))
    index, body = proof["index"], from_base64(proof["body"])
    root = climb(leaf_hash(body), index, signed.size, [from_base64(step) for step in proof["inclusion"]])
    if proof["size"] != signed.size or root != signed.root:
        raise LogError(Code.ROOT, f"entry {index} does not lead to the signed root")
    tree = parse_entry(body, index)
    words = f"entry {index} of {signed.size} in {signed.origin} says {json.dumps(tree)}"
    if "person" in proof:
        words += f", and speaks of {check_person(proof['person'], tree, index)}"
    return words


def check_person(person: dict[str, Any], tree: dict[str, Any], index: int) -> str:
    """One opened commitment against the entry; returns who it is and in which role."""
    position, ref, detail = person["position"], UUID(person["ref"]), person["detail"]
    if not matches(HASH, person["salt"]):  # a salt of another length could pass off one person as another
        raise LogError(Code.COMMITMENT, f"entry {index}: the salt is not one")
    value = commitment(bytes.fromhex(person["salt"]), ref, detail)
    if position == ACTOR_POSITION:
        matching = tree.get("act") == value.hex()
    else:
        top = climb(leaf_hash(value), position, tree["n"], [from_base64(step) for step in person["subtree"]])
        matching = top is not None and tree.get("sub") == top.hex()
    if not matching:
        raise LogError(Code.COMMITMENT, f"entry {index} does not speak of this person so")
    return f"{ref} as {'the actor' if position == ACTOR_POSITION else ascii(detail)}"


def check_export(export: Path, keys: list[str], since: list[Path]) -> str:
    """Everything an export can show, in the order that the first lines of this file name."""
    known = parse_keys(keys or (export / "log.vkey").read_text(encoding="utf-8").split())
    paths = [export / "checkpoint", *since, *sorted((export / "checkpoints").glob("*"))]
    signed, *older = [open_note(path.read_bytes().decode(), known) for path in paths]
    if any(pin.origin != signed.origin or not pin.size for pin in older):
        raise LogError(Code.HISTORY, "an older checkpoint is of another log, or counts no entries and shows nothing")
    check_tree(export, signed, older)
    entries = check_entries(export)
    openings = check_openings(export, entries)
    salts = export / "salts.csv"
    checked = f", {check_salts(salts, entries, openings)} of them against their commitments" if salts.exists() else ""
    closed = sum(entry.closes for entry in entries)
    counted = f"{signed.size} entries of {signed.origin}, {len(older)} older checkpoints"
    return f"{counted}, {closed} openings closed, {len(openings)} open{checked}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the command line names, and say the result in one or two lines."""
    parser = argparse.ArgumentParser(description="Checks an exported audit log, or the proof of one entry.")
    parser.add_argument("path", type=Path, help="the directory of an export; with --proof, a proof file")
    parser.add_argument("--proof", action="store_true", help="check the proof of one entry")
    parser.add_argument("--key", action="append", default=[], help="verifier key, name+hex+base64; repeatable")
    parser.add_argument("--since", action="append", default=[], type=Path, help="an older checkpoint; repeatable")
    chosen = parser.parse_args(arguments)
    if chosen.proof and chosen.since:
        parser.error("--since belongs to an export: a proof file does not say what came before")
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    path, keys = chosen.path, chosen.key
    try:
        words = check_proof(path, keys) if chosen.proof else check_export(path, keys, chosen.since)
    except LogError as error:
        code, words = error.args
        sys.stdout.write(f"FAILED {code} ({code.name.lower()}): {words}\n")
        return int(code)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error) as error:
        # Whatever stands in the files must end as "unreadable", never as a crash that looks like an answer.
        sys.stdout.write(f"FAILED {Code.UNREADABLE} (unreadable): {type(error).__name__}: {error}\n")
        return Code.UNREADABLE
    sys.stdout.write(f"WHOLE: {words}\n")
    if not chosen.key:
        sys.stdout.write("The key came with the files: give --key from another source to know whose log this is.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
