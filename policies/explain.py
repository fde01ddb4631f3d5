"""Says why something was refused, in whole sentences that a customer and a lawyer both accept.

Every code has its rule, what happened, why the law asks for it, under which article, and what one can do. The sentences
promise nothing that another rule could take back, name no person, and speak of the rule as it is built here.

Legal: GDPR Art. 5(1)(a), Art. 12(1); R-12.1-1.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from policies.documents import Basis, PolicyDocument, Purpose, Words
from policies.rules import address, soft_opt_in
from policies.rules.child import least_age
from policies.vocabulary import Category, Channel, LegalBasis, ReasonCode


class Explanation(NamedTuple):
    """One code: the rule that gives it, and three texts in German and English."""

    rule: str
    articles: tuple[str, ...]
    what: Words
    why: Words
    remedy: Words


def _both(de: str, en: str) -> Words:
    return Words(de=de, en=en)


_NEW_QUESTION = _both(
    "Stellen Sie die Frage für einen Zweck, der dem anfragenden System zugewiesen ist.",
    "Ask for a purpose that is assigned to the system that asks.",
)
_CHANGE_POLICY = _both(
    "Nur eine neue Fassung der Zweckfestlegung ändert das; über sie entscheidet die Unternehmensleitung.",
    "Only a new version of the policy document changes this; the company's management decides on it.",
)
_NEW_CONSENT = _both(
    "Nur eine neue Einwilligung der betroffenen Person ändert das. Sie ist freiwillig und jederzeit widerruflich.",
    "Only a new consent of the person changes this. It is voluntary and can be withdrawn at any time.",
)

EXPLANATIONS: Mapping[ReasonCode, Explanation] = {
    ReasonCode.UNAUTHORISED: Explanation(
        "purpose_limitation",
        ("GDPR Art. 5(1)(b)", "GDPR Art. 32(4)"),
        _both(
            "Das anfragende System darf nicht für diesen Zweck fragen.",
            "The system that asks may not ask for this purpose.",
        ),
        _both(
            "Jedes System bekommt nur Daten für die Zwecke, die ihm zugewiesen sind.",
            "Each system gets data only for the purposes assigned to it.",
        ),
        _NEW_QUESTION,
    ),
    ReasonCode.UNKNOWN_PURPOSE: Explanation(
        "purpose_limitation",
        ("GDPR Art. 5(1)(b)",),
        _both("Der genannte Zweck ist nicht festgelegt.", "The purpose that was named is not declared."),
        _both(
            "Daten werden nur für festgelegte, eindeutige Zwecke verwendet.",
            "Data is used only for specified, explicit purposes.",
        ),
        _NEW_QUESTION,
    ),
    ReasonCode.PURPOSE_INACTIVE: Explanation(
        "purpose_limitation",
        ("GDPR Art. 5(1)(b)",),
        _both("Der Zweck ist festgelegt, aber nicht in Kraft.", "The purpose is declared but not in force."),
        _both(
            "Ein Zweck gilt erst, wenn er geprüft und freigegeben ist, und nicht mehr, wenn er beendet wurde.",
            "A purpose counts only once it is reviewed and approved, and no longer once it is retired.",
        ),
        _CHANGE_POLICY,
    ),
    ReasonCode.DPIA_MISSING: Explanation(
        "purpose_limitation",
        ("GDPR Art. 35(1), (3)(a)",),
        _both(
            "Für diesen Zweck fehlt die Datenschutz-Folgenabschätzung.",
            "The data protection impact assessment for this purpose is missing.",
        ),
        _both(
            "Profile bergen Risiken für Menschen; diese sind vorher abzuschätzen.",
            "Profiles carry risks for people; these are to be assessed beforehand.",
        ),
        _both(
            "Erstellen Sie die Folgenabschätzung und tragen Sie sie in die Zweckfestlegung ein.",
            "Carry out the assessment and enter it in the policy document.",
        ),
    ),
    ReasonCode.CASE_REFERENCE_MISSING: Explanation(
        "accountability",
        ("GDPR Art. 5(2)",),
        _both(
            "Zu der Frage wurde kein Aktenzeichen genannt.",
            "The question quotes no case number.",
        ),
        _both(
            "Dieser Zweck dient einzelnen Fällen. Jeder Zugriff muss sich einem Fall zuordnen lassen.",
            "This purpose serves single cases. Each access must be traceable to a case.",
        ),
        _both(
            "Wiederholen Sie die Frage mit dem Aktenzeichen des Falls.",
            "Repeat the question with the number of the case.",
        ),
    ),
    ReasonCode.AGGREGATES_ONLY: Explanation(
        "minimisation",
        ("GDPR Art. 5(1)(c)", "GDPR Art. 89(1)"),
        _both(
            "Für diesen Zweck gibt es nur Auswertungen über viele Personen, keine Daten einzelner.",
            "For this purpose there are only figures over many people, no data of single ones.",
        ),
        _both(
            "Der Zweck lässt sich ohne die Daten einzelner Personen erreichen.",
            "The purpose can be reached without the data of single persons.",
        ),
        _both("Fragen Sie nach einer Auswertung.", "Ask for figures."),
    ),
    ReasonCode.FAIL_CLOSED: Explanation(
        "evaluate",
        ("GDPR Art. 5(1)(f)", "GDPR Art. 32(1)(b)"),
        _both(
            "Eine Angabe, die für die Prüfung nötig ist, war nicht zu ermitteln.",
            "A fact that the check needs could not be found out.",
        ),
        _both(
            "Solange nicht feststeht, dass eine Nutzung erlaubt ist, unterbleibt sie.",
            "As long as it is not certain that a use is allowed, it does not happen.",
        ),
        _both(
            "Versuchen Sie es später noch einmal. Hält es an, prüfen Sie den Datenbestand.",
            "Try again later. If it persists, check the data on file.",
        ),
    ),
    ReasonCode.NO_SUBJECT: Explanation(
        "evaluate",
        ("GDPR Art. 17", "GDPR Art. 5(1)(e)"),
        _both(
            "Zu dieser Person liegt für diesen Zweck nichts vor.",
            "Nothing is held about this person for this purpose.",
        ),
        _both(
            "Wer gelöscht wurde, wird genauso beantwortet wie jemand, den es hier nie gab.",
            "Somebody who was erased is answered exactly like somebody who was never here.",
        ),
        _both("Prüfen Sie die Kennung, mit der gefragt wurde.", "Check the identifier that was asked with."),
    ),
    ReasonCode.RESTRICTED: Explanation(
        "restriction",
        ("GDPR Art. 18(1), (2)",),
        _both(
            "Die Verarbeitung dieser Daten ist eingeschränkt.",
            "The processing of this data is restricted.",
        ),
        _both(
            "Solange etwa die Richtigkeit geprüft oder über einen Widerspruch entschieden wird, werden die Daten nur"
            " gespeichert.",
            "While accuracy is being checked or an objection is being decided, for example, the data is only stored.",
        ),
        _both(
            "Die Einschränkung endet, wenn der Antrag entschieden ist und die Person vorher darüber unterrichtet wurde"
            " (Art. 18 Abs. 3).",
            "The restriction ends once the request is decided and the person has been told beforehand (Art. 18(3)).",
        ),
    ),
    ReasonCode.DM_OBJECTION: Explanation(
        "objection",
        ("GDPR Art. 21(2), (3)",),
        _both(
            "Die Person hat der Nutzung ihrer Daten für Werbung widersprochen.",
            "The person has objected to the use of their data for advertising.",
        ),
        _both(
            "Dieser Widerspruch braucht keine Gründe, wird gegen nichts abgewogen und gilt auch für Profile, soweit sie"
            " der Werbung dienen.",
            "This objection needs no reasons, is weighed against nothing, and covers profiling as far as it serves"
            " advertising.",
        ),
        _both(
            "Nur eine spätere ausdrückliche Einwilligung der Person lässt Werbung wieder zu, auf den Wegen, die sie"
            " nennt.",
            "Only a later express consent of the person allows advertising again, on the channels it names.",
        ),
    ),
    ReasonCode.OBJECTION: Explanation(
        "objection",
        ("GDPR Art. 21(1)", "GDPR Art. 18(1)(d)"),
        _both(
            "Die Person hat diesem Zweck widersprochen.",
            "The person has objected to this purpose.",
        ),
        _both(
            "Bis ein Mensch die Gründe abgewogen hat, ruht die Nutzung; wiegen sie schwerer, endet sie.",
            "Until somebody has weighed the grounds, the use rests; if they prevail, it ends.",
        ),
        _both(
            "Entscheiden Sie über den Widerspruch innerhalb eines Monats und teilen Sie der Person das Ergebnis mit.",
            "Decide on the objection within one month and tell the person the outcome.",
        ),
    ),
    ReasonCode.NO_BASIS: Explanation(
        "lawful_basis",
        ("GDPR Art. 6(1)", "UWG § 7(3)"),
        _both(
            "Für diese Nutzung gilt im Augenblick keine Rechtsgrundlage.",
            "No legal basis holds for this use at the moment.",
        ),
        _both(
            "Ein Vertrag trägt nur, solange er läuft; die Werbung an Bestandskunden nur, wenn alle vier Bedingungen"
            " zusammenkommen; und auf eine beendete Einwilligung folgt keine andere Grundlage für dasselbe.",
            "A contract carries only while it runs; advertising to existing customers only if all four conditions come"
            " together; and an ended consent is not followed by another basis for the same thing.",
        ),
        _both(
            "Der genannte Artikel zeigt, was fehlt. Ist ein Vertrag oder Konto nicht eingetragen, holen Sie das nach.",
            "The article named shows what is missing. If a contract or account is not on file, enter it.",
        ),
    ),
    ReasonCode.CONSENT_MISSING: Explanation(
        "consent",
        ("GDPR Art. 6(1)(a)", "GDPR Art. 7(1)"),
        _both(
            "Für diesen Zweck und Weg liegt keine nachgewiesene Einwilligung vor.",
            "There is no proven consent for this purpose and channel.",
        ),
        _both(
            "Eine Einwilligung ist zu beweisen, und sie gilt nur für das, was in ihrem Text stand. Eine Anfrage, eine"
            " Übernahme ohne Nachweis oder eine Erklärung zu einem älteren, engeren Text genügt nicht.",
            "Consent has to be proven, and it covers only what its text said. A request, an import without proof or a"
            " declaration on an older, narrower text is not enough.",
        ),
        _NEW_CONSENT,
    ),
    ReasonCode.CONSENT_WITHDRAWN: Explanation(
        "consent",
        ("GDPR Art. 7(3)",),
        _both("Die Einwilligung wurde widerrufen.", "The consent was withdrawn."),
        _both(
            "Ein Widerruf wirkt sofort, ohne Gründe und ohne Nachteile. Was vorher geschah, bleibt rechtmäßig.",
            "A withdrawal works at once, without reasons and without detriment. What happened before stays lawful.",
        ),
        _NEW_CONSENT,
    ),
    ReasonCode.CONSENT_EXPIRED: Explanation(
        "consent",
        ("GDPR Art. 6(1)(a)", "GDPR Art. 5(1)(a)"),
        _both("Die Einwilligung ist abgelaufen.", "The consent has expired."),
        _both(
            "Sie war befristet erteilt, oder ihre Zeit wurde für beendet erklärt.",
            "It was given for a limited time, or declared to be over.",
        ),
        _NEW_CONSENT,
    ),
    ReasonCode.CONSENT_INVALID: Explanation(
        "consent",
        ("GDPR Art. 4(11)", "GDPR Art. 7", "GDPR Art. 22(2)(c)"),
        _both(
            "Es gibt eine Erklärung, sie ist aber keine wirksame Einwilligung für diesen Zweck.",
            "There is a declaration, but it is no valid consent for this purpose.",
        ),
        _both(
            "Angekreuzte Voreinstellungen, Schweigen und Einträge ohne Nachweis zählen nicht; Profile und besondere"
            " Daten verlangen eine ausdrückliche Erklärung.",
            "Pre-ticked boxes, silence and entries without proof do not count; profiling and special data ask for an"
            " explicit declaration.",
        ),
        _NEW_CONSENT,
    ),
    ReasonCode.LI_NOT_INFORMED: Explanation(
        "lawful_basis",
        ("GDPR Art. 13(1)(d)", "GDPR Art. 14(2)(b)"),
        _both(
            "Die Person hat keinen Hinweis bekommen, der dieses berechtigte Interesse nennt.",
            "The person got no notice that names this legitimate interest.",
        ),
        _both(
            "Auf ein berechtigtes Interesse kann sich nur stützen, wer es der Person genannt hat (C-394/23).",
            "Only who has named a legitimate interest to the person can rely on it (C-394/23).",
        ),
        _both(
            "Stellen Sie den geltenden Datenschutzhinweis zu und tragen Sie die Zustellung ein.",
            "Deliver the privacy notice in force and record its delivery.",
        ),
    ),
    ReasonCode.PURPOSE_INCOMPATIBLE: Explanation(
        "purpose_limitation",
        ("GDPR Art. 5(1)(b)", "GDPR Art. 6(4)", "GDPR Art. 13(3)"),
        _both(
            "Die Angabe wurde für einen anderen Zweck erhoben, der nicht zu diesem passt.",
            "The value was collected for another purpose that does not fit this one.",
        ),
        _both(
            "Daten dienen einem anderen Zweck nur nach einer Prüfung, und nachdem die Personen davon erfahren haben; "
            "Berechnetes nur dann, wenn das für alles gilt, woraus es berechnet ist.",
            "Data serves another purpose only after an assessment, and after people have been told; what was worked out"
            " only if that holds for everything it was worked out from.",
        ),
        _CHANGE_POLICY,
    ),
    ReasonCode.CHANNEL_NOT_ALLOWED: Explanation(
        "channel",
        ("UWG § 7(1), (2)", "Directive 2002/58/EC Art. 13"),
        _both(
            "Auf diesem Weg darf die Person oder das Unternehmen hierfür nicht angesprochen werden.",
            "The person or company may not be contacted on this channel for this.",
        ),
        _both(
            "Werbung per E-Mail, SMS, Fax, Push oder Telefon braucht eine vorherige ausdrückliche Einwilligung für"
            " diesen Weg, auch gegenüber Unternehmen; nur am Telefon genügt dort ein begründet vermutetes"
            " Einverständnis.",
            "Advertising by e-mail, text message, fax, push or telephone needs prior express consent for that channel,"
            " from companies too; only on the telephone a presumed consent with reasons is enough for them.",
        ),
        _both(
            "Wählen Sie einen erlaubten Weg, oder holen Sie eine Einwilligung ein, die ihn nennt.",
            "Use a channel that is allowed, or obtain a consent that names it.",
        ),
    ),
    ReasonCode.ADDRESS_MISSING: Explanation(
        "address",
        ("GDPR Art. 5(1)(b)",),
        _both(
            "Für diesen Weg ist keine Adresse oder Nummer gespeichert, die für diesen Zweck verwendet werden darf.",
            "No address or number for this channel is on file that may be used for this purpose.",
        ),
        _both(
            "Geprüft ist nur, was hier gespeichert ist. Von einer Adresse aus anderer Quelle steht weder fest, wofür"
            " sie erhoben wurde, noch, ob sie stimmt.",
            "Only what is on file here was checked. Of an address from elsewhere it is known neither what it was"
            " collected for nor whether it is right.",
        ),
        _both(
            "Wählen Sie einen Weg, für den eine Adresse oder Nummer gespeichert ist, oder erheben Sie sie für diesen"
            " Zweck.",
            "Use a channel for which an address or number is on file, or collect one for this purpose.",
        ),
    ),
    ReasonCode.ART9_MISSING: Explanation(
        "special_category",
        ("GDPR Art. 9(1), (2)",),
        _both(
            "Die Angabe gehört zu den besonderen Kategorien (etwa Gesundheit), und keine der Bedingungen dafür ist"
            " erfüllt.",
            "The value belongs to the special categories (such as health), and none of the conditions for them is met.",
        ),
        _both(
            "Solche Daten sind besonders geschützt, auch wenn sie nur erschlossen und vielleicht falsch sind.",
            "Such data is specially protected, even if it is only inferred and perhaps wrong.",
        ),
        _both(
            "Nur eine ausdrückliche Einwilligung, die diese Daten nennt, oder eine andere Bedingung des Art. 9 Abs. 2"
            " in der Zweckfestlegung ändert das.",
            "Only an explicit consent that names this data, or another condition of Art. 9(2) in the policy document,"
            " changes this.",
        ),
    ),
    ReasonCode.MINOR: Explanation(
        "child",
        ("GDPR Art. 8(1)", "GDPR Recitals 38, 71"),
        _both(
            "Die Person ist für diesen Zweck zu jung, oder ihr Alter ist unbekannt, wo es bekannt sein muss.",
            "The person is too young for this purpose, or their age is unknown where it must be known.",
        ),
        _both(
            "Kinder sind besonders geschützt: keine Werbeprofile und keine rein automatischen Entscheidungen über sie.",
            "Children are specially protected: no advertising profiles and no decisions by machine alone about them.",
        ),
        _both(
            "Verzichten Sie auf die Nutzung. Die Sperre endet nach dem Monat, in dem das Alter erreicht ist, bei einer"
            " Einwilligung auch dann, wenn die Eltern ihr nachweislich zugestimmt haben.",
            "Refrain from the use. The bar ends after the month in which the age is reached; for a consent also where"
            " the parents demonstrably authorised it.",
        ),
    ),
    ReasonCode.MINIMISED: Explanation(
        "minimisation",
        ("GDPR Art. 5(1)(c)", "GDPR Art. 25(2)"),
        _both(
            "Diese Angabe ist für den Zweck nicht vorgesehen, oder sie ist älter als sein Rückblick.",
            "This value is not provided for the purpose, or is older than it looks back.",
        ),
        _both(
            "Jeder Zweck bekommt nur, was er braucht, und Werbung schaut nicht unbegrenzt zurück (C-446/21).",
            "Each purpose gets only what it needs, and advertising does not look back without limit (C-446/21).",
        ),
        _both("Fragen Sie nur nach Feldern des Zwecks.", "Ask only for fields of the purpose."),
    ),
    ReasonCode.UNKNOWN_FIELD: Explanation(
        "minimisation",
        ("GDPR Art. 5(1)(c)", "GDPR Art. 30(1)(c)"),
        _both("Ein solches Feld ist nicht festgelegt.", "There is no such field."),
        _both(
            "Es werden nur Angaben gespeichert und herausgegeben, die festgelegt sind.",
            "Only declared values are stored and let out.",
        ),
        _both("Prüfen Sie die Schreibweise des Feldes.", "Check the spelling of the field."),
    ),
    ReasonCode.RETENTION_OVER: Explanation(
        "lookback",
        ("GDPR Art. 5(1)(e)",),
        _both("Die Aufbewahrungsfrist der Angabe ist vorbei.", "The retention period of the value is over."),
        _both(
            "Nach ihrem letzten Tag wird eine Angabe nicht mehr verwendet, auch wenn ihre Löschung noch aussteht.",
            "After its last day a value is no longer used, even if its erasure is still to come.",
        ),
        _both(
            "Keine Abhilfe: Die Angabe wird gelöscht.",
            "No remedy: the value will be erased.",
        ),
    ),
    ReasonCode.SCORE_STALE: Explanation(
        "accuracy",
        ("GDPR Art. 5(1)(d)", "GDPR Art. 16"),
        _both(
            "Der Schätzwert ist überholt: Angaben, aus denen er entstand, wurden berichtigt oder gelöscht.",
            "The estimate is stale: values it was made of were corrected or erased.",
        ),
        _both(
            "Aus falschen Angaben wird keine richtige Schätzung; auf ihr darf nichts mehr beruhen.",
            "Wrong values make no right estimate; nothing may rest on it any more.",
        ),
        _both(
            "Lassen Sie das eingetragene Modell den Wert neu berechnen und schreiben Sie ihn.",
            "Have the registered model work the value out anew, and write it.",
        ),
    ),
    ReasonCode.ADM_BLOCKED: Explanation(
        "automated_decision",
        ("GDPR Art. 22(1)-(3)",),
        _both(
            "Eine so gewichtige Entscheidung darf eine Maschine nicht allein treffen.",
            "A decision of such weight may not be taken by a machine alone.",
        ),
        _both(
            "Menschen haben das Recht, dass über Wesentliches ein Mensch entscheidet, außer ein Vertrag, ein Gesetz"
            " oder ihre ausdrückliche Einwilligung lässt es zu.",
            "People have the right that a person decides on what matters, unless a contract, a law or their explicit"
            " consent allows otherwise.",
        ),
        _both(
            "Legen Sie den Fall einem Menschen vor, der anders entscheiden darf, und hören Sie die Person an.",
            "Put the case to somebody who may decide otherwise, and hear the person.",
        ),
    ),
    ReasonCode.RECIPIENT_NOT_ALLOWED: Explanation(
        "recipient",
        ("GDPR Art. 13(1)(e)", "GDPR Art. 26", "GDPR Art. 28(3)", "GDPR Art. 44"),
        _both(
            "Der Empfänger ist für diesen Zweck nicht vorgesehen, oder sein Vertrag oder seine Übermittlungsgrundlage"
            " fehlt oder ist abgelaufen.",
            "The recipient is not provided for this purpose, or their contract or transfer instrument is missing or has"
            " ended.",
        ),
        _both(
            "Daten gehen nur an benannte Empfänger, die vertraglich gebunden sind, und aus dem EWR hinaus nur mit"
            " Angemessenheitsbeschluss oder Garantien.",
            "Data goes only to named recipients who are bound by contract, and out of the EEA only with an adequacy"
            " decision or safeguards.",
        ),
        _both(
            "Schließen oder verlängern Sie den Vertrag und tragen Sie ihn in die Zweckfestlegung ein.",
            "Conclude or extend the contract and enter it in the policy document.",
        ),
    ),
    ReasonCode.QUOTA: Explanation(
        "budget",
        ("GDPR Art. 32(1), (2)", "GDPR Art. 25(2)"),
        _both(
            "Die Zahl der Personen, die dieses System heute für diesen Zweck ansehen darf, ist erreicht.",
            "The number of people this system may look at today for this purpose is reached.",
        ),
        _both(
            "Das begrenzt den Schaden, wenn Zugangsdaten in falsche Hände geraten.",
            "This limits the damage if credentials fall into the wrong hands.",
        ),
        _both(
            "Fragen Sie morgen weiter. Reicht die Zahl auf Dauer nicht, ändern Sie die Zweckfestlegung.",
            "Go on tomorrow. If the number is too small in the long run, change the policy document.",
        ),
    ),
    ReasonCode.NOT_PERMITTED: Explanation(
        "decision",
        ("GDPR Art. 5(1)(c)",),
        _both("Das ist für diese Person nicht erlaubt.", "This is not permitted for this person."),
        _both(
            "Der Grund ist selbst eine persönliche Angabe, die das anfragende System nicht braucht.",
            "The reason is itself personal data that the system that asks does not need.",
        ),
        _both(
            "Die Datenschutzbeauftragte sieht den Grund im Protokoll.",
            "The data protection officer sees the reason in the log.",
        ),
    ),
}


def rule_of(code: ReasonCode, cites: Iterable[str] = ()) -> str:
    """The rule that gives a code, named as its file; where two rules give it, what it cites tells them apart."""
    if code is ReasonCode.NO_BASIS and not set(soft_opt_in.CITES).isdisjoint(cites):
        return "soft_opt_in"
    return EXPLANATIONS[code].rule


def possible_codes(document: PolicyDocument, purpose: Purpose, field: str | None = None) -> tuple[ReasonCode, ...]:
    """The codes that can refuse this purpose, or one field of it, in the order of the checks."""
    bases = _bases(document, purpose, field)
    articles = {basis.article for basis in bases}
    rules: list[tuple[bool, Iterable[ReasonCode]]] = [
        (True, (ReasonCode.UNAUTHORISED, ReasonCode.FAIL_CLOSED, ReasonCode.NO_SUBJECT, ReasonCode.MINIMISED)),
        (True, (ReasonCode.UNKNOWN_FIELD, ReasonCode.RETENTION_OVER)),
        # A question names the channel, whatever channels the purpose has.
        (True, (ReasonCode.CHANNEL_NOT_ALLOWED,)),
        (purpose.state != "active", (ReasonCode.PURPOSE_INACTIVE,)),
        (purpose.profiling and not purpose.dpia, (ReasonCode.DPIA_MISSING,)),
        (purpose.case_reference == "required", (ReasonCode.CASE_REFERENCE_MISSING,)),
        (purpose.aggregates_only, (ReasonCode.AGGREGATES_ONLY,)),
        (not purpose.while_restricted, (ReasonCode.RESTRICTED,)),
        (purpose.direct_marketing, (ReasonCode.DM_OBJECTION,)),
        (not purpose.direct_marketing and purpose.objection != "not_applicable", (ReasonCode.OBJECTION,)),
        (bool(articles - {LegalBasis.CONSENT, LegalBasis.LEGAL_OBLIGATION}), (ReasonCode.NO_BASIS,)),
        (
            LegalBasis.CONSENT in articles,
            (
                ReasonCode.CONSENT_MISSING,
                ReasonCode.CONSENT_WITHDRAWN,
                ReasonCode.CONSENT_EXPIRED,
                ReasonCode.CONSENT_INVALID,
            ),
        ),
        (LegalBasis.LEGITIMATE_INTERESTS in articles, (ReasonCode.LI_NOT_INFORMED,)),
        (not purpose.from_any_purpose, (ReasonCode.PURPOSE_INCOMPATIBLE,)),
        (any(channel in address.KEPT for channel in purpose.channels), (ReasonCode.ADDRESS_MISSING,)),
        (_special(document, purpose, field), (ReasonCode.ART9_MISSING,)),
        (bool(least_age(purpose)), (ReasonCode.MINOR,)),
        (purpose.significant_decision, (ReasonCode.ADM_BLOCKED,)),
        (not purpose.from_any_purpose and _scored(document, purpose, field), (ReasonCode.SCORE_STALE,)),
        (bool(purpose.recipients), (ReasonCode.RECIPIENT_NOT_ALLOWED,)),
        (bool(_numbers(document, purpose)), (ReasonCode.QUOTA,)),
    ]
    found = {code for applies, codes in rules if applies for code in codes}
    return tuple(code for code in ReasonCode if code in found)


def _bases(document: PolicyDocument, purpose: Purpose, field: str | None) -> list[Basis]:
    if field is None:
        return list(purpose.basis.values())
    category: Category = document.fields[field].category
    return [purpose.basis[category]] if category in purpose.basis else []


def _special(document: PolicyDocument, purpose: Purpose, field: str | None) -> bool:
    names = sorted(purpose.allowed) if field is None else [field]
    return any(
        document.fields[one].special
        for name in names
        for one in (name, *document.made_of(name) & document.fields.keys())
    )


def _scored(document: PolicyDocument, purpose: Purpose, field: str | None) -> bool:
    names = purpose.allowed if field is None else {field}
    return any(document.fields[name].scored for name in names)


_BASES: Mapping[LegalBasis, Words] = {
    LegalBasis.CONSENT: _both("Einwilligung der Person", "consent of the person"),
    LegalBasis.CONTRACT: _both("Vertrag mit der Person", "contract with the person"),
    LegalBasis.LEGAL_OBLIGATION: _both("gesetzliche Pflicht", "legal obligation"),
    LegalBasis.VITAL_INTERESTS: _both("lebenswichtige Interessen", "vital interests"),
    LegalBasis.PUBLIC_TASK: _both("öffentliche Aufgabe", "public task"),
    LegalBasis.LEGITIMATE_INTERESTS: _both("berechtigtes Interesse", "legitimate interest"),
    LegalBasis.SOFT_OPT_IN: _both("Werbung an Bestandskunden", "advertising to existing customers"),
}
_CHANNELS: Mapping[Channel, Words] = {
    Channel.EMAIL: _both("E-Mail", "e-mail"),
    Channel.SMS: _both("SMS", "text message"),
    Channel.PHONE: _both("Telefon", "telephone"),
    Channel.POST: _both("Post", "post"),
    Channel.PUSH: _both("Push-Nachricht", "push message"),
    Channel.FAX: _both("Fax", "fax"),
    Channel.ANY: _both("alle Wege", "every channel"),
}


def in_words(document: PolicyDocument, purpose: Purpose, client: str | None = None) -> Words:
    """What a client may ask for under a purpose, as a paragraph in German and English; None = whatever client."""
    names = [part.title for name, part in document.fields.items() if name in purpose.allowed]
    bases = [_BASES[article] for article in dict.fromkeys(basis.article for basis in purpose.basis.values())]
    channels = [_CHANNELS[channel] for channel in purpose.channels]
    parts = [
        _listed("Lesbar", "Readable", names),
        _listed("Rechtsgrundlage", "Legal basis", bases),
        _listed("Kontakt", "Contact", channels),
        *_limits(purpose),
        *_people_a_day(document, purpose, client),
    ]
    return Words(de=" ".join(part.de for part in parts), en=" ".join(part.en for part in parts))


def _listed(de: str, en: str, words: list[Words]) -> Words:
    nothing = _both("nichts", "nothing")
    shown = words or [nothing]
    return _both(f"{de}: {', '.join(one.de for one in shown)}.", f"{en}: {', '.join(one.en for one in shown)}.")


def _limits(purpose: Purpose) -> list[Words]:
    found: list[Words] = []
    if age := least_age(purpose):
        found.append(_both(f"Nicht für Personen unter {age} Jahren.", f"Not for persons under {age}."))
    if purpose.aggregates_only:
        found.append(_both("Nur Auswertungen über viele Personen.", "Figures over many people only."))
    if purpose.case_reference == "required":
        found.append(_both("Jede Frage nennt ein Aktenzeichen.", "Each question quotes a case number."))
    if purpose.significant_decision:
        found.append(_both("Gewichtige Entscheidung: Art. 22 DSGVO.", "Decision of weight: Art. 22 GDPR."))
    return found


def _numbers(document: PolicyDocument, purpose: Purpose) -> dict[str, int]:
    """How many people a day each client may read for the purpose; whoever has no number is not in it."""
    name = next((name for name, one in document.purposes.items() if one is purpose), "")
    asking = [code for code, one in document.clients.items() if name in one.purposes]
    return {code: number for code in asking if (number := document.subjects_per_day(code, name)) is not None}


def _people_a_day(document: PolicyDocument, purpose: Purpose, client: str | None) -> list[Words]:
    """The number of one client, or that of each client that has one."""
    numbers = _numbers(document, purpose)
    if client is None:
        return [_at_most(number, document.clients[code].title) for code, number in numbers.items()]
    return [_at_most(numbers[client])] if client in numbers else []


def _at_most(number: int, client: Words | None = None) -> Words:
    de, en = (f" ({client.de})", f" ({client.en})") if client else ("", "")
    return _both(f"Höchstens {number} Personen am Tag{de}.", f"At most {number} people a day{en}.")
