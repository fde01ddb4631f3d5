"""What is wrong with a policy document: on which line, under which rule, in words a lawyer can follow.

A law or a gate is one small function that yields faults; the requirement it holds and what it cites stand beside it.

Legal: GDPR Art. 5(2), Art. 24.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeAlias, TypeVar

Path: TypeAlias = tuple[str, ...]
Seen = TypeVar("Seen")


class Finding(NamedTuple):
    """One fault; `line` is 1-based, 0 where no single line is to blame; `rule` is empty for the form of the file."""

    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


class Fault(NamedTuple):
    """Where the document says something unlawful, and what the law asks for."""

    path: Path
    message: str


class PolicyDocumentError(ValueError):
    """A policy document that cannot be read or put in force; carries every finding, the first lines first."""

    def __init__(self, *findings: Finding, name: str = "") -> None:
        self.findings = tuple(sorted(findings))
        self.line = self.findings[0].line
        super().__init__("\n".join(f"{name}, {finding}" if name else str(finding) for finding in self.findings))


@dataclass(frozen=True)
class Check(Generic[Seen]):
    """One requirement, the law it cites, and the function that yields the faults against it."""

    rule: str
    cites: str
    faults: Callable[[Seen], Iterator[Fault]]

    def findings(self, seen: Seen, lines: Mapping[Path, int]) -> Iterator[Finding]:
        """Everything this check finds, each with its line."""
        for path, message in self.faults(seen):
            yield Finding(line_of(path, lines), self.rule, f"{message} ({self.cites}; {self.rule})")


def requires(rule: str, cites: str) -> Callable[[Callable[[Seen], Iterator[Fault]]], Check[Seen]]:
    """Make a function that yields faults a check of this requirement."""
    return lambda faults: Check(rule, cites, faults)


def line_of(path: Path, lines: Mapping[Path, int]) -> int:
    """The line of the innermost part of `path` that stands in the file; 0 where none does."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)
