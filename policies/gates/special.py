"""Gates of special categories: what reveals one is one, and its condition must fit.

Legal: GDPR Art. 9(1), (2)(a), (e), Recital 51; C-184/20, C-21/23, C-446/21; R-9-2, R-9-3, R-9-4.
"""

import re
from collections.abc import Iterator

from policies.findings import Check, Fault, requires
from policies.gates.activation import Activation
from policies.holdings import FieldPart

# Stems of words that name or reveal a special category, in names, titles and vocabulary terms.
_REVEALING = re.compile(
    r"health|gesund|krank|disease|diagnos|medic|medizin|allerg|pregnan|schwanger|disab|behinder"
    r"|relig|konfession|church|kirch|philosoph|weltanschau|politi|trade_?union|gewerkschaft"
    r"|ethni|\brace\b|racial|hautfarbe|skin_?colou?r|sexual|sex_?life|genetic|genetisch|biometri|fingerprint|fingerabdr",
    re.IGNORECASE,
)


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
    told = " ".join((name, field.title.de, field.title.en, field.dpv, field.fideslang or ""))
    return _REVEALING.search(told) is not None


@requires("R-9-3", "Art. 9(2)(a) GDPR")
def special_consent_is_explicit(seen: Activation) -> Iterator[Fault]:
    """Condition (a) is an explicit consent, and nothing less."""
    for name, purpose in seen.document.in_force():
        for category, fields in purpose.fields.items():
            for field in fields:
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
