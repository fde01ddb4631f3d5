"""Turns rows into the facts a decision sees; decides nothing. Nothing else makes `Facts`."""

from collections.abc import Iterator
from datetime import date

from policies.deadlines import local_date
from policies.documents import PolicyDocument
from policies.facts import Facts, Item, Review
from policies.rules import soft_opt_in
from policies.vocabulary import LegalBasis, PurposeId, ReviewState, SubjectId
from registry.database import Gathered, StoredReview


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
        reviews=None if gathered.reviews is None else tuple(_reviews(gathered, gathered.reviews)),
        of_the_past=gathered.versions.of_the_past,
    )


def _reviews(gathered: Gathered, stored: tuple[StoredReview, ...]) -> Iterator[Review]:
    """What was asked for and done; a review counts while the human saw every value that is on file now."""
    done: dict[str, StoredReview] = {}
    for one in stored:
        if one.decided_at is None:
            yield Review(PurposeId(one.purpose), ReviewState.OPEN)
        elif one.purpose not in done or one.decided_at > (done[one.purpose].decided_at or one.decided_at):
            done[one.purpose] = one
    if not done:
        return
    today = local_date(gathered.now)
    held = {place_of(value.item.row_id.hex, value.version) for value in gathered.values if is_kept(value.item, today)}
    for purpose, one in done.items():
        whole = bool(held) and held <= set(one.seen.split())
        yield Review(PurposeId(purpose), ReviewState.DECIDED if whole else ReviewState.OUTDATED)


def place_of(row: str, version: int) -> str:
    """How a review refers to a row in one version, without its content; `row` is its id in hexadecimal."""
    return f"{row}:{version}"


def is_kept(item: Item, today: date) -> bool:
    """Whether a value's last day is still to come or not known (days in Germany)."""
    return item.delete_after is None or item.delete_after >= today


def addresses_for(policy: PolicyDocument, purpose: str) -> frozenset[str]:
    """The fields of whose values a decision must know where they came from: none but for a soft opt-in."""
    if all(basis.article is not LegalBasis.SOFT_OPT_IN for basis in policy.purposes[purpose].basis.values()):
        return frozenset()
    return frozenset(name for names in soft_opt_in.terms_of(policy).addresses.values() for name in names)


def reviews_for(policy: PolicyDocument, purpose: str) -> bool:
    """Whether a decision must know what humans reviewed: only where it has significant effect (Art. 22)."""
    return policy.purposes[purpose].significant_decision
