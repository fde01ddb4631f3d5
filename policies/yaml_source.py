"""Reads the file of a policy document as plain text in mappings and lists, with the line of every key.

Of YAML only what a lawyer can read is left: every scalar is text, so the country `NO` stays text; duplicate keys,
anchors, aliases, tags, keys that are no plain words and characters that nobody sees are refused, each with its line.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import yaml

from policies.findings import Finding, Path, PolicyDocumentError

MAXIMUM_DEPTH = 12
# Control and format characters, halves of characters, and line ends that few programs show.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_UNSEEN_MESSAGE = "control and format characters are not allowed"
Tree: TypeAlias = "str | list[Tree] | dict[str, Tree]"
# The parser in C yields the same events some fifteen times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Source(NamedTuple):
    """The content of a file; `lines` has the 1-based line of every key and list item by its path."""

    tree: Mapping[str, Tree]
    lines: Mapping[Path, int]


def read(source: bytes) -> Source:
    """Read one file.

    Args:
        source: the file's bytes, UTF-8.

    Raises:
        PolicyDocumentError: when it is not UTF-8, not readable as YAML, no mapping, or uses what YAML could hide.
    """
    builder = _Builder()
    try:
        content = source.decode("utf-8")
        _refuse_unseen_lines(content)
        for event in _events(content):
            builder.take(event)
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        raise PolicyDocumentError(Finding(line, "", f"not UTF-8 at byte {error.start}")) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        broken = Finding(mark.line + 1 if mark else 0, "", "not readable as YAML")
        raise PolicyDocumentError(*builder.findings, broken) from error
    if not isinstance(builder.root, dict):
        raise PolicyDocumentError(*builder.findings, Finding(1, "", "the document is a mapping"))
    if builder.findings:
        raise PolicyDocumentError(*builder.findings)
    return Source(builder.root, builder.lines)


def _refuse_unseen_lines(content: str) -> None:
    for number, line in enumerate(content.split("\n"), 1):
        if _has_unseen(line.removesuffix("\r")):
            raise PolicyDocumentError(Finding(number, "", _UNSEEN_MESSAGE))


def _has_unseen(text: str) -> bool:
    """Whether two texts that look the same could differ, or one could read backwards; tabs are seen."""
    if text.isprintable():
        return False
    return any(unicodedata.category(one) in _UNSEEN and one != "\t" for one in text)


def _events(content: str) -> Iterator[yaml.Event]:
    return iter(yaml.parse(content, Loader=_Loader))


class _Open:
    """A mapping or list that is being filled; `key` is the place of its next value."""

    def __init__(self, path: Path, content: "list[Tree] | dict[str, Tree]") -> None:
        self.path = path
        self.content = content
        self.key: str | None = None

    def put(self, value: Tree) -> None:
        if isinstance(self.content, list):
            self.content.append(value)
        elif self.key is not None:
            self.content.setdefault(self.key, value)
            self.key = None


class _Builder:
    """Puts the events of one file together, without recursion: depth is bounded, not trusted."""

    def __init__(self) -> None:
        self.root: Tree | None = None
        self.lines: dict[Path, int] = {}
        self.findings: list[Finding] = []
        self._open: list[_Open] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._stop(line, "one file holds one document")
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
            case yaml.NodeEvent():
                self._refuse_hidden(event, line)
                self._take_node(event, line)
            case _:
                pass

    def _refuse_hidden(self, event: yaml.NodeEvent, line: int) -> None:
        if event.anchor is not None:
            self.findings.append(Finding(line, "", "anchors and aliases are not allowed"))
        if getattr(event, "tag", None) is not None:
            self.findings.append(Finding(line, "", "tags are not allowed"))
        # An escape like \u202E is seen in the file, and is not in what it says.
        if isinstance(event, yaml.ScalarEvent) and _has_unseen(str(event.value).replace("\n", "")):
            self.findings.append(Finding(line, "", _UNSEEN_MESSAGE))

    def _take_node(self, event: yaml.NodeEvent, line: int) -> None:
        inside = self._open[-1] if self._open else None
        if inside is not None and isinstance(inside.content, dict) and inside.key is None:
            self._take_key(inside, event, line)
            return
        path = self._place(inside, line)
        value: Tree
        match event:
            case yaml.MappingStartEvent():
                value = {}
            case yaml.SequenceStartEvent():
                value = []
            case yaml.ScalarEvent():
                value = str(event.value)
            case _:
                value = ""
        if inside is None:
            self.root = value
        else:
            inside.put(value)
        if not isinstance(value, str):
            if len(self._open) >= MAXIMUM_DEPTH:
                self._stop(line, "nested too deeply")
            self._open.append(_Open(path, value))

    def _take_key(self, inside: _Open, event: yaml.NodeEvent, line: int) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            self._stop(line, "keys are plain words")
            return
        inside.key = str(event.value)
        if inside.key in inside.content:
            first = self.lines[*inside.path, inside.key]
            self.findings.append(Finding(line, "", f"duplicate key {inside.key!r}, it stands on line {first} already"))
        self.lines.setdefault((*inside.path, inside.key), line)

    def _place(self, inside: _Open | None, line: int) -> Path:
        if inside is None:
            return ()
        if isinstance(inside.content, list):
            path = (*inside.path, str(len(inside.content)))
            self.lines[path] = line
            return path
        return (*inside.path, inside.key or "")

    def _stop(self, line: int, message: str) -> None:
        raise PolicyDocumentError(*self.findings, Finding(line, "", message))
