"""The texts people are shown: which notice, in which version, language and words, with a hash that proves them.

A file holds one or more texts. Each starts with a header between two lines `---`; everything up to the next
header is the text, shown and hashed without its outer blank lines:

    ---
    id: newsletter_consent
    version: 2026-11-01
    language: de
    kind: consent_text
    purposes: newsletter
    ---
    Newsletter der Muster Versandhaus GmbH
    ...

A section begins with its heading, alone on a line and closed by a colon. Each kind has sections it cannot do
without, in a fixed order: so that nobody is asked for a declaration before being told how to withdraw it.

Legal: GDPR Art. 7(2), (3), Art. 13(1), (2), Art. 21(4); R-7.1-1, R-7.3-3, R-13-1.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from policies.vocabulary import PurposeId

MAXIMUM_NOTICE_BYTES = 262_144

_RULE = "---"
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,62}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-]{0,31}")


class NoticeError(ValueError):
    """A notice file that cannot be published; `line` is 1-based, 0 where no single line is to blame."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


class NoticeKind(StrEnum):
    """What a text is for: informing (Art. 13) or asking for a declaration (Art. 7)."""

    PRIVACY_NOTICE = "privacy_notice"
    CONSENT_TEXT = "consent_text"


SECTIONS: Mapping[NoticeKind, Mapping[str, tuple[str, ...]]] = {
    NoticeKind.PRIVACY_NOTICE: {
        "de": (
            "Verantwortlich",
            "Datenschutzbeauftragte",
            "Zwecke und Rechtsgrundlagen",
            "Berechtigte Interessen",
            "Empfänger",
            "Drittländer",
            "Speicherdauer",
            "Ihre Rechte",
            "Widerspruchsrecht",
            "Widerruf",
            "Beschwerde",
            "Pflicht zur Angabe",
            "Herkunft",
            "Automatisierte Entscheidungen",
        ),
        "en": (
            "Controller",
            "Data protection officer",
            "Purposes and legal bases",
            "Legitimate interests",
            "Recipients",
            "Third countries",
            "Retention",
            "Your rights",
            "Right to object",
            "Withdrawal",
            "Complaint",
            "Duty to provide",
            "Sources",
            "Automated decisions",
        ),
    },
    NoticeKind.CONSENT_TEXT: {
        "de": ("Verantwortlich", "Zweck", "Daten", "Widerruf", "Erklärung"),
        "en": ("Controller", "Purpose", "Data", "Withdrawal", "Declaration"),
    },
}

_HEADER: Mapping[str, re.Pattern[str]] = {
    "id": _IDENTIFIER,
    "version": _VERSION,
    "language": re.compile("de|en"),
    "kind": re.compile("|".join(NoticeKind)),
    "purposes": re.compile(rf"{_IDENTIFIER.pattern}(, {_IDENTIFIER.pattern})*"),
}


@dataclass(frozen=True, slots=True)
class NoticeText:
    """One notice in one version and language; `sha256` (hex) is over the UTF-8 bytes of `text`."""

    id: str
    version: str
    language: str
    kind: NoticeKind
    purposes: tuple[PurposeId, ...]
    text: str = field(repr=False)
    sha256: str


def reference(notice: str, version: str) -> str:
    """How a version of a notice is named where somebody refers to it, in whatever language; empty = no text."""
    return f"{notice}/{version}" if notice else ""


@lru_cache(maxsize=32)
def parse_notices(source: bytes) -> tuple[NoticeText, ...]:
    """Parse and check every text of one file.

    Args:
        source: the file's bytes, UTF-8 in normal form C, lines ended by line feeds, at most 256 KiB.

    Returns:
        The texts in the order of the file, at least one.

    Raises:
        NoticeError: when the file is not of that form, or a text lacks a section that the law asks for.
    """
    lines = _lines(source)
    if lines[0] != _RULE:
        raise NoticeError(f"a notice starts with a header between lines {_RULE}", 1)
    rules = [number for number, line in enumerate(lines, 1) if line == _RULE]
    if len(rules) % 2:
        raise NoticeError("header is not closed", rules[-1])
    notices: dict[tuple[str, str, str], NoticeText] = {}
    ends = [*(number - 1 for number in rules[2::2]), len(lines)]
    for opened, closed, end in zip(rules[::2], rules[1::2], ends, strict=True):
        notice = _notice(lines, opened, closed, end)
        key = (notice.id, notice.version, notice.language)
        if key in notices:
            raise NoticeError(f"{notice.id} {notice.version} {notice.language} stands here twice", opened)
        notices[key] = notice
    return tuple(notices.values())


def _lines(source: bytes) -> list[str]:
    if len(source) > MAXIMUM_NOTICE_BYTES:
        raise NoticeError(f"larger than {MAXIMUM_NOTICE_BYTES} bytes")
    try:
        content = source.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoticeError(f"not UTF-8 at byte {error.start}", source[: error.start].count(b"\n") + 1) from error
    lines = content.split("\n")
    for number, line in enumerate(lines, 1):
        # Format and control characters are invisible: two texts that look the same would have different hashes.
        if any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} for character in line):
            raise NoticeError("control and format characters are not allowed", number)
        if not unicodedata.is_normalized("NFC", line):
            raise NoticeError("not in Unicode normal form C", number)
        if line[-1:].isspace():
            raise NoticeError("white space at the end of the line", number)
    return lines


def _notice(lines: list[str], opened: int, closed: int, end: int) -> NoticeText:
    """The text between two headers; `opened` and `closed` are the lines of its rules, `end` its last line, 1-based."""
    header = _header(lines[opened : closed - 1], opened)
    body = [*lines[closed:end], ""]
    text = "\n".join(body).strip("\n")
    if not text:
        raise NoticeError("a notice has a text", closed)
    kind = NoticeKind(header["kind"])
    _check_sections(body, SECTIONS[kind][header["language"]], closed)
    return NoticeText(
        id=header["id"],
        version=header["version"],
        language=header["language"],
        kind=kind,
        purposes=tuple(PurposeId(name) for name in header["purposes"].split(", ")),
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def _header(lines: Iterable[str], opened: int) -> dict[str, str]:
    header: dict[str, str] = {}
    for number, line in enumerate(lines, opened + 1):
        key, separator, value = line.partition(": ")
        if not separator or key not in _HEADER:
            raise NoticeError(f"a header line is one of {', '.join(_HEADER)}, then a colon and a value", number)
        if key in header:
            raise NoticeError(f"{key} stands here twice", number)
        if not _HEADER[key].fullmatch(value):
            raise NoticeError(f"{key} is not of its form", number)
        header[key] = value
    if missing := [key for key in _HEADER if key not in header]:
        raise NoticeError(f"header lacks {', '.join(missing)}", opened)
    return header


def _check_sections(body: list[str], required: tuple[str, ...], before: int) -> None:
    """Every required section is there once, in order, and says something; a blank line closes the body."""
    last = 0
    for heading in required:
        times = body.count(f"{heading}:")
        if times != 1:
            raise NoticeError(f"section {heading!r} must be there once, it is there {times} times", before)
        at = body.index(f"{heading}:") + 1
        if at < last:
            raise NoticeError(f"section {heading!r} stands before one that it must follow", before + at)
        if not body[at] or body[at].removesuffix(":") in required:
            raise NoticeError(f"section {heading!r} is empty", before + at)
        last = at
