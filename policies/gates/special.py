"""Gates of special categories: what reveals one is one, and its condition must fit.

Legal: GDPR Art. 9(1), (2)(a), (e), Recital 51; C-184/20, C-21/23, C-446/21; R-9-2, R-9-3, R-9-4.
"""

import re
import unicodedata
from collections.abc import Iterator

from policies.findings import Check, Fault, requires
from policies.gates.activation import Activation
from policies.holdings import FieldPart

# Stems of words that name or reveal a special category: in names, titles, terms of vocabularies and coded values.
_STEMS = (
    # health
    r"health|gesund|krank|illness|\bsick|disease|\bleiden\b|diagnos|medic|medizin|allerg|pregnan|schwanger|disab|behinder",
    r"pflegegrad|blutgruppe|\bblood|\bpatient|therap|psychiatr|depressi|diabet|\bhiv\b|vaccin|\bimpf|pharma|apothek",
    # religion and belief
    r"relig|konfession|\bbekenntnis|glaubens|\bglaube\b|gläubig(?!er)|\bfaith|\bbeliefs?\b|church|kirch|mosque|moschee",
    r"synagog|muslim|moslem|islam|\bjewish|\bjews?\b|jüdisch|\bjude|christlich|\bchristian(?! name)|kathol|cathol",
    r"evangeli|protestant|orthodox|hindu|buddhis|atheis|\bhalal|koscher|kosher|philosoph|weltanschau",
    # politics and unions
    r"politi|\bpartei(?!en)|\bparty member|gewerkschaft|trade ?union|union member",
    # ethnic origin
    r"ethni|\brace\b|racial|\brasse|hautfarbe|skin ?colou?r|migrationshintergrund|migration background|migrant",
    # sex life and orientation
    r"sexual|sexuell|sex ?life|\borientation|\borientierung|\bschwul|lesbi|\bgay\b|transgender",
    # genetics and biometrics
    r"genetic|genetisch|\bgenome?\b|\bdna|biometri|fingerprint|fingerabdr",
)
_REVEALING = re.compile("|".join(_STEMS), re.IGNORECASE)
# Where words meet inside a name or term: pd:BloodType, union_member, user.health_and_medical.
_SEAM = re.compile(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])|[_.:/#-]+")


@requires("R-9-2", "Art. 9(1) GDPR, C-184/20, C-21/23")
def revealing_fields_are_special(seen: Activation) -> Iterator[Fault]:
    """A field that names, reveals or is derived from a special category is one."""
    fields = seen.document.fields
    for name, field in fields.items():
        if field.special is not None:
            continue
        if _reveals(name, field):
            yield Fault(("fields", name), f"field {name}: it seems to reveal a special category; say which (special)")
        for source in sorted(seen.document.made_of(name) & fields.keys()):
            if fields[source].special is not None:
                yield Fault(("fields", name), f"field {name}: derived from {source}, so it is special as well")


def _reveals(name: str, field: FieldPart) -> bool:
    values = (word for code, words in field.values.items() for word in (code, words.de, words.en))
    told = (name, field.title.de, field.title.en, field.dpv, field.fideslang or "", *values)
    return _REVEALING.search(_SEAM.sub(" ", unicodedata.normalize("NFKC", "\n".join(told)))) is not None


@requires("R-9-3", "Art. 9(2)(a) GDPR")
def special_consent_is_explicit(seen: Activation) -> Iterator[Fault]:
    """Condition (a) is an explicit consent, and nothing less; already to collect is to process."""
    for name, purpose in seen.document.in_force():
        both = (purpose.fields, purpose.collects)
        for category, field in ((one, field) for part in both for one, names in part.items() for field in names):
            special = seen.document.fields[field].special is not None
            if special and purpose.condition(field) == "A9-2-a" and not purpose.basis[category].explicit:
                at = ("purposes", name, "basis", category)
                yield Fault(at, f"purpose {name}: {field} needs an explicit consent")


@requires("R-9-4", "Art. 9(2)(e) GDPR, C-446/21")
def public_is_not_for_advertising(seen: Activation) -> Iterator[Fault]:
    """That somebody made something public is no invitation to advertise with it."""
    for name, purpose in seen.document.in_force():
        for field, condition in purpose.special.items():
            if condition == "A9-2-e" and (purpose.direct_marketing or purpose.profiling):
                at = ("purposes", name, "special", field)
                yield Fault(at, f"purpose {name}: data made public never serves advertising or profiling")


GATES: tuple[Check[Activation], ...] = (
    revealing_fields_are_special,
    special_consent_is_explicit,
    public_is_not_for_advertising,
)
