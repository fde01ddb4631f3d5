"""The outcome of a decision: a permit for named rows, or a refusal with every reason.

A `Permit` is a proof that the rules were asked; only `policies.evaluate` makes one. All of these are tuples, because
every decision makes some.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from policies.vocabulary import Category, FieldName, LegalBasis, PurposeId, ReasonCode, SubjectId

BUSINESS_OF_NO_CALLER = frozenset({ReasonCode.RESTRICTED, ReasonCode.MINOR})


class Reason(NamedTuple):
    """One ground of refusal and the law it rests on."""

    code: ReasonCode
    cites: tuple[str, ...]


NOT_PERMITTED = Reason(ReasonCode.NOT_PERMITTED, ("GDPR Art. 5(1)(c)",))


class Withheld(NamedTuple):
    """A field that was asked for and is not let out."""

    field: FieldName
    reasons: tuple[Reason, ...]


def alone(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """What is told of somebody who no longer fits into the number of people a day: that, and nothing else.

    Told beside other reasons, it would say of everybody of whom it is told alone that nothing else stands in the way.
    """
    return tuple(reason for reason in reasons if reason.code is ReasonCode.QUOTA) or reasons


class Permit(NamedTuple):
    """These rows of this person may be opened for this purpose, and no others."""

    subject_id: SubjectId
    purpose: PurposeId
    policy_version: str
    as_of: datetime
    fields: tuple[FieldName, ...]
    rows: Mapping[UUID, FieldName]
    bases: Mapping[Category, LegalBasis]
    withheld: tuple[Withheld, ...] = ()

    def __repr__(self) -> str:
        return f"Permit({self.subject_id}, {self.purpose}, {self.fields})"


class Deny(NamedTuple):
    """Nothing leaves; `reasons` holds every ground found, in the order of the checks."""

    subject_id: SubjectId | None
    purpose: PurposeId
    policy_version: str
    reasons: tuple[Reason, ...]
    withheld: tuple[Withheld, ...] = ()


class Observed(NamedTuple):
    """What a purpose in observe mode would have come to about one person, for the log alone: it opens nothing.

    `subject_id` None = there is nobody; no reasons = `fields` would have been let out.
    """

    subject_id: SubjectId | None
    fields: tuple[FieldName, ...]
    reasons: tuple[Reason, ...]


def for_caller(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """The reasons a calling system may be told.

    That somebody is a minor or has restricted the processing of their data is personal data that no
    calling system asked a purpose for: those reasons are told as NOT_PERMITTED, one for all and behind the others. So
    neither order nor number says which of them it was.
    """
    told = [reason for reason in reasons if reason.code not in BUSINESS_OF_NO_CALLER]
    if len(told) < len(reasons):
        told.append(NOT_PERMITTED)
    return tuple(dict.fromkeys(told))


def codes_for_caller(codes: Iterable[ReasonCode]) -> tuple[ReasonCode, ...]:
    """The codes a calling system may be told, once each and in their order."""
    told = for_caller(tuple(Reason(code, ()) for code in codes))
    return tuple(reason.code for reason in told)
