"""One purpose: what may be known, on which basis, for how far back, by whom, and what was weighed before.

Only the shape stands here; what the law refuses is in `policies.laws` (at reading) and `policies.gates` (before a
document is put in force).

Legal: GDPR Art. 5(1)(b), Art. 6, 8, 9, 22, 35; § 7 UWG.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from policies.forms import Day, FieldOrAll, Identifier, Part, Period, Text, TextReference, Words
from policies.parties import Budget
from policies.vocabulary import Category, Channel, LegalBasis, RelationshipKind

SpecialCondition = Literal[
    "A9-2-a", "A9-2-b", "A9-2-c", "A9-2-d", "A9-2-e", "A9-2-f", "A9-2-g", "A9-2-h", "A9-2-i", "A9-2-j"
]
IN_FORCE = frozenset({"active", "observe"})


class Basis(Part):
    """The legal basis of one purpose for one category (R-6.1-1)."""

    article: LegalBasis
    why: Text
    explicit: bool = False
    rests_on: tuple[RelationshipKind, ...] = ()
    assessment: str | None = None


class LegitimateInterest(Part):
    """The assessment behind a legitimate interest (R-6.1f-1); `interest` is told to people (Art. 13(1)(d))."""

    ref: Text
    interest: Words
    necessity: Text
    balancing: Text
    opt_out: Text
    approved_on: Day | None = None
    review_on: Day | None = None


class ImpactAssessment(Part):
    """A reference to the data protection impact assessment (Art. 35); without `approved_on` it is still a draft."""

    ref: Text
    approved_on: Day | None = None
    review_on: Day | None = None


def _reference(raw: object) -> object:
    return {"ref": raw} if isinstance(raw, str) else raw


class Compatible(Part):
    """A recorded Art. 6(4) assessment that lets data collected for another purpose serve this one.

    Data that was there before `informed_from` must not serve the new purpose before that day (Art. 13(3)).
    """

    purpose: Identifier
    assessment: Text
    assessed_on: Day | None = None
    informed_from: Day | None = None
    dpo_opinion: Literal["no_objection", "objection"] | None = None


class Purpose(Part):
    """One purpose of processing (R-5.1b-1).

    `people` are the categories of data subjects (Art. 30(1)(c)). `special` names the Art. 9(2) condition per special
    field, `*` for all. `significant_decision` is a decision with legal or similarly significant effect (Art. 22):
    without `adm_exception` a human decides. With `aggregates_only` no value of a single person leaves. Where
    `case_reference` is required, each read names its case, as a claim or a complaint. `consent_texts` are the versions
    of its notice whose declarations cover the purpose as it stands, each as `notice/version`; none = every version.
    """

    title: Words
    people: Words = Words(de="Kundinnen und Kunden", en="Customers")
    dpv: Text
    fideslang: Text | None = None
    state: Literal["active", "observe", "inactive", "retired"]
    basis: Mapping[Category, Basis]
    fields: Mapping[Category, tuple[Identifier, ...]]
    collects: Mapping[Category, tuple[Identifier, ...]] = Field(default_factory=dict)
    special: Mapping[FieldOrAll, SpecialCondition] = Field(default_factory=dict)
    look_back: Mapping[Category, Period] = Field(default_factory=dict)
    direct_marketing: bool = False
    advertises_for: Literal["own", "third_party"] = "own"
    similar_goods: bool = False
    profiling: bool = False
    significant_decision: bool = False
    human_review: Literal["required", "not_required"] = "required"
    adm_exception: Literal["contract", "law", "explicit_consent"] | None = None
    aggregates_only: bool = False
    channels: tuple[Channel, ...] = ()
    minimum_age: int = Field(default=0, ge=0, le=21)
    unknown_age: Literal["adult", "deny"] = "adult"
    objection: Literal["not_applicable", "withdraws_consent", "weighed", "absolute"]
    while_restricted: bool = False
    case_reference: Literal["required", "optional"] = "optional"
    compatible_from: tuple[Compatible, ...] = ()
    from_any_purpose: bool = False
    notice: Identifier | None = None
    consent_texts: tuple[TextReference, ...] = ()
    lia: LegitimateInterest | None = None
    dpia: Annotated[ImpactAssessment, BeforeValidator(_reference)] | None = None
    recipients: tuple[Identifier, ...] = ()
    budget: Budget | None = None

    @cached_property
    def allowed(self) -> frozenset[str]:
        """Field names this purpose may read."""
        return frozenset(name for names in self.fields.values() for name in names)

    @cached_property
    def collectable(self) -> frozenset[str]:
        """Field names that may be stored for this purpose."""
        return self.allowed | frozenset(name for names in self.collects.values() for name in names)

    @cached_property
    def sources(self) -> frozenset[str]:
        """Other purposes whose data may serve this one (Art. 6(4))."""
        return frozenset(part.purpose for part in self.compatible_from)

    @cached_property
    def articles(self) -> frozenset[LegalBasis]:
        """The legal bases of all its categories."""
        return frozenset(basis.article for basis in self.basis.values())

    @property
    def in_force(self) -> bool:
        """Whether anything is decided under it."""
        return self.state in IN_FORCE

    def condition(self, field: str) -> SpecialCondition | None:
        """The Art. 9(2) condition for a special field; None = none is named."""
        return self.special.get(field) or self.special.get("*")
