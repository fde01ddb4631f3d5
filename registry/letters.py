"""What a person is told about a request, in German and English, in plain words.

Legal: GDPR Art. 12(1), (4), Art. 17(3)(b); R-12.1-1, R-12.4-1, R-17.1-1.
"""

from collections.abc import Mapping
from datetime import date

from policies.documents import PolicyDocument, Words
from policies.vocabulary import ReviewOutcome
from registry.erasure import Erasure, KeptField

ERASURE_SUBJECT = "Ihr Antrag auf Löschung / Your erasure request"
ADVERTISING_OBJECTION: Mapping[str, str] = {
    "de": "Ihr Widerspruch gegen Werbung gilt ab sofort.",
    "en": "Your objection to advertising is in force.",
}
OBJECTION: Mapping[str, str] = {"de": "Ihr Widerspruch ist wirksam.", "en": "Your objection is in force."}
ACCESS_READY: Mapping[str, str] = {
    "de": "Ihre Auskunft liegt im Portal bereit.",
    "en": "Your data is ready in the portal.",
}
ACCESS_RETRIEVED: Mapping[str, str] = {
    "de": "Sie haben Ihre Daten im Portal abgerufen.",
    "en": "You retrieved your data in the portal.",
}
RECTIFIED: Mapping[str, str] = {
    "de": "Wir haben Ihre Daten berichtigt; die Einschränkung während der Prüfung ist aufgehoben.",
    "en": "We have corrected your data; the restriction during the check is lifted.",
}


def refusal(policy: PolicyDocument, reasons: str) -> dict[str, str]:
    """The three texts of Art. 12(4): reasons, complaint, judicial remedy."""
    authority = policy.policy.controller.supervisory_authority
    return {
        "de": (
            f"Wir können Ihrem Antrag nicht entsprechen. Gründe: {reasons.strip()} Sie können sich bei der"
            f" Aufsichtsbehörde beschweren ({authority}) und Rechtsschutz bei Gericht suchen."
        ),
        "en": (
            f"We cannot comply with your request. Reasons: {reasons.strip()} You may lodge a complaint with the"
            f" supervisory authority ({authority}) and seek a judicial remedy."
        ),
    }


def review(policy: PolicyDocument, purpose: Words, outcome: ReviewOutcome, reasons: str) -> dict[str, str]:
    """What a human made of a machine's decision and why, and what the person can still do (Art. 22(3), 77, 79)."""
    authority = policy.policy.controller.supervisory_authority
    made = {
        ReviewOutcome.UPHELD: ("Es bleibt bei der Entscheidung.", "The decision stands."),
        ReviewOutcome.CHANGED: ("Die Entscheidung wurde geändert.", "The decision was changed."),
    }[outcome]
    return {
        "de": (
            f"Ein Mensch hat die Entscheidung geprüft ({purpose.de}). {made[0]} Gründe: {reasons.strip()} Sie können"
            f" sich bei der Aufsichtsbehörde beschweren ({authority}) und Rechtsschutz bei Gericht suchen."
        ),
        "en": (
            f"A human has reviewed the decision ({purpose.en}). {made[1]} Reasons: {reasons.strip()} You may lodge a"
            f" complaint with the supervisory authority ({authority}) and seek a judicial remedy."
        ),
    }


def erasure(policy: PolicyDocument, erased: Erasure, backups_by: date | None = None) -> dict[str, str]:
    """What is gone, what is kept until when and why, and where to complain (Art. 12(1), (4), 17(3)(b)).

    Args:
        policy: the document in force.
        erased: what the erasure did.
        backups_by: the day by which no backup can be opened any more (R-DEL-7); None = no plan is set.
    """
    german = ["Ihre Daten sind gelöscht und die Schlüssel dazu vernichtet."]
    english = ["Your data is deleted and its keys are destroyed."]
    for kept in erased.kept:
        title = policy.fields[kept.field].title
        german.append(
            f"Aufbewahrt werden nur: {title.de} ({kept.count}), bis {_until(kept, 'de')}. Grund: {kept.why.de}."
        )
        english.append(f"Kept are only: {title.en} ({kept.count}), until {_until(kept, 'en')}. Ground: {kept.why.en}.")
    if erased.without_advertising:
        german.append(
            "Damit wir Ihnen auch künftig keine Werbung schicken, behalten wir Prüfwerte Ihrer Kennungen, aus denen"
            " sich nichts ablesen lässt und die zu nichts anderem taugen"
            " (Art. 17 Abs. 3 Buchst. b, Art. 21 Abs. 3 DSGVO)."
        )
        english.append(
            "So that we send you no advertising in future either, we keep check values of your identifiers, from which"
            " nothing can be read and which serve nothing else (Art. 17(3)(b), Art. 21(3) GDPR)."
        )
    authority = policy.policy.controller.supervisory_authority
    if erased.kept:
        german.append(f"Sie können sich bei der Aufsichtsbehörde beschweren ({authority}) oder vor Gericht gehen.")
        english.append(f"You may complain to the supervisory authority ({authority}) or go to court.")
    german.append(
        "Der Nachweis, wer auf Ihre Daten zugegriffen hat, bleibt bis zum Ende seiner Frist gesperrt erhalten."
    )
    english.append("The record of who accessed your data stays locked until its period ends.")
    if backups_by is None:
        german.append("In Sicherungskopien liegen die Daten verschlüsselt, bis sie nach Plan überschrieben sind.")
        english.append("In backups the data lies encrypted until they are overwritten as planned.")
    else:
        german.append(f"In Sicherungskopien sind sie spätestens ab dem {backups_by:%d.%m.%Y} nicht mehr lesbar.")
        english.append(f"In backups it can no longer be read from {backups_by.isoformat()} at the latest.")
    return {"de": " ".join(german), "en": " ".join(english)}


def _until(kept: KeptField, language: str) -> str:
    if kept.until is None:
        return "zum Ende des Vorgangs" if language == "de" else "the matter ends"
    return kept.until.strftime("%d.%m.%Y") if language == "de" else kept.until.isoformat()
