"""What a gate sees: the new document, the one in force, the texts people will be shown, and what is on file."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from policies.declared import PolicyDocument
from policies.notices import NoticeKind, NoticeText, reference

_INFORMING = frozenset({NoticeKind.PRIVACY_NOTICE})


class Published(NamedTuple):
    """A text on file; `settled` = it was there when the document in force was decided, so it speaks of no later one."""

    notice: str
    version: str
    language: str
    sha256: str
    settled: bool = True


def published(texts: Iterable[NoticeText]) -> frozenset[Published]:
    """Texts as they would be on file, all settled."""
    return frozenset(Published(one.id, one.version, one.language, one.sha256) for one in texts)


@dataclass(frozen=True)
class Existing:
    """What the registry knows on the day of activation.

    `declared` are the purposes somebody ever declared something about, `ended` those for which at least one consent was
    withdrawn or expired; `stored` the fields of which at least one value is on file; `published` every text on file.
    """

    on: date
    declared: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()
    published: frozenset[Published] = frozenset()


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

    def published_of(self, notice: str | None) -> tuple[Published, ...]:
        """What is on file of one notice, in every version and language."""
        return tuple(one for one in self.existing.published if one.notice == notice)

    def new_texts(self, notice: str | None) -> frozenset[str]:
        """The versions of a notice that nobody was shown under the document in force, as `notices.reference` says them.

        New is a version that was not on file, in words that were not, in each language the notice is written in.
        """
        texts = self.texts_of(notice)
        settled = [one for one in self.published_of(notice) if one.settled]
        versions, words = {one.version for one in settled}, {one.sha256 for one in settled}
        languages = {text.language for text in texts}
        fresh = {(text.version, text.language) for text in texts if text.sha256 not in words} - {
            (version, language) for version in versions for language in languages
        }
        return frozenset(
            reference(text.id, text.version)
            for text in texts
            if languages == {language for version, language in fresh if version == text.version}
        )

    def privacy_notices(self) -> tuple[NoticeText, ...]:
        """The texts that inform (Art. 13), in all languages."""
        return tuple(text for text in self.texts if text.kind in _INFORMING)
