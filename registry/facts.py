"""Turns rows into the facts a decision sees; decides nothing. Nothing else makes `Facts`."""

from policies.documents import PolicyDocument
from policies.facts import Facts
from policies.rules import soft_opt_in
from policies.vocabulary import LegalBasis, SubjectId
from registry.database import Gathered


def facts_from(gathered: Gathered, *, within_budget: bool | None = None) -> Facts:
    """The facts about one person as of the database's clock; nobody = a status of None.

    Args:
        gathered: what the store found.
        within_budget: whether the person fits into the client's number of today; None = not looked up.
    """
    if gathered.status is None:
        return Facts(SubjectId(gathered.subject_id), gathered.now, None)
    return Facts(
        subject_id=SubjectId(gathered.subject_id),
        as_of=gathered.now,
        status=gathered.status,
        kind=gathered.kind,
        majority_month=gathered.majority_month,
        permissions=gathered.permissions,
        objections=gathered.objections,
        restrictions=gathered.restrictions,
        relationships=gathered.relationships,
        notices=gathered.notices,
        items=tuple([value.item for value in gathered.values]),
        addresses=gathered.addresses,
        within_budget=within_budget,
    )


def addresses_for(policy: PolicyDocument, purpose: str) -> frozenset[str]:
    """The fields of whose values a decision must know where they came from: none but for a soft opt-in."""
    if all(basis.article is not LegalBasis.SOFT_OPT_IN for basis in policy.purposes[purpose].basis.values()):
        return frozenset()
    return frozenset(name for names in soft_opt_in.terms_of(policy).addresses.values() for name in names)
