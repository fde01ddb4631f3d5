"""What is known about the mutants of each module, kept as long as the module stays as it is."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mutation.mutants import Mutant  # its module needs Cosmic Ray

FILE = Path(__file__).with_name("results.json")


@dataclass(slots=True)
class Module:
    """One module: how many mutants there are, the ids of the killed, and the survivors with what they change."""

    name: str
    fingerprint: str
    total: int = 0
    killed: set[str] = field(default_factory=set)
    survived: dict[str, str] = field(default_factory=dict)

    def note(self, mutant: "Mutant", *, killed: bool) -> None:
        """Remember one verdict."""
        if killed:
            self.killed.add(mutant.id)
            self.survived.pop(mutant.id, None)
        else:
            self.survived[mutant.id] = mutant.change

    @property
    def tried(self) -> int:
        """How many have a verdict."""
        return len(self.killed) + len(self.survived)


@dataclass(slots=True)
class Results:
    """All modules."""

    modules: dict[str, Module]

    @classmethod
    def read(cls) -> "Results":
        """From the file; nothing where there is none."""
        held = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
        return cls(
            {
                name: Module(name, one["fingerprint"], one["total"], unpacked(one["killed"]), one["survived"])
                for name, one in held.items()
            },
        )

    def write(self) -> None:
        """To the file."""
        held = {
            name: {
                "fingerprint": one.fingerprint,
                "total": one.total,
                "survived": dict(sorted(one.survived.items())),
                "killed": packed(one.killed),
            }
            for name, one in sorted(self.modules.items())
        }
        FILE.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def module(self, name: str, fingerprint: str) -> Module:
        """What is known of a module; nothing where it has changed since."""
        known = self.modules.get(name)
        if known is None or known.fingerprint != fingerprint:
            known = self.modules[name] = Module(name, fingerprint)
        return known


def packed(ids: set[str]) -> dict[str, str]:
    """Operator by operator, the numbers of the places."""
    found: dict[str, list[int]] = {}
    for id_ in ids:
        operator, _, number = id_.partition(":")
        found.setdefault(operator, []).append(int(number))
    return {operator: " ".join(map(str, sorted(numbers))) for operator, numbers in sorted(found.items())}


def unpacked(packed: dict[str, str]) -> set[str]:
    return {f"{operator}:{number}" for operator, numbers in packed.items() for number in numbers.split()}
