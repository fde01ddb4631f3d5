"""Reads the published sources of the demo: the CDNOW purchases of 1997-98 and the Mini-IPIP.

Values come out as published; `api.demo.people` moves the days.
"""

import csv
import gzip
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
LAST_PURCHASE = date(1998, 6, 30)


class ExtraMissingError(RuntimeError):
    """Raised when the demo is asked for something whose optional package is not installed."""


class Purchase(NamedTuple):
    """One purchase: the customer's number in the source, the day, the number of CDs, dollars."""

    customer: int
    on: date
    quantity: int
    amount: Decimal


class Item(NamedTuple):
    """One statement of the Mini-IPIP; `keyed` is -1 where agreement lowers the scale."""

    number: int
    scale: str
    keyed: int
    text_en: str
    text_de: str


def iter_purchases(*, full: bool = False) -> Iterator[Purchase]:
    """The published purchases, by customer and day.

    Args:
        full: all 69,659 purchases of 23,570 customers instead of the shipped sample (6,919 of 2,357).

    Raises:
        ExtraMissingError: when `full` is asked for and the package that carries the file is not installed.
    """
    if full:
        with _full_history().open(encoding="ascii") as lines:
            next(lines)  # the heading
            yield from (_purchase(line.split()) for line in lines if line.strip())
    else:
        with gzip.open(FOLDER / "cdnow_sample.csv.gz", "rt", encoding="ascii", newline="") as lines:
            rows = csv.reader(lines)
            next(rows)
            yield from map(_purchase, rows)


@cache
def mini_ipip() -> tuple[Item, ...]:
    """The twenty statements of the Mini-IPIP in their order, with the scoring key."""
    with (FOLDER / "mini_ipip.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            Item(int(row["item"]), row["scale"], int(row["keyed"]), row["text_en"], row["text_de"])
            for row in csv.DictReader(lines)
        )


def _purchase(columns: Sequence[str]) -> Purchase:
    customer, day, quantity, amount = columns
    on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    return Purchase(int(customer), on, int(quantity), Decimal(amount))


def _full_history() -> Path:
    # Found, not imported: importing the package would load its numerical libraries for one text file.
    spec = find_spec("lifetimes")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder, "datasets", "CDNOW_master.txt")
        if path.is_file():
            return path
    message = "the full purchase history is not installed: pip install 'consent-registry[full-demo]'"
    raise ExtraMissingError(message)
