"""What may be kept: declared fields, and the retention classes that end the keeping.

Legal: GDPR Art. 5(1)(c), (e), Art. 9(1); R-5.1e-1, R-9-1, R-9-2, R-DEL-1.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from policies.forms import Identifier, Part, Period, Text, Words
from policies.vocabulary import Category, EventKind

SpecialKind = Literal[
    "ethnic_origin",
    "political_opinion",
    "religion",
    "union_membership",
    "genetic",
    "biometric",
    "health",
    "sex_life",
]


class RetentionClass(Part):
    """How long, counted from when, and why (Art. 5(1)(e); R-DEL-1); `told` is the ground as letters give it."""

    period: Period
    starts: Literal["collected", "relationship_end", "year_end"]
    why: Text
    title: Words
    obligation: bool = False
    told: Words | None = None

    @property
    def ground(self) -> Words:
        """Why a value is still kept, in the words for the person concerned (Art. 12(1))."""
        return self.told or self.title


class FieldPart(Part):
    """One declared field: its category, retention class and meaning.

    `granularity` is what is sealed as one: each value, or a whole record. `special` is which special category the
    field belongs to or reveals. `derived_from` are the fields an estimate is worked out from; `obtained_from` is the
    recipient who supplies the value (Art. 14(2)(f)). `values` are the words for coded values.
    """

    category: Category
    retention: Identifier
    title: Words
    dpv: Text
    fideslang: Text | None = None
    event: EventKind | None = None
    granularity: Literal["field", "record"] = "field"
    special: SpecialKind | None = None
    estimate: bool = False
    derived_from: tuple[Identifier, ...] = ()
    obtained_from: Identifier | None = None
    values: Mapping[str, Words] = Field(default_factory=dict)

    @property
    def scored(self) -> bool:
        """Whether the value is an estimate, which only a registered model may write (R-22-1)."""
        return self.estimate or self.category is Category.SCORE
