"""Turns rows into the facts a decision sees; decides nothing. Nothing else makes `Facts`."""

from policies.facts import Facts
from policies.vocabulary import SubjectId
from registry.database import Gathered


def facts_from(gathered: Gathered) -> Facts:
    """The facts about one person as of the database's clock; nobody = a status of None."""
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
    )
