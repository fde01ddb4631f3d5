"""Who appears in a policy document: the controller, who reviewed, who receives data, which systems and roles ask.

Legal: GDPR Art. 13(1)(a), (b), (e), Art. 26, 28, 30(1)(a), (d), 38(6), 44-46; R-26/28-1, R-15.1c-1.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from policies.countries import EEA, WITHOUT_INSTRUMENT
from policies.forms import Country, Day, Identifier, Part, Text, Version, Words


class Review(Part):
    """Somebody's recorded word on the document (Art. 38(6): the DPO advises, the controller decides)."""

    by: Text
    date: Day
    result: Literal["no_objection", "objection"]
    note: Text | None = None


class Controller(Part):
    """Who is responsible (Art. 13(1)(a), (b), Art. 30(1)(a))."""

    name: Text
    address: Text
    contact: Text
    data_protection_officer: Text
    supervisory_authority: Text
    representative: Text | None = None
    joint_controllers: tuple[Text, ...] = ()


class Head(Part):
    """Which document this is, and who wrote, reviewed, advised on and decided it."""

    id: Text
    version: Version
    valid_from: Day
    controller: Controller
    author: Text
    legal_review: Review
    dpo_opinion: Review
    decided_by: Text
    security_measures: tuple[Words, ...] = ()


class Transfer(Part):
    """What carries data to a country outside the EEA: the instrument, its reference and its last day (Art. 45-49)."""

    instrument: Literal["adequacy", "standard_clauses", "binding_rules", "code_of_conduct", "certification"]
    ref: Text
    until: Day | None = None


def _judge_country(raw: object) -> object:
    """Where a document does not say whether a country is a third one, it follows from the country."""
    if isinstance(raw, dict) and "third_country" not in raw:
        return {**raw, "third_country": raw.get("country") not in WITHOUT_INSTRUMENT}
    return raw


class Recipient(Part):
    """Somebody data is disclosed to, named as R-15.1c-1 asks.

    `third_country` is whether data goes there only with an instrument of its own: outside the EEA, and no adequacy
    decision covers the whole country. It follows from `country`; a document may state it, and must not contradict.
    """

    name: Text
    address: Text
    country: Country
    role: Literal["controller", "joint", "processor", "authority"]
    contract: Text | None = None
    contract_until: Day | None = None
    third_country: bool
    transfer: Transfer | None = None
    _judged = model_validator(mode="before")(_judge_country)

    @property
    def outside_eea(self) -> bool:
        """Whether Art. 30(1)(e) asks for the transfer to be named, adequacy decision or not."""
        return self.country not in EEA


class Budget(Part):
    """How many different people one client may read for one purpose on one day of the controller's calendar."""

    subjects_per_day: int = Field(ge=1, le=100_000_000)


class Client(Part):
    """A calling system, bound to purposes (R-5.1b-1); `recipient` where it belongs to somebody else.

    `budget` goes before the purpose's own, purpose by purpose.
    """

    title: Words
    purposes: tuple[Identifier, ...]
    recipient: Identifier | None = None
    budget: Mapping[Identifier, Budget] = Field(default_factory=dict)


class ConsoleRole(Part):
    """A role of the staff console and the purposes it may act for."""

    title: Words
    purposes: tuple[Identifier, ...]
