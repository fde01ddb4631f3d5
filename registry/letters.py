"""What a person is told about a request, in German and English, in plain words.

Legal: GDPR Art. 12(1), (4), Art. 17(3)(b); R-12.1-1, R-12.4-1, R-17.1-1.
"""

from policies.documents import PolicyDocument
from registry.erasure import Erasure, KeptField


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


def erasure(policy: PolicyDocument, erased: Erasure) -> dict[str, str]:
    """What is gone, what is kept until when and why, and where to complain (Art. 12(1), (4), 17(3)(b))."""
    german = ["Ihre Daten sind gelöscht und die Schlüssel dazu vernichtet."]
    english = ["Your data is deleted and its keys are destroyed."]
    for kept in erased.kept:
        declared = policy.fields[kept.field]
        title, why = declared.title, policy.retention[declared.retention].ground
        german.append(f"Aufbewahrt werden nur: {title.de} ({kept.count}), bis {_until(kept, 'de')}. Grund: {why.de}.")
        english.append(f"Kept are only: {title.en} ({kept.count}), until {_until(kept, 'en')}. Ground: {why.en}.")
    authority = policy.policy.controller.supervisory_authority
    if erased.kept:
        german.append(f"Sie können sich bei der Aufsichtsbehörde beschweren ({authority}) oder vor Gericht gehen.")
        english.append(f"You may complain to the supervisory authority ({authority}) or go to court.")
    german.append(
        "Der Nachweis, wer auf Ihre Daten zugegriffen hat, bleibt bis zum Ende seiner Frist gesperrt erhalten."
    )
    english.append("The record of who accessed your data stays locked until its period ends.")
    german.append("In Sicherungskopien liegen die Daten verschlüsselt, bis sie nach Plan überschrieben sind.")
    english.append("In backups the data lies encrypted until they are overwritten as planned.")
    return {"de": " ".join(german), "en": " ".join(english)}


def _until(kept: KeptField, language: str) -> str:
    if kept.until is None:
        return "zum Ende des Vorgangs" if language == "de" else "the matter ends"
    return kept.until.strftime("%d.%m.%Y") if language == "de" else kept.until.isoformat()
