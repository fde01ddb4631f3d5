"""Decides whether an exported audit log is whole and unchanged, without the product that wrote it.

One file to copy and read; Python 3.11 and the `cryptography` package are all it needs:
    python verify.py EXPORT_DIR [--key VERIFIER_KEY]... [--since OLD_CHECKPOINT]...
    python verify.py --proof FILE [--key VERIFIER_KEY]...

Give the verifier key and an older checkpoint that you got on another way: those inside the export only show that
it fits itself, and only an older checkpoint shows that nothing has been cut off or replaced since.
Checked, in this order: the signature of the checkpoint; every entry against its hash, all hashes against the signed
root, older checkpoints against the same tree; each entry's form and order of time; entries.csv against the entries;
that openings.csv lacks no more than entries say they closed; where salts.csv is there, each opening's commitment.
"""

import argparse
import base64
import csv
import hashlib
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import IntEnum
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

short = hashlib.sha256
with suppress(ImportError):  # CPython's own hash: for inputs as short as these in half the time of the way to OpenSSL
    short = __import__("_sha2" if sys.version_info >= (3, 12) else "_sha256").sha256
ENTRIES_HEADER = ["index", "time", "operation", "outcome", "purpose", "client", "fields", "reasons", "count", "uid"]
PERSON_LABEL = b"crm-audit-person/1\0"
ACTOR_POSITION = 0xFFFFFFFF
HASH = "[0-9a-f]{64}"
NUMBER = "0|[1-9][0-9]{0,18}"
IDENTIFIER = re.compile("[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
NUMBERS = {"v": range(1, 2), "t": range(253_402_300_800), "n": range(ACTOR_POSITION), "cls": range(1, 1 << 53)}
TEXTS = {"uid": "[0-9a-f]{32}", "out": "permit|deny|done", "sub": HASH, "act": HASH}
TEXTS |= dict.fromkeys(("op", "pur", "cli", "pol", "prv"), "(?s:.+)")
LISTS = {"cts": HASH, **dict.fromkeys(("bas", "cat", "fld", "why"), "(?s:.+)")}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
TEXT = r'[^"\\\x00-\x1f\ud800-\udfff]+'
WORDS = rf'\["{TEXT}(?:","{TEXT})*"\]'
PLAIN = re.compile(  # an entry without escapes that closes nothing, in its canonical form: nearly all are
    rf'{{(?:"act":"({HASH})",)?(?:"bas":{WORDS},)?(?:"cat":{WORDS},)?(?:"cli":"({TEXT})",)?'
    rf'(?:"cts":\["{HASH}(?:","{HASH})*"\],)?(?:"fld":\["({TEXT}(?:","{TEXT})*)"\],)?"n":(0|[1-9][0-9]{{0,8}}),'
    rf'"op":"({TEXT})","out":"(permit|deny|done)",(?:"pol":"{TEXT}",)?(?:"pur":"({TEXT})",)?(?:"sub":"({HASH})",)?'
    rf'"t":(0|[1-9][0-9]{{0,10}}),"uid":"([0-9a-f]{{32}})","v":1(?:,"why":\["({TEXT}(?:","{TEXT})*)"\])?}}'
)
HEX = b"0123456789abcdef"
Known = dict[tuple[bytes, bytes], tuple[int, tuple[str, ...]]]  # what stands around: persons, what people are told


class Code(IntEnum):
    """Exit codes, one a class of failure; 0 is whole, 2 a wrong call."""

    UNREADABLE = 10
    SIGNATURE = 11  # bad, or by no known key
    ROOT = 12  # the entries do not lead to it
    CHANGED = 13  # an entry
    MISSING = 14  # an entry, or one in excess or moved
    COLUMNS = 15  # of entries.csv differ
    OPENINGS = 16  # missing or in excess
    COMMITMENT = 17  # not that of an opening
    HISTORY = 18  # not a continuation of an older checkpoint
    FORMAT = 19  # broken by an entry


class LogError(Exception):
    """Raised with an exit code and words at the first thing that is wrong."""


class Checkpoint(NamedTuple):
    """What a note signs."""

    origin: str
    size: int
    root: bytes


class Entry(NamedTuple):
    """What later checks need of an entry; hashes in hex, empty = none; `sealed` names the log that it succeeds."""

    persons: int
    subtree: str
    actor: str
    closes: int = 0
    sealed: str = ""


def sha256(*parts: bytes) -> bytes:
    """The hash of all parts; of an entry after a zero byte, of two subtrees after a one."""
    return short(b"".join(parts)).digest()


class Tree:
    """A tree by rows: row 0 are the leaf hashes, each further one the roots of the full subtrees twice as wide."""

    def __init__(self, hashes: list[bytes]) -> None:
        digest, self.rows = short, [hashes]
        while len(row := self.rows[-1]) > 1:
            pairs = zip(row[::2], row[1::2], strict=False)  # an odd last one has no full subtree
            self.rows.append([digest(b"\1" + left + right).digest() for left, right in pairs])

    def root(self, size: int) -> bytes:
        """The root over the first `size` leaves."""
        value, end = b"", size
        for height, row in enumerate(self.rows):
            if size >> height & 1:
                end -= 1 << height
                part = row[end >> height]
                value = sha256(b"\1", part, value) if value else part
        return value or sha256()


def climb(value: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root an inclusion proof leads to (RFC 9162, 2.1.3.2); None if its length does not fit."""
    fn, sn = index, size - 1
    for step in proof:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            value = sha256(b"\1", step, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = sha256(b"\1", value, step)
        fn, sn = fn >> 1, sn >> 1
    return value if sn == 0 and 0 <= index < size else None


def parse_keys(texts: Iterable[str]) -> dict[tuple[str, bytes], bytes]:
    """Public keys by name and key id."""
    keys: dict[tuple[str, bytes], bytes] = {}
    for text in texts:
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = from_base64(encoded)
        expected = sha256(name.encode(), b"\n", raw)[:4]
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


def check_tree(export: Path, signed: Checkpoint, older: list[Checkpoint]) -> Tree:
    """Every entry against its hash, all hashes against the signed root, older roots against the same tree."""
    hashes = [short(b"\0" + body).digest() for body in read_bodies(export / "tile" / "entries")]
    kept = b"".join(tiles(export / "tile" / "0"))
    tree = Tree(hashes)
    good = bad = 0  # sizes: up to which older checkpoints agree with the tree, and the first that does not
    for pin in sorted(older, key=lambda one: one.size):
        if not bad and pin.size <= len(hashes) and tree.root(pin.size) == pin.root:
            good = pin.size
        bad = bad or (pin.size if good != pin.size else 0)
    where = f"the first bad entry is one of {good} to {bad - 1}" if bad else f"the first bad entry is {good} or later"
    whole = len(hashes) == signed.size and tree.root(signed.size) == signed.root
    if b"".join(hashes) != kept:
        raise difference(hashes, [kept[at : at + 32] for at in range(0, len(kept), 32)], whole=whole)
    if len(hashes) != signed.size:
        numbers = enumerate(row[0] for row in read_csv(export / "entries.csv", ENTRIES_HEADER))
        gap = next((at for at, number in numbers if number != str(at)), -1 if bad else min(len(hashes), signed.size))
        words = where if gap < 0 else f"the first bad one is {gap}"
        raise LogError(Code.MISSING, f"of {signed.size} signed entries the export has {len(hashes)}; {words}")
    if not whole:
        raise LogError(Code.ROOT, f"the entries do not lead to the signed root; {where}")
    if bad:
        raise LogError(Code.HISTORY, f"the {bad} entries signed earlier are not the beginning of this log; {where}")
    for level, row in enumerate(tree.rows[8::8], start=1):
        if b"".join(tiles(export / "tile" / str(level))) != b"".join(row):
            raise LogError(Code.ROOT, f"the hash tiles of level {level} do not belong to the entries")
    return tree


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
        raise LogError(Code.FORMAT, f"entry {index} is not JSON") from None
    if again != body or not isinstance(tree, dict):
        raise LogError(Code.FORMAT, f"entry {index} is not canonical JSON")
    if lacking := {"v", "uid", "t", "op", "out", "n"} - tree.keys():
        raise LogError(Code.FORMAT, f"entry {index} lacks {' '.join(sorted(lacking))}")
    for name, value in tree.items():
        if not fits(name, value):
            raise LogError(Code.FORMAT, f"entry {index} has a wrong member {name!a}")
    if bool(tree["n"]) != ("sub" in tree):
        raise LogError(Code.FORMAT, f"entry {index} counts persons without naming their subtree, or the reverse")
    return tree


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
    cells: dict[tuple[str, ...], list[str]] = {}  # most repeat
    known: Known = {}
    before, shown = -1, ""
    for index, body in enumerate(read_bodies(export / "tile" / "entries")):
        entry, texts, second, uid = parse_plain(body, known) or parse_any(body, index)
        if second != before:
            if second < before:
                raise LogError(Code.FORMAT, f"entry {index} is older than the one before it")
            before, shown = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if uid in uids:
            raise LogError(Code.FORMAT, f"entry {index} has the identifier of an earlier one")
        uids.add(uid)
        entries.append(entry)
        if (told := cells.get(texts)) is None:
            told = cells[texts] = [f"'{text}" if text.startswith(FORMULA_STARTS) else text for text in texts]
        said, row = [str(index), shown, *told, str(entry.persons), uid], next(listed, None)
        if row != said:
            names = [name for name, one, two in zip(ENTRIES_HEADER, row or [], said, strict=False) if one != two]
            words = f"entry {index}: entries.csv has another {names[0]}" if row else f"entries.csv lacks entry {index}"
            raise LogError(Code.COLUMNS, words)
    if next(listed, None) is not None:
        raise LogError(Code.COLUMNS, f"entries.csv lists entry {len(entries)}, which does not exist")
    return entries


def parse_plain(body: bytes, known: Known) -> tuple[Entry, tuple[str, ...], int, str] | None:
    """What is needed of an entry, what people are told of it, its time and uid; None if it has to be parsed.

    Most differ from one that is known in subtree, time and uid alone, each as long and in the same place.
    """
    at = body.find(b',"sub":"')
    around, digits = (body[:at], body[at + 128 :]), body[at + 8 : at + 72] + body[at + 96 : at + 128]
    placed = at > 0 and body[at + 72 : at + 79] == b'","t":1' and body[at + 88 : at + 96] == b',"uid":"'
    if placed and (like := known.get(around)) and not digits.translate(None, HEX) and body[at + 79 : at + 88].isdigit():
        return Entry(like[0], digits[:64].decode(), ""), like[1], int(body[at + 78 : at + 88]), digits[64:].decode()
    found = PLAIN.fullmatch(body.decode(errors="surrogateescape"))
    if found is None:
        return None
    actor, client, fields, n, op, out, purpose, subtree, time, uid, why = found.groups("")
    persons, second = int(n), int(time)
    if bool(persons) != bool(subtree) or second not in NUMBERS["t"]:
        return None
    texts = (op, out, purpose, client, fields.replace('","', " "), why.replace('","', " "))
    if placed and not actor and b'"cts":' not in body:
        known[around] = (persons, texts)
    return Entry(persons, subtree, actor), texts, second, uid


def parse_any(body: bytes, index: int) -> tuple[Entry, tuple[str, ...], int, str]:
    """The same for every other entry."""
    tree = parse_entry(body, index)
    lists = (" ".join(tree.get(name, [])) for name in ("fld", "why"))
    entry = Entry(
        tree["n"], tree.get("sub", ""), tree.get("act", ""), tree.get("cls", 0), tree.get("prv", "").split("\n")[0]
    )
    return entry, (tree["op"], tree["out"], tree.get("pur", ""), tree.get("cli", ""), *lists), tree["t"], tree["uid"]


def check_openings(export: Path, entries: list[Entry]) -> dict[tuple[int, int], tuple[str, str]]:
    """Openings are unique, exist, and lack no more than later entries say they closed."""
    openings: dict[tuple[int, int], tuple[str, str]] = {}
    found, known = [0] * len(entries), set[str]()
    for ref, leaf_text, position_text, detail in read_csv(
        export / "openings.csv", ["person_ref", "leaf", "position", "detail"]
    ):
        leaf, position = at = int(leaf_text), int(position_text)
        entry = entries[leaf] if 0 <= leaf < len(entries) else Entry(0, "", "")
        if not (0 <= position < entry.persons or (position == ACTOR_POSITION and entry.actor)):
            raise LogError(Code.OPENINGS, f"entry {leaf} touched nobody at position {position}")
        if at in openings or not (ref in known or IDENTIFIER.fullmatch(ref)):
            raise LogError(Code.OPENINGS, f"entry {leaf}, position {position} is opened twice, or names nobody")
        known.add(ref)
        openings[at] = (ref, detail)
        found[leaf] += 1
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


def check_salts(export: Path, entries: list[Entry], openings: dict[tuple[int, int], tuple[str, str]]) -> int:
    """Every opening that has its salt against the entry's commitment; returns how many could be checked."""
    kept: dict[int, dict[int, bytes]] = {}
    for leaf_text, position_text, digest in read_csv(export / "commitments.csv", ["leaf", "position", "commitment"]):
        kept.setdefault(int(leaf_text), {})[int(position_text)] = bytes.fromhex(digest)
    for leaf, values in ((leaf, [known[at] for at in range(entries[leaf].persons)]) for leaf, known in kept.items()):
        if Tree([sha256(b"\0", value) for value in values]).root(len(values)).hex() != entries[leaf].subtree:
            raise LogError(Code.COMMITMENT, f"entry {leaf}: the commitments kept for it are not its own")
    opened: set[tuple[int, int]] = set()
    for leaf_text, position_text, salt in read_csv(export / "salts.csv", ["leaf", "position", "salt"]):
        leaf, position = at = int(leaf_text), int(position_text)
        if not matches(HASH, salt) or at not in openings or at in opened:
            raise LogError(Code.COMMITMENT, f"entry {leaf}, position {position}: no salt, or a salt for no opening")
        ref, detail = openings[at]
        value, entry = sha256(PERSON_LABEL, bytes.fromhex(salt), UUID(ref).bytes, detail.encode()), entries[leaf]
        if position == ACTOR_POSITION and value.hex() != entry.actor:
            raise LogError(Code.COMMITMENT, f"entry {leaf}: the actor is another one")
        alone = entry.persons == 1 and sha256(b"\0", value).hex() == entry.subtree
        if position != ACTOR_POSITION and not alone and kept.get(leaf, {}).get(position) != value:
            raise LogError(Code.COMMITMENT, f"entry {leaf}: a person or a detail is another one")
        opened.add(at)
    return len(opened)


def check_proof(path: Path, keys: list[str]) -> str:
    """A proof file: the entry is at its index in the signed tree, and, if a person is named, speaks of them."""
    proof = json.loads(path.read_bytes())
    if proof["format"] != "crm-audit-proof/1":
        raise LogError(Code.UNREADABLE, "this is not a proof file")
    signed = open_note(proof["checkpoint"], parse_keys(keys or [proof["key"]]))
    index, body = proof["index"], from_base64(proof["body"])
    root = climb(sha256(b"\0", body), index, signed.size, [from_base64(step) for step in proof["inclusion"]])
    if proof["size"] != signed.size or root != signed.root:
        raise LogError(Code.ROOT, f"entry {index} does not lead to the signed root")
    tree = parse_entry(body, index)
    person = f", and speaks of {check_person(proof['person'], tree, index)}" if "person" in proof else ""
    return f"entry {index} of {signed.size} in {signed.origin} says {json.dumps(tree)}{person}"


def check_person(person: dict[str, Any], tree: dict[str, Any], index: int) -> str:
    """One opened commitment against the entry; returns who it is and in which role."""
    position, ref, detail = person["position"], UUID(person["ref"]), person["detail"]
    if not matches(HASH, person["salt"]):  # a salt of another length could pass off one person as another
        raise LogError(Code.COMMITMENT, f"entry {index}: the salt is not one")
    value = sha256(PERSON_LABEL, bytes.fromhex(person["salt"]), ref.bytes, detail.encode())
    top = climb(sha256(b"\0", value), position, tree["n"], [from_base64(step) for step in person["subtree"]]) or b""
    if tree.get("act" if position == ACTOR_POSITION else "sub") != (value if position == ACTOR_POSITION else top).hex():
        raise LogError(Code.COMMITMENT, f"entry {index} does not speak of this person so")
    return f"{ref} as {'the actor' if position == ACTOR_POSITION else ascii(detail)}"


def check_export(export: Path, keys: list[str], since: list[Path]) -> str:
    """Everything an export can show, in the order that the first lines of this file name."""
    known = parse_keys(keys or (export / "log.vkey").read_text(encoding="utf-8").split())
    paths = [export / "checkpoint", *since, *sorted((export / "checkpoints").glob("*"))]
    signed, *older = [open_note(path.read_bytes().decode(), known) for path in paths]
    if any(not pin.size for pin in older):
        raise LogError(Code.HISTORY, "an older checkpoint counts no entries and shows nothing")
    tree = check_tree(export, signed, [pin for pin in older if pin.origin == signed.origin])
    entries = check_entries(export)
    ends: dict[str, int] = {}  # of logs that this one succeeded after a restore: how many of their entries are here
    for index in (index for index, entry in enumerate(entries) if entry.sealed):
        ends = {name: min(end, index) for name, end in ends.items()} | {entries[index].sealed: index}
    for pin in (pin for pin in older if pin.origin != signed.origin):
        if pin.size > ends.get(pin.origin, 0) or tree.root(pin.size) != pin.root:
            words = f"were given up; entry {ends[pin.origin]} says so" if pin.origin in ends else "are another log's"
            raise LogError(Code.HISTORY, f"entries of an older checkpoint over {pin.size} {words}")
    openings = check_openings(export, entries)
    checked = check_salts(export, entries, openings) if (export / "salts.csv").exists() else 0
    closed = f"{sum(entry.closes for entry in entries)} openings closed, {len(openings)} open"
    counted = f"{signed.size} entries of {signed.origin}, {len(older)} older checkpoints, {closed}"
    return f"{counted}, {checked} of them against their commitments"


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
    given = (chosen.path, chosen.key, chosen.since)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        words = check_proof(*given[:2]) if chosen.proof else check_export(*given)
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
