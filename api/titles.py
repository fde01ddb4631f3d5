"""Names what the policy document declares, and times, in a reader's language.

What an older policy declared and the one in force does not stands as its code.

Legal: GDPR Art. 12(1); R-12.1-1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from api.words import WORDS, Both, Language, say
from audit.event import Outcome
from policies.deadlines import TIME_ZONE
from policies.documents import PolicyDocument, Words
from policies.vocabulary import Channel, ReasonCode, ReviewOutcome
from registry.access_logs import ClosingGround
from registry.conflicts import ConflictKind
from registry.lookup import IdentifierKind
from registry.rights import RequestKind, RequestState
from registry.staff_names import Need, Opinion, Weighed
from registry.subjects import Status

_KINDS = (
    Outcome,
    ReasonCode,
    ConflictKind,
    RequestKind,
    RequestState,
    ReviewOutcome,
    Status,
    ClosingGround,
    Opinion,
    Need,
    Weighed,
)
_NAMED = {
    "direct_marketing": Both("Werbung insgesamt", "all advertising"),
    "kept": Both("behalten", "kept"),
    "advised": Both("Stellungnahme zum Namen in Eintrag", "Opinion on the name in entry"),
    "named": Both("Name genannt aus Eintrag", "Named from entry"),
    "told": Both("Namen erfahren aus Eintrag", "Told the name from entry"),
    "observe": Both("nur beobachtet", "only observed"),
    "withheld": Both("zurückgehalten wegen", "withheld because of"),
    "contact": Both("Kontakt per", "contact by"),
    "case": Both("Aktenzeichen (Prüfwert)", "case number (checksum)"),
}


@dataclass(frozen=True, slots=True)
class Titles:
    """The document's titles in one language."""

    policy: PolicyDocument
    language: Language

    def field(self, name: str) -> str:
        """A field's title."""
        declared = self.policy.fields.get(name)
        return self._words(declared.title) if declared else say(IdentifierKind, name, self.language)

    def fields(self, names: Sequence[str]) -> str:
        """Several fields' titles."""
        return ", ".join(self.field(name) for name in names)

    def purpose(self, codes: str) -> str:
        """A purpose's title; codes of several are parted by blanks."""
        return ", ".join(
            self._words(self.policy.purposes[code].title) if code in self.policy.purposes else code
            for code in codes.split()
        )

    def client(self, code: str) -> str:
        """A calling system's title."""
        client = self.policy.clients.get(code)
        return self._words(client.title) if client else code

    def recipient(self, name: str) -> str:
        """A recipient as the person's own access list names it: a company by its name, a system by its title."""
        for client in self.policy.clients.values():
            if client.title.de == name:
                return self._words(client.title)
        return name

    def value(self, field: str, value: object) -> str:
        """A coded value in words; empty where the policy has none."""
        declared = self.policy.fields.get(field)
        words = declared.values.get(value) if declared and isinstance(value, str) else None
        return self._words(words) if words else ""

    def choices(self, field: str) -> list[tuple[str, str]]:
        """The codes of a coded field, each with its words; none where values are free."""
        declared = self.policy.fields.get(field)
        return [(code, self._words(words)) for code, words in declared.values.items()] if declared else []

    def told(self, words: Words) -> str:
        """A text of the policy in the visitor's language."""
        return self._words(words)

    def retention(self, field: str) -> str:
        """How long a field is kept."""
        declared = self.policy.fields.get(field)
        return self._words(self.policy.retention[declared.retention].title) if declared else ""

    def grounds(self, codes: Sequence[str]) -> str:
        """Why something was refused."""
        return ", ".join(self._said(code) for code in codes)

    def detail(self, detail: str) -> str:
        """What an entry meant for one person: codes parted by commas, some after a heading and a colon."""
        parts = [[self._said(code) for code in part.split(":") if code] for part in detail.split(",")]
        return ", ".join(": ".join(part) for part in parts if part)

    def _said(self, code: str) -> str:
        if code in _NAMED:
            return _NAMED[code].in_(self.language)
        if code in Channel.__members__:
            return say(Channel, Channel[code].value, self.language)
        if code in self.policy.purposes:
            return self.purpose(code)
        known = next((kind for kind in _KINDS if code in WORDS[kind]), None)
        return say(known, code, self.language) if known else self.field(code)

    def _words(self, words: Words) -> str:
        return words.de if self.language is Language.DE else words.en


def day(value: date, language: Language) -> str:
    """A day as people write it."""
    return f"{value:%d.%m.%Y}" if language is Language.DE else f"{value.day} {value:%b %Y}"


def instant(value: datetime, language: Language) -> str:
    """An aware instant in German time, to the minute."""
    local = value.astimezone(TIME_ZONE)
    return f"{day(local.date(), language)}, {local:%H:%M}"
