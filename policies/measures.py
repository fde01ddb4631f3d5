"""How wide each bound of a purpose or field is: of two documents the wider one lets more happen to data.

A measure has a width that only serves to compare, and the words a reader is shown.

Legal: GDPR Art. 5(1)(c), (e), 6, 8, 9, 18, 21, 22.
"""

from collections.abc import Iterator, Mapping
from math import inf
from typing import NamedTuple, get_args

from policies.holdings import FieldPart, RetentionClass
from policies.periods import months
from policies.purposes import Basis, Purpose, SpecialCondition
from policies.vocabulary import Category, LegalBasis


class Key(NamedTuple):
    """Which bound: of a purpose, of a field (`what`), or of a category or client of a purpose."""

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
    def of_flag(cls, flag: bool, *, widening: bool) -> "Measure":  # noqa: FBT001 - the value that is measured
        """A yes or no; `widening` is the answer that lets more happen."""
        return cls(float(flag is widening), "yes" if flag else "no")

    @classmethod
    def of_rank(cls, choice: str | None, ranks: tuple[str | None, ...]) -> "Measure":
        """A choice among words, the strictest first."""
        return cls(ranks.index(choice), choice or "none")


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
_STATES = ("retired", "inactive", "observe", "active")
_OBJECTION = ("withdraws_consent", "absolute", "weighed", "not_applicable")
_EXCEPTION = (None, "explicit_consent", "contract", "law")
# By the letters of Art. 9(2): from explicit consent on.
_CONDITIONS: tuple[str, ...] = get_args(SpecialCondition)
_STARTS = ("collected", "year_end", "relationship_end")


def measures_of_purpose(name: str, purpose: Purpose) -> Iterator[tuple[Key, Measure]]:
    """Every bound of one purpose."""
    yield Key(name, "state"), Measure.of_rank(purpose.state, _STATES)
    yield Key(name, "minimum_age"), Measure(-purpose.minimum_age, str(purpose.minimum_age))
    yield Key(name, "unknown_age"), Measure.of_rank(purpose.unknown_age, ("deny", "adult"))
    yield Key(name, "objection"), Measure.of_rank(purpose.objection, _OBJECTION)
    yield Key(name, "case_reference"), Measure.of_rank(purpose.case_reference, ("required", "optional"))
    yield Key(name, "advertises_for"), Measure.of_rank(purpose.advertises_for, ("own", "third_party"))
    yield Key(name, "human_review"), Measure.of_rank(purpose.human_review, ("required", "not_required"))
    yield Key(name, "adm_exception"), Measure.of_rank(purpose.adm_exception, _EXCEPTION)
    for key in ("direct_marketing", "profiling", "significant_decision", "while_restricted", "from_any_purpose"):
        yield Key(name, key), Measure.of_flag(getattr(purpose, key), widening=True)
    for key in ("similar_goods", "aggregates_only"):
        yield Key(name, key), Measure.of_flag(getattr(purpose, key), widening=False)
    for category, basis in purpose.basis.items():
        yield Key(name, "basis", category), _of_basis(basis)
    for category in purpose.fields.keys() - {Category.MASTER}:
        window = purpose.look_back.get(category)
        shown = Measure(months(window), window) if window else Measure.of_limit(None)
        yield Key(name, "look_back", category), shown
    for field in purpose.allowed:
        condition = purpose.condition(field)
        if condition is not None:
            yield Key(name, "special_condition", field), Measure.of_rank(condition, _CONDITIONS)


def _of_basis(basis: Basis) -> Measure:
    words = _EXPLICIT.format(basis.article) if basis.explicit else basis.article.value
    return Measure.of_rank(words, _BASES)


def measures_of_field(
    name: str, field: FieldPart, retention: Mapping[str, RetentionClass]
) -> Iterator[tuple[Key, Measure]]:
    """Every bound of one field."""
    kept = retention[field.retention]
    yield Key("", "retention", name), Measure(months(kept.period), kept.period)
    yield Key("", "retention_starts", name), Measure.of_rank(kept.starts, _STARTS)
    yield Key("", "kept_by_law_after_an_erasure", name), Measure.of_flag(kept.obligation, widening=True)
    yield Key("", "special_category", name), Measure.of_flag(field.special is not None, widening=False)
