"""What can go wrong, by name; messages carry pseudonyms and codes, never values."""


class RegistryError(Exception):
    """Root of all errors of the registry."""


class NotReadyError(RegistryError):
    """Raised when the registry may not serve: durability, keys, journal or policy are not in order."""


class KeyUnavailableError(RegistryError):
    """Raised when a key cannot be unwrapped: destroyed, of an unknown version, or not this provider's."""


class KeyProviderError(NotReadyError):
    """Raised when the key provider cannot be asked: away, too slow, locked, wrong PIN, token removed, file unsafe."""


class RetirementRefusedError(RegistryError):
    """Raised when an epoch cannot be retired: keys are left under it, or no backup of the key ring is verified."""


class BackupError(RegistryError):
    """Raised when a backup cannot be made, read or trusted, or the database it should go into is not empty."""


class SealBrokenError(RegistryError):
    """Raised when a sealed value does not open: changed, moved to another row, or sealed with another key."""


class NotPermittedError(RegistryError):
    """Raised when a value is asked for that the recorded permit does not cover; a defect of the caller."""


class UnknownSubjectError(RegistryError):
    """Raised when there is no such customer, or no longer."""


class UnknownFieldError(RegistryError):
    """Raised when a value is written to a field the policy does not declare, or not for this purpose."""


class InvalidValueError(RegistryError):
    """Raised when a value has not the form its field asks for."""


class UnregisteredModelError(UnknownFieldError):
    """Raised when an estimate comes from no model, or from one that the policy does not register for it."""


class DuplicateIdentifierError(RegistryError):
    """Raised when an external id already belongs to another customer."""


class UnknownNoticeError(RegistryError):
    """Raised when a consent quotes a notice, version or text that was never published."""


class InvalidConsentError(RegistryError):
    """Raised when a declaration cannot be a consent: future date, wrong purpose, missing proof."""


class UnknownRequestError(RegistryError):
    """Raised when there is no such request of a data subject."""


class RequestStateError(RegistryError):
    """Raised when a request is not in a state that allows this step."""


class UnknownRelationshipError(RegistryError):
    """Raised when a contract or account to be closed does not exist."""


class RelationshipPeriodError(RegistryError):
    """Raised when a contract or account would end before it began."""


class AuthenticationError(RegistryError):
    """Raised when a client, staff member or customer did not prove who they are."""


class UnknownStaffError(RegistryError):
    """Raised when there is no such staff account."""


class ForbiddenError(RegistryError):
    """Raised when a caller's role or purposes do not allow an operation."""


class NotFoundError(RegistryError):
    """Raised when something asked for by number does not exist."""
