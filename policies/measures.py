"""How wide each bound of a purpose, field or recipient is: of two documents the wider one lets more happen to data.

A measure has a width that only serves to compare, and the words a reader is shown. Beside it stands where the document
says it.

Legal: GDPR Art. 5(1)(c), (e), 6, 8, 9, 18, 21, 22, 28, 44.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from math import inf
from typing import NamedTuple, TypeAlias, get_args

from policies.findings import Path
from policies.holdings import FieldPart, RetentionClass
from policies.parties import Recipient
from policies.periods import months
from policies.purposes import Basis, Purpose, SpecialCondition
from policies.vocabulary import Category, LegalBasis


class Key(NamedTuple):
    """Which bound: of a purpose, of a field or recipient (`what`), or of something that a purpose uses."""

    purpose: str
    kind: str
    what: str = ""


class Measure(NamedTuple):
    """How wide a bound is, and how it is told."""

    width: float
    shown: str

    @classmethod
    def of_limit(cls, limit: int | None) -> "Measure":
        """A number that bounds; None bounds nothing."""
        return cls(inf, "unlimited") if limit is None else cls(limit, str(limit))

    @classmethod
    def of_last_day(cls, day: date | None) -> "Measure":
        """A day after which nothing happens any more; None = there is none."""
        return cls(inf, "unlimited") if day is None else cls(day.toordinal(), day.isoformat())

    @classmethod
    def of_first_day(cls, day: date | None) -> "Measure":
        """A day before which nothing happens yet; None = at once."""
        return cls(0.0, "none") if day is None else cls(-day.toordinal(), day.isoformat())

    @classmethod
    def of_flag(cls, flag: bool, *, widening: bool) -> "Measure":  # noqa: FBT001 - the value that is measured
        """A yes or no; `widening` is the answer that lets more happen."""
        return cls(float(flag is widening), "yes" if flag else "no")

    @classmethod
    def of_rank(cls, choice: str | None, ranks: tuple[str | None, ...]) -> "Measure":
        """A choice among words, the strictest first."""
        return cls(ranks.index(choice), choice or "none")

    @classmethod
    def of_safeguard(cls, safeguard: str | None) -> "Measure":
        """Something that protects by being there; which one it is has no width."""
        return cls(float(not safeguard), safeguard or "none")


Measured: TypeAlias = tuple[Key, Measure, tuple[Path, ...]]

# From what the person decides alone to what the person cannot stop.
_ARTICLES = (
    LegalBasis.CONSENT,
    LegalBasis.SOFT_OPT_IN,
    LegalBasis.LEGITIMATE_INTERESTS,
    LegalBasis.CONTRACT,
    LegalBasis.VITAL_INTERESTS,
    LegalBasis.PUBLIC_TASK,
    LegalBasis.LEGAL_OBLIGATION,
)
_EXPLICIT = "{} explicit"
_BASES = tuple(words for article in _ARTICLES for words in (_EXPLICIT.format(article), article.value))
# The words of a purpose that bound it, the strictest first.
_RANKS: Mapping[str, tuple[str | None, ...]] = {
    "state": ("retired", "inactive", "observe", "active"),
    "unknown_age": ("deny", "adult"),
    "objection": ("withdraws_consent", "absolute", "weighed", "not_applicable"),
    "case_reference": ("required", "optional"),
    "advertises_for": ("own", "third_party"),
    "human_review": ("required", "not_required"),
    "adm_exception": (None, "explicit_consent", "contract", "law"),
}
# Whether it is the yes that lets more happen. Flags that allow a use and protect it at once are in `provisions`.
_FLAGS = {"while_restricted": True, "from_any_purpose": True, "similar_goods": False, "aggregates_only": False}
# By the letters of Art. 9(2): from explicit consent on; without a condition special data stays closed.
_CONDITIONS: tuple[str | None, ...] = (None, *get_args(SpecialCondition))
_STARTS = ("collected", "year_end", "relationship_end")
# From who acts on instructions alone to who decides alone.
_ROLES = ("processor", "joint", "controller", "authority")


def measures_of_purpose(name: str, purpose: Purpose) -> Iterator[Measured]:
    """Every bound of one purpose."""
    at = ("purposes", name)
    for key, ranks in _RANKS.items():
        yield Key(name, key), Measure.of_rank(getattr(purpose, key), ranks), ((*at, key),)
    for key, widening in _FLAGS.items():
        yield Key(name, key), Measure.of_flag(getattr(purpose, key), widening=widening), ((*at, key),)
    youngest = Measure(-purpose.minimum_age, str(purpose.minimum_age))
    yield Key(name, "minimum_age"), youngest, ((*at, "minimum_age"),)
    for key, safeguard in (
        ("notice", purpose.notice),
        ("lia", purpose.lia.ref if purpose.lia else None),
        ("dpia", purpose.dpia.ref if purpose.dpia else None),
    ):
        yield Key(name, key), Measure.of_safeguard(safeguard), ((*at, key),)
    texts = purpose.consent_texts
    counted = Measure(len(texts) or inf, ", ".join(texts) or "every version")
    yield Key(name, "consent_texts"), counted, ((*at, "consent_texts"),)
    for category, basis in purpose.basis.items():
        places = tuple((*at, "basis", category, key) for key in ("article", "explicit"))
        yield Key(name, "basis", category), of_basis(basis), places
    for category in purpose.fields.keys() - {Category.MASTER}:
        yield Key(name, "look_back", category), of_look_back(purpose, category), ((*at, "look_back", category),)
    for field in purpose.allowed:
        named = field if field in purpose.special else "*"
        condition = Measure.of_rank(purpose.condition(field), _CONDITIONS)
        yield Key(name, "special_condition", field), condition, ((*at, "special", named),)
    for source in purpose.compatible_from:
        place = (*at, "compatible_from", source.purpose, "informed_from")
        yield Key(name, "informed_from", source.purpose), Measure.of_first_day(source.informed_from), (place,)


def of_basis(basis: Basis) -> Measure:
    """The less it leaves to the person, the wider."""
    words = _EXPLICIT.format(basis.article) if basis.explicit else basis.article.value
    return Measure.of_rank(words, _BASES)


def of_look_back(purpose: Purpose, category: Category) -> Measure:
    """How far back a purpose looks on a category; without a window there is no end."""
    window = purpose.look_back.get(category)
    return Measure(months(window), window) if window else Measure.of_limit(None)


def measures_of_field(name: str, field: FieldPart, retention: Mapping[str, RetentionClass]) -> Iterator[Measured]:
    """Every bound of one field; those of its retention class only where the class is declared."""
    at = ("fields", name)
    special = Measure.of_flag(field.special is not None, widening=False)
    yield Key("", "special_category", name), special, ((*at, "special"),)
    yield Key("", "estimate", name), Measure.of_flag(field.estimate, widening=False), ((*at, "estimate"),)
    sealed = Measure.of_rank(field.granularity, ("field", "record"))
    yield Key("", "granularity", name), sealed, ((*at, "granularity"),)
    kept = retention.get(field.retention)
    if kept is None:
        return
    for kind, key, measure in (
        ("retention", "period", Measure(months(kept.period), kept.period)),
        ("retention_starts", "starts", Measure.of_rank(kept.starts, _STARTS)),
        ("kept_by_law_after_an_erasure", "obligation", Measure.of_flag(kept.obligation, widening=True)),
    ):
        yield Key("", kind, name), measure, ((*at, "retention"), ("retention", field.retention, key))


def measures_of_recipient(code: str, recipient: Recipient) -> Iterator[Measured]:
    """Every bound that a recipient has for all purposes alike."""
    at = ("recipients", code)
    yield Key("", "contract", code), Measure.of_safeguard(recipient.contract), ((*at, "contract"),)
    last = Measure.of_last_day(recipient.contract_until)
    yield Key("", "contract_until", code), last, ((*at, "contract_until"),)


def measures_of_disclosure(purpose: str, code: str, recipient: Recipient) -> Iterator[Measured]:
    """Every bound of what a purpose discloses to a recipient."""
    at = ("recipients", code)
    yield Key(purpose, "role", code), Measure.of_rank(recipient.role, _ROLES), ((*at, "role"),)
    if recipient.transfer is not None:
        last = Measure.of_last_day(recipient.transfer.until)
        yield Key(purpose, "transfer_until", code), last, ((*at, "transfer", "until"),)
