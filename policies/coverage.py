"""Which decisions a policy document can come to, as cells: a purpose, a category of data, a state of a person.

A cell asks for the purpose's fields of the category about a person about whom all is in order but for one thing. The
controller writes down what each cell must come to; what is not written down has not been thought about. A cell that
comes to something else is either a mistake in the document or in the expectation: both want to be seen before the
document is in force.

Legal: GDPR Art. 5(2), Art. 24(1), Art. 25(1).
"""

import csv
from collections.abc import Iterable, Mapping
from enum import StrEnum
from io import StringIO
from typing import NamedTuple

from policies.documents import PolicyDocument
from policies.vocabulary import Category, PurposeId

PERMIT = "PERMIT"
_COLUMNS = ("purpose", "category", "state", "expected")


class State(StrEnum):
    """What is not in order about a person."""

    IN_ORDER = "in_order"
    UNKNOWN_FACTS = "unknown_facts"
    ERASED = "erased"
    RETAINED = "retained"
    RESTRICTED = "restricted"
    OBJECTED_TO_ADVERTISING = "objected_to_advertising"
    OBJECTED_TO_PURPOSE = "objected_to_purpose"
    NO_RELATIONSHIP = "no_relationship"
    RELATIONSHIP_ENDED = "relationship_ended"
    CONSENT_MISSING = "consent_missing"
    CONSENT_NOT_EXPLICIT = "consent_not_explicit"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_EXPIRED = "consent_expired"
    NOT_INFORMED = "not_informed"
    FIFTEEN = "fifteen"
    SEVENTEEN = "seventeen"
    AGE_UNKNOWN = "age_unknown"
    OLD_DATA = "old_data"
    RETENTION_OVER = "retention_over"
    FOREIGN_DATA = "foreign_data"
    STALE_SCORE = "stale_score"


class Cell(NamedTuple):
    """One decision of a document."""

    purpose: PurposeId
    category: Category
    state: State


class BadCellsError(ValueError):
    """A table of expectations that cannot be read; `line` is 1-based."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


def cells_of(document: PolicyDocument) -> tuple[Cell, ...]:
    """Every cell of a document, in its order; purposes that no client may ask for have none."""
    asked = {name for client in document.clients.values() for name in client.purposes}
    return tuple(
        Cell(PurposeId(purpose_id), category, state)
        for purpose_id, purpose in document.purposes.items()
        if purpose_id in asked
        for category, names in purpose.fields.items()
        if names
        for state in State
    )


def read_cells(source: str) -> Mapping[Cell, str]:
    """What is expected of each cell, from a table `purpose,category,state,expected`.

    `expected` is PERMIT, or the codes of the refusal joined by `+` in the order of the checks.

    Raises:
        BadCellsError: when a line is not such a row, or a cell stands there twice.
    """
    rows = csv.reader(StringIO(source))
    if tuple(next(rows, ())) != _COLUMNS:
        raise BadCellsError(f"the first line is {','.join(_COLUMNS)}", 1)
    found: dict[Cell, str] = {}
    for number, row in enumerate(rows, start=2):
        if len(row) != len(_COLUMNS):
            raise BadCellsError(f"{len(_COLUMNS)} columns are needed", number)
        try:
            cell = Cell(PurposeId(row[0]), Category(row[1]), State(row[2]))
        except ValueError as error:
            raise BadCellsError("no such category or state", number) from error
        if cell in found:
            raise BadCellsError("this cell stands there twice", number)
        found[cell] = row[3]
    return found


def write_cells(cells: Iterable[tuple[Cell, str]]) -> str:
    """The table that `read_cells` reads."""
    out = StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(_COLUMNS)
    rows.writerows((cell.purpose, cell.category.value, cell.state.value, expected) for cell, expected in cells)
    return out.getvalue()
