"""Finds a person by an identifier without keeping the identifier: keyed blind indexes over normalised input.

Only identifiers of high entropy are indexed. Contact addresses may be shared (couples, families), so that
finding by e-mail may return several people; an external id belongs to one person per source system.

Legal: GDPR Art. 32, R-ENC-4, R-4.1-3.
"""

import unicodedata
from enum import StrEnum

import idna
import phonenumbers

from registry.errors import InvalidValueError

_LONGEST = 320


class IdentifierKind(StrEnum):
    """Kinds of identifiers that can be looked up; stored codes."""

    EXTERNAL_ID = "external_id"
    EMAIL = "email"
    PHONE = "phone"


# The rule by which identifiers of each kind are spelled below. A digest tells nothing of it, so each look-up names its
# own. Who changes a rule raises its number, asks for the earlier spelling too until nothing is behind
# (`registry.key_status`), and makes look-ups of values anew. External ids are kept as digests alone: theirs cannot be.
NORMALISATION = {IdentifierKind.EXTERNAL_ID: 1, IdentifierKind.EMAIL: 1, IdentifierKind.PHONE: 1}

INDEXED_FIELDS = {"email": IdentifierKind.EMAIL, "phone": IdentifierKind.PHONE}


def normalise(kind: IdentifierKind, value: str, source: str = "") -> str:
    """One spelling for everything that means the same identifier.

    Args:
        kind: what the value is.
        value: as typed; e-mail addresses are compared in NFC and lower case, domains in the form of IDNA 2008
            (straße.de and strasse.de are two domains), phone numbers in E.164 with Germany as the default country.
        source: the system that gave an external id.

    Raises:
        InvalidValueError: when the value cannot be an identifier of this kind.
    """
    text = unicodedata.normalize("NFC", value).strip()
    if not text or len(text) > _LONGEST:
        raise InvalidValueError(f"{kind.value} is empty or too long")
    match kind:
        case IdentifierKind.EXTERNAL_ID:
            return f"{source}\0{text}"
        case IdentifierKind.EMAIL:
            return _email(text)
        case IdentifierKind.PHONE:
            return _phone(text)


def _email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode().lower()
    except UnicodeError as error:
        raise InvalidValueError("email has no valid domain") from error
    if not at or not local or "." not in ascii_domain or any(character.isspace() for character in text):
        raise InvalidValueError("email is not an address")
    return f"{local.lower()}@{ascii_domain}"


def _phone(text: str) -> str:
    try:
        number = phonenumbers.parse(text, "DE")
    except phonenumbers.NumberParseException as error:
        raise InvalidValueError("phone is not a number") from error
    if not phonenumbers.is_possible_number(number):
        raise InvalidValueError("phone is not a possible number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
