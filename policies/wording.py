"""Says the codes of a policy document in German and English, for pages made from the document alone.

Legal: GDPR Art. 12(1); R-12.1-1.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from policies.forms import Words
from policies.vocabulary import Category, Channel, LegalBasis, RelationshipKind

Language: TypeAlias = Literal["de", "en"]


def _both(de: str, en: str) -> Words:
    return Words(de=de, en=en)


CATEGORIES: Mapping[Category, Words] = {
    Category.MASTER: _both("Stammdaten", "Master data"),
    Category.SOCIODEMOGRAPHIC: _both("Lebensumstände", "Circumstances of life"),
    Category.TRANSACTIONAL: _both("Käufe und Rechnungen", "Purchases and invoices"),
    Category.BEHAVIOURAL: _both("Verhalten", "Behaviour"),
    Category.PSYCHOGRAPHIC: _both("Einstellungen und Werte", "Attitudes and values"),
    Category.SCORE: _both("Schätzwerte", "Estimates"),
    Category.EVIDENCE: _both("Nachweise", "Evidence"),
}
BASES: Mapping[LegalBasis, Words] = {
    LegalBasis.CONSENT: _both("Einwilligung, Art. 6 Abs. 1 Buchst. a DSGVO", "consent, Art. 6(1)(a) GDPR"),
    LegalBasis.CONTRACT: _both("Vertrag, Art. 6 Abs. 1 Buchst. b DSGVO", "contract, Art. 6(1)(b) GDPR"),
    LegalBasis.LEGAL_OBLIGATION: _both(
        "rechtliche Verpflichtung, Art. 6 Abs. 1 Buchst. c DSGVO", "legal obligation, Art. 6(1)(c) GDPR"
    ),
    LegalBasis.VITAL_INTERESTS: _both(
        "lebenswichtige Interessen, Art. 6 Abs. 1 Buchst. d DSGVO", "vital interests, Art. 6(1)(d) GDPR"
    ),
    LegalBasis.PUBLIC_TASK: _both(
        "öffentliche Aufgabe, Art. 6 Abs. 1 Buchst. e DSGVO", "public task, Art. 6(1)(e) GDPR"
    ),
    LegalBasis.LEGITIMATE_INTERESTS: _both(
        "berechtigtes Interesse, Art. 6 Abs. 1 Buchst. f DSGVO", "legitimate interest, Art. 6(1)(f) GDPR"
    ),
    LegalBasis.SOFT_OPT_IN: _both("ähnliche eigene Ware, § 7 Abs. 3 UWG", "similar goods of our own, § 7(3) UWG"),
}
EXPLICIT = _both("ausdrückliche Einwilligung, Art. 6 Abs. 1 Buchst. a DSGVO", "explicit consent, Art. 6(1)(a) GDPR")
CHANNELS: Mapping[Channel, Words] = {
    Channel.EMAIL: _both("E-Mail", "e-mail"),
    Channel.SMS: _both("SMS", "SMS"),
    Channel.PHONE: _both("Telefon", "telephone"),
    Channel.POST: _both("Post", "post"),
    Channel.PUSH: _both("Push-Nachricht", "push message"),
    Channel.FAX: _both("Fax", "fax"),
    Channel.ANY: _both("alle Wege", "every channel"),
}
RELATIONSHIPS: Mapping[RelationshipKind, Words] = {
    RelationshipKind.CONTRACT: _both("Vertrag", "contract"),
    RelationshipKind.ACCOUNT: _both("Kundenkonto", "account"),
    RelationshipKind.WARRANTY: _both("Gewährleistung", "warranty"),
    RelationshipKind.CLAIM: _both("Reklamation", "claim"),
}
RECIPIENT_ROLES: Mapping[str, Words] = {
    "controller": _both("eigener Verantwortlicher", "controller"),
    "joint": _both("gemeinsam verantwortlich", "joint controller"),
    "processor": _both("Auftragsverarbeiter", "processor"),
    "authority": _both("Behörde", "authority"),
}
INSTRUMENTS: Mapping[str, Words] = {
    "adequacy": _both("Angemessenheitsbeschluss (Art. 45)", "adequacy decision (Art. 45)"),
    "standard_clauses": _both("Standarddatenschutzklauseln (Art. 46 Abs. 2)", "standard clauses (Art. 46(2))"),
    "binding_rules": _both("verbindliche interne Vorschriften (Art. 47)", "binding corporate rules (Art. 47)"),
    "code_of_conduct": _both("Verhaltensregeln (Art. 46 Abs. 2 Buchst. e)", "code of conduct (Art. 46(2)(e))"),
    "certification": _both("Zertifizierung (Art. 46 Abs. 2 Buchst. f)", "certification (Art. 46(2)(f))"),
}
STATES: Mapping[str, Words] = {
    "active": _both("in Kraft", "in force"),
    "observe": _both("unter Beobachtung, ohne Herausgabe", "observed, nothing leaves"),
    "inactive": _both("geplant", "planned"),
    "retired": _both("beendet", "over"),
}
OBJECTIONS: Mapping[str, Words] = {
    "not_applicable": _both(
        "kein Widerspruchsrecht (Art. 21 greift nicht)", "no right to object (Art. 21 does not apply)"
    ),
    "withdraws_consent": _both("endet mit dem Widerruf (Art. 7 Abs. 3)", "ends with withdrawal (Art. 7(3))"),
    "weighed": _both("Widerspruch wird abgewogen (Art. 21 Abs. 1)", "an objection is weighed (Art. 21(1))"),
    "absolute": _both("Widerspruch gilt immer (Art. 21 Abs. 2, 3)", "an objection always holds (Art. 21(2), (3))"),
}


def say(words: Words, language: Language) -> str:
    """The text in one language."""
    return words.de if language == "de" else words.en


def say_period(period: str, language: Language) -> str:
    """An ISO 8601 period of whole days, months or years in words, as in `24 months`."""
    count = int(period[1:-1])
    units = {"D": ("Tag", "day"), "M": ("Monat", "month"), "Y": ("Jahr", "year")}
    de, en = units[period[-1]]
    if language == "de":
        return f"{count} {de}{'' if count == 1 else 'e'}"
    return f"{count} {en}{'' if count == 1 else 's'}"


def say_country(country: str, *, outside_eea: bool, language: Language) -> str:
    """A country's code, marked where Art. 30(1)(e) asks for the transfer to be named."""
    outside = {"de": "Drittland", "en": "third country"}[language]
    return f"{country} ({outside})" if outside_eea else country
