"""What a gate sees: the new document, the one in force, the texts people will be shown, and what is on file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from policies.declared import PolicyDocument
from policies.notices import NoticeKind, NoticeText

_INFORMING = frozenset({NoticeKind.PRIVACY_NOTICE})


@dataclass(frozen=True)
class Existing:
    """What the registry knows on the day of activation.

    `ended` are the purposes for which at least one consent was withdrawn or expired; `stored` the fields of which at
    least one value is on file; `published` the version in force of each notice before the activation, by its id.
    """

    on: date
    ended: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()
    published: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Activation:
    """One activation as its gates see it."""

    document: PolicyDocument
    before: PolicyDocument | None
    existing: Existing
    texts: tuple[NoticeText, ...]

    def texts_of(self, notice: str | None) -> tuple[NoticeText, ...]:
        """The texts of one notice, in all languages."""
        return tuple(text for text in self.texts if text.id == notice)

    def text_is_new(self, notice: str | None) -> bool:
        """Whether people will be shown another version of this notice than before."""
        return any(text.version != self.existing.published.get(text.id) for text in self.texts_of(notice))

    def privacy_notices(self) -> tuple[NoticeText, ...]:
        """The texts that inform (Art. 13), in all languages."""
        return tuple(text for text in self.texts if text.kind in _INFORMING)
