"""Forms of single values in a policy document: names, versions, periods, days, texts, countries, words.

Every value arrives as text (`policies.yaml_source`); here it becomes what the schema asks for, or is refused.
"""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from policies.countries import COUNTRIES

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _day(raw: object) -> object:
    """Nothing but a calendar day as ISO 8601 writes it: a number would be read as seconds since 1970."""
    if isinstance(raw, str) and not _DAY.fullmatch(raw):
        raise ValueError("a day is written as 2026-11-01")
    return raw


def _said(text: str) -> str:
    """Something: a text of blanks alone would pass for a reason, a contract or an assessment."""
    if not text.strip():
        raise ValueError("a text says something")
    return text


def _assigned(code: str) -> str:
    """A country that there is: for any other, nobody could say which law holds there."""
    if code not in COUNTRIES:
        raise ValueError("no country has this code (ISO 3166-1)")
    return code


Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
FieldOrAll = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z][a-z0-9_]{0,62})$")]
TextReference = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}/[0-9A-Za-z][0-9A-Za-z.\-]{0,31}$")]
Period = Annotated[str, StringConstraints(pattern=r"^P([1-9]\d{0,3}D|[1-9]\d{0,2}M|[1-9]\d?Y)$")]
Day = Annotated[date, BeforeValidator(_day)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_said)]
Version = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), AfterValidator(_assigned)]


class Part(BaseModel):
    """One part of the document: frozen, and without keys that nobody declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Part):
    """One text in both languages of the product."""

    de: Text
    en: Text
