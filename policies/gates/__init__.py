"""What must be true before a policy document is put in force: about its purposes, its texts, and data already there.

`policies.laws` refuses what no document may say; a gate refuses what this one may not do yet: an assessment that
nobody approved, a consent that no text asks for, a basis swapped after somebody withdrew. Purposes that are
inactive or retired may be unfinished. One gate, one requirement; none knows another.

Legal: GDPR Art. 5(1)(b), (2), 6, 7, 8, 9, 12, 13, 15, 22, 24, 25(2), 28, 35; § 7, § 7a UWG.
"""

from policies.declared import PolicyDocument
from policies.findings import Check, Finding
from policies.gates import advertising, approval, automated, basis, children, keeping, special, texts, workable
from policies.gates.activation import Activation, Existing, Published, published
from policies.notices import NoticeText

__all__ = ["GATES", "Existing", "Published", "check", "published"]

GATES: tuple[Check[Activation], ...] = (
    *approval.GATES,
    *basis.GATES,
    *special.GATES,
    *children.GATES,
    *texts.GATES,
    *automated.GATES,
    *advertising.GATES,
    *keeping.GATES,
    *workable.GATES,
)


def check(
    document: PolicyDocument,
    before: PolicyDocument | None,
    existing: Existing,
    texts_shown: tuple[NoticeText, ...],
) -> tuple[Finding, ...]:
    """Everything that stands against putting a document in force; () = nothing does.

    Args:
        document: the new document, as `policies.documents.parse` returned it.
        before: the document in force; None = there is none yet.
        existing: what the registry knows about data and declarations already there.
        texts_shown: the notices and consent texts that would be in force with the document.

    Returns:
        The findings, the first lines first.
    """
    seen = Activation(document, before, existing, texts_shown)
    return tuple(sorted(finding for gate in GATES for finding in gate.findings(seen, document.lines)))
