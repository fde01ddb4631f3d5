"""One look at a policy document: which purpose uses which category of data on which legal basis.

Legal: GDPR Art. 5(2), 6(1); R-6.1-1.
"""

from policies.declared import PolicyDocument
from policies.purposes import Basis
from policies.vocabulary import Category, LegalBasis

LEGEND = (
    "a consent, a! explicit consent, b contract, c legal obligation, f legitimate interests (Art. 6(1) GDPR),",
    "uwg own similar goods (§ 7(3) UWG); in brackets: not in force; (-): a basis, but no field of its own",
)


def matrix(document: PolicyDocument) -> tuple[str, ...]:
    """Use by category by basis, as lines of plain text under a heading line."""
    names = {name: name if purpose.in_force else f"({name})" for name, purpose in document.purposes.items()}
    width = max((len(name) for name in names.values()), default=0)
    lines = ["  ".join(["use".ljust(width), *Category])]
    for name, purpose in document.purposes.items():
        cells = [names[name].ljust(width)]
        for category in Category:
            used = category in purpose.fields or category in purpose.collects
            cells.append(_cell(purpose.basis.get(category), used=used).ljust(len(category)))
        lines.append("  ".join(cells).rstrip())
    return (*lines, *LEGEND)


def _cell(basis: Basis | None, *, used: bool) -> str:
    if basis is None:
        return "."
    if not used:
        return "(-)"
    if basis.article is LegalBasis.SOFT_OPT_IN:
        return "uwg"
    return basis.article[-1] + ("!" if basis.explicit else "")
