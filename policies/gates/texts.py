"""Gates of the texts: what people must have been told, in both languages, before a purpose is in force.

Legal: GDPR Art. 7(1), (2), 12(1), 13(1), (2); § 7(2) UWG; R-7.1-1, R-13-1, R-15.1c-1, R-DE-UWG-3.
"""

from collections.abc import Iterator

from policies.findings import Check, Fault, requires
from policies.gates.activation import Activation
from policies.notices import NoticeKind
from policies.vocabulary import LegalBasis

LANGUAGES = frozenset({"de", "en"})


@requires("R-13-1", "Art. 7(2), 12(1), 13(1), (2) GDPR")
def notice_is_written(seen: Activation) -> Iterator[Fault]:
    """The notice a purpose names exists in both languages, is of its kind, and speaks of the purpose."""
    for name, purpose in seen.document.in_force():
        if purpose.notice is None:
            continue
        at = ("purposes", name, "notice")
        texts = [text for text in seen.texts_of(purpose.notice) if name in text.purposes]
        if lacking := LANGUAGES - {text.language for text in texts}:
            languages = ", ".join(sorted(lacking))
            yield Fault(at, f"purpose {name}: no text of {purpose.notice} speaks of it in {languages}")
        consents = LegalBasis.CONSENT in purpose.articles
        kind = NoticeKind.CONSENT_TEXT if consents else NoticeKind.PRIVACY_NOTICE
        if any(text.kind is not kind for text in texts):
            yield Fault(at, f"purpose {name}: {purpose.notice} is no {kind.value.replace('_', ' ')}")


@requires("R-13-1", "Art. 13(1)(c), (2) GDPR")
def privacy_notice_names_it(seen: Activation) -> Iterator[Fault]:
    """Every purpose in force stands in the privacy notice, in both languages."""
    for name, _ in seen.document.in_force():
        told = {text.language for text in seen.privacy_notices() if name in text.purposes}
        if lacking := LANGUAGES - told:
            languages = ", ".join(sorted(lacking))
            yield Fault(("purposes", name), f"purpose {name}: no privacy notice names it in {languages}")


@requires("R-7.1-1", "Art. 7(1) GDPR")
def version_names_one_text(seen: Activation) -> Iterator[Fault]:
    """What was published under a version stays its text; other words need another version."""
    words = {(one.notice, one.version, one.language): one.sha256 for one in seen.existing.published}
    for text in seen.texts:
        if words.get((text.id, text.version, text.language), text.sha256) != text.sha256:
            what = f"{text.id} {text.version} ({text.language}) is published with other words"
            yield Fault(("policy", "version"), what)


@requires("R-15.1c-1", "Art. 13(1)(e) GDPR, C-154/21")
def privacy_notice_names_recipients(seen: Activation) -> Iterator[Fault]:
    """Who gets data is named where people read about the purpose."""
    for name, purpose in seen.document.in_force():
        for code in purpose.recipients:
            recipient = seen.document.recipients[code].name
            for text in seen.privacy_notices():
                if name in text.purposes and recipient not in text.text:
                    at = ("purposes", name, "recipients")
                    yield Fault(at, f"purpose {name}: {text.id} ({text.language}) does not name {recipient}")


@requires("R-DE-UWG-3", "§ 7(2) UWG, BGH VI ZR 721/15")
def consent_names_the_advertisers(seen: Activation) -> Iterator[Fault]:
    """A consent to advertising names who advertises and who sends, by name."""
    controller = seen.document.policy.controller.name
    for name, purpose in seen.document.in_force():
        if not purpose.direct_marketing or LegalBasis.CONSENT not in purpose.articles:
            continue
        named = {controller, *(seen.document.recipients[code].name for code in purpose.recipients)}
        for text in seen.texts_of(purpose.notice):
            if missing := sorted(one for one in named if one not in text.text):
                at = ("purposes", name, "notice")
                what = f"{text.id} ({text.language}) does not name {', '.join(missing)}"
                yield Fault(at, f"purpose {name}: {what}")


GATES: tuple[Check[Activation], ...] = (
    notice_is_written,
    version_names_one_text,
    privacy_notice_names_it,
    privacy_notice_names_recipients,
    consent_names_the_advertisers,
)
