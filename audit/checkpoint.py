"""Says how large the log was and with which root, signed (C2SP tlog-checkpoint in a C2SP signed note, Ed25519).

A note's text means nothing before `open_note` has checked a signature by a key known beforehand. Signatures by
other keys (an earlier or a later key of the log, witnesses) are passed over; a bad one by a known key refuses
the whole note.

    example.com/log                                        origin
    20852163                                               size
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=           root
                                                           (empty line)
    — example.com/log base64(key id (4) + signature (64))

Legal: GDPR Art. 5(2), Art. 32; R-AUD-4.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
KEY_SIZE = 32
KEY_ID_SIZE = 4
ROOT_SIZE = 32
MAX_NOTE = 1 << 20
"""Characters; far above the sixteen signatures that every reader of notes has to take."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class NoteError(Exception):
    """Root of what can be wrong with a note or a key."""


class MalformedNoteError(NoteError):
    """Raised when a note or a checkpoint is not written as the format asks."""


class MalformedKeyError(NoteError):
    """Raised when a verifier key or a key's name is not written as the format asks."""


class UnverifiedNoteError(NoteError):
    """Raised when no known key has signed the note."""


class InvalidNoteSignatureError(NoteError):
    """Raised when a signature claims a known key and that key did not make it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Size and root of the log called `origin`.

    Raises:
        MalformedNoteError: the values do not fit a checkpoint.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        """Refuse what could not be read back."""
        if not self.origin or any(ord(character) < ord(" ") for character in self.origin):
            raise MalformedNoteError("an origin is one line of text")
        if self.size < 0 or len(self.root) != ROOT_SIZE:
            raise MalformedNoteError(f"a checkpoint has a size and a root of {ROOT_SIZE} bytes")

    def to_text(self) -> str:
        """The text that is signed, with its last newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Reads what `to_text` wrote; passes over extension lines, which nobody can check.

        Raises:
            MalformedNoteError: it is something else.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() != "" or not all(lines):  # noqa: PLR2004 - three lines and an end
            raise MalformedNoteError("a checkpoint has at least three lines, none of them empty")
        if not _SIZE.fullmatch(lines[1]):
            raise MalformedNoteError("a checkpoint's size is a decimal number")
        return cls(lines[0], int(lines[1]), _decode(lines[2]))


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key (32 bytes) and the name it signs under.

    Raises:
        MalformedKeyError: the name holds a space or a plus, or the key has another length.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        """Refuse what could not be read back."""
        if not _is_name(self.name) or len(self.public) != KEY_SIZE:
            raise MalformedKeyError(f"a verifier key has a name without spaces and plus signs and {KEY_SIZE} bytes")

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that stand before a signature; they find a key, they do not prove one."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID_SIZE]

    def to_text(self) -> str:
        """`name+hex+base64`, as handed to those who verify."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Reads what `to_text` wrote.

        Raises:
            MalformedKeyError: it is something else, or the key id belongs to another key.
        """
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            raw = _decode(encoded)
        except MalformedNoteError as error:
            raise MalformedKeyError("a verifier key ends in base64") from error
        if raw[:1] != ED25519:
            raise MalformedKeyError("only Ed25519 keys are read")
        key = cls(name, raw[1:])
        if key.key_id.hex() != key_id:
            raise MalformedKeyError("the key id belongs to another key")
        return key

    def verify(self, signature: bytes, data: bytes) -> None:
        """Passes if this key signed `data`.

        Raises:
            InvalidNoteSignatureError: it did not.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, data)
        except InvalidSignature as error:
            raise InvalidNoteSignatureError(f"{self.name} did not sign this") from error


def verifier_key(key_name: str, public_key: Ed25519PublicKey) -> str:
    """What those who verify have to know: `name+hex+base64`.

    Raises:
        MalformedKeyError: the name holds a space or a plus.
    """
    return VerifierKey(key_name, public_key.public_bytes_raw()).to_text()


def sign(checkpoint: Checkpoint, key_name: str, *private_keys: Ed25519PrivateKey) -> str:
    """A note over the checkpoint, signed by each key; it must already be durable, or the log may sign two histories.

    Raises:
        MalformedKeyError: the key's name holds a space or a plus.
    """
    text = checkpoint.to_text()
    lines = []
    for private_key in private_keys:
        key = VerifierKey(key_name, private_key.public_key().public_bytes_raw())
        signature = base64.b64encode(key.key_id + private_key.sign(text.encode())).decode()
        lines.append(f"— {key_name} {signature}\n")
    return f"{text}\n{''.join(lines)}"


def open_note(note: str, verifier_keys: Iterable[str]) -> Checkpoint:
    """The checkpoint of a note that at least one of the keys has signed.

    Whether `origin` is the log that was asked for is the caller's question.

    Args:
        note: the whole note, text and signatures.
        verifier_keys: `name+hex+base64`, trusted beforehand, from another source than the note.

    Raises:
        MalformedNoteError: it is no signed note, or its text no checkpoint.
        MalformedKeyError: a key is none, or two of them share name and key id.
        InvalidNoteSignatureError: a signature claims one of the keys and is not theirs.
        UnverifiedNoteError: none of the keys has signed.
    """
    text, signatures = _split(note)
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in map(VerifierKey.parse, verifier_keys):
        if known.setdefault((key.name, key.key_id), key) != key:
            raise MalformedKeyError("two verifier keys share name and key id")
    verified = 0
    for name, raw in signatures:
        if signer := known.get((name, raw[:KEY_ID_SIZE])):
            signer.verify(raw[KEY_ID_SIZE:], text.encode())
            verified += 1
    if not verified:
        raise UnverifiedNoteError("no known key has signed the note")
    return Checkpoint.parse(text)


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and signatures (name, key id + signature) of a note."""
    try:
        note.encode()
    except UnicodeEncodeError as error:
        raise MalformedNoteError("a note is UTF-8") from error
    if len(note) > MAX_NOTE or any(character < " " and character != "\n" for character in note):
        raise MalformedNoteError("a note is short text without control characters")
    head, empty_line, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not head or not empty_line or lines.pop() != "" or not lines:
        raise MalformedNoteError("a note is a text, an empty line and signature lines")
    return f"{head}\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    raw = _decode(encoded)
    if dash != "—" or not _is_name(name) or len(raw) <= KEY_ID_SIZE:
        raise MalformedNoteError("a signature line is a dash, a name and base64")
    return name, raw


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() or character < " " for character in name)


def _decode(text: str) -> bytes:
    """Base64 that has one spelling only, so that a note has one spelling only."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MalformedNoteError("not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise MalformedNoteError("base64 with stray bits")
    return raw
