"""What only a human being has: an organisation is no place for it.

The people behind an organisation are customers of their own (`contact_person`, or `sole_trader` where one human is the
business), with all their rights and with an age. The document says by its terms which of its fields tell of a human: a
day of birth, an age, a gender, a first name, and everything about how somebody lives, thinks and feels. A last name
may be the only place where a document keeps the name of a company, so it is left.

Legal: GDPR Art. 4(1), Recital 14; C-710/23; R-4.1-1, R-4.1-2, R-8-1.
"""

from policies.documents import PolicyDocument
from policies.vocabulary import Category, FieldName, SubjectKind
from registry.errors import InvalidValueError

_CATEGORIES = frozenset({Category.SOCIODEMOGRAPHIC, Category.PSYCHOGRAPHIC})
_TERMS = frozenset({"pd:BirthDate", "pd:BirthPlace", "pd:Age", "pd:AgeExact", "pd:AgeRange", "pd:Gender"})
_FIRST_NAME = "user.name.first"


def of_humans(policy: PolicyDocument) -> frozenset[FieldName]:
    """The values that no organisation has; `birth_date` always, whatever the document says of it."""
    return frozenset(
        FieldName(name)
        for name, one in policy.fields.items()
        if one.event is None
        and (name == "birth_date" or one.category in _CATEGORIES or one.dpv in _TERMS or one.fideslang == _FIRST_NAME)
    )


def check_kind(policy: PolicyDocument, kind: str | None, name: FieldName, value: object) -> None:
    """Whether somebody of this kind may have the value; None for the kind = not told, for the value = cleared.

    Raises:
        InvalidValueError: when it is a human's and they are an organisation.
    """
    if kind == SubjectKind.ORGANISATION and value is not None and name in of_humans(policy):
        raise InvalidValueError(f"{name} is of a human, not of an organisation")
