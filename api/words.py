"""Says every code in plain German and English, for the people who read the pages.

Purposes, fields, clients and recipients have their titles in the policy document; every other code has its words
here. A code without words fails a test, so that nobody is answered with one (Art. 12(1)).

Legal: GDPR Art. 12(1); R-12.1-1.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from audit.event import EventTag, Outcome
from policies.vocabulary import (
    Category,
    Channel,
    ConsentMethod,
    ConsentState,
    EventKind,
    LegalBasis,
    ObjectionState,
    Operation,
    Origin,
    ParentalAct,
    ParentalVerification,
    ReasonCode,
    RelationshipKind,
    ReviewOutcome,
    ReviewState,
    SubjectKind,
    SubjectStatus,
    Touchpoint,
)
from registry.access_logs import ClosingGround
from registry.actors import Role
from registry.conflicts import ConflictKind
from registry.events import EventStatus
from registry.lookup import IdentifierKind
from registry.rights import RequestKind, RequestState
from registry.staff_names import Need, Opinion, Weighed
from registry.subjects import Status


class Language(StrEnum):
    """The languages of the product."""

    DE = "de"
    EN = "en"


class Both(NamedTuple):
    """One text in both languages."""

    de: str
    en: str

    def in_(self, language: Language) -> str:
        """The text in one of them."""
        return self.de if language is Language.DE else self.en


WORDS: Mapping[type[StrEnum], Mapping[Any, Both]] = {
    Language: {
        Language.DE: Both("Deutsch", "German"),
        Language.EN: Both("Englisch", "English"),
    },
    Category: {
        Category.MASTER: Both("Stammdaten", "Master data"),
        Category.SOCIODEMOGRAPHIC: Both("Lebensumstände", "Circumstances of life"),
        Category.TRANSACTIONAL: Both("Käufe und Rechnungen", "Purchases and invoices"),
        Category.BEHAVIOURAL: Both("Verhalten", "Behaviour"),
        Category.PSYCHOGRAPHIC: Both("Einstellungen und Werte", "Attitudes and values"),
        Category.SCORE: Both("Schätzwerte", "Estimates"),
        Category.EVIDENCE: Both("Nachweise", "Evidence"),
    },
    SubjectKind: {
        SubjectKind.PERSON: Both("Privatperson", "Private person"),
        SubjectKind.SOLE_TRADER: Both("Einzelunternehmen", "Sole trader"),
        SubjectKind.CONTACT_PERSON: Both("Ansprechperson", "Contact person"),
        SubjectKind.ORGANISATION: Both("Organisation", "Organisation"),
    },
    SubjectStatus: {
        SubjectStatus.ACTIVE: Both("aktiv", "active"),
        SubjectStatus.RETAINED: Both("gelöscht bis auf Aufbewahrungspflichten", "erased but for duties to keep"),
        SubjectStatus.ERASED: Both("gelöscht", "erased"),
    },
    Origin: {
        Origin.PROVIDED: Both("von Ihnen angegeben", "given by you"),
        Origin.OBSERVED: Both("bei uns entstanden", "arose with us"),
        Origin.DERIVED: Both("aus anderen Angaben berechnet", "worked out from other data"),
        Origin.INFERRED: Both("geschätzt", "estimated"),
        Origin.THIRD_PARTY: Both("von Dritten erhalten", "received from others"),
    },
    Touchpoint: {
        Touchpoint.ONLINE_SHOP: Both("Online-Shop", "Online shop"),
        Touchpoint.LOYALTY_CARD: Both("Kundenkarte", "Loyalty card"),
        Touchpoint.WEB_FORM: Both("Web-Formular", "Web form"),
        Touchpoint.PRIZE_DRAW: Both("Gewinnspiel", "Prize draw"),
        Touchpoint.NEWSLETTER_SIGNUP: Both("Newsletter-Anmeldung", "Newsletter sign-up"),
        Touchpoint.DOWNLOAD: Both("Download", "Download"),
        Touchpoint.HOTLINE: Both("Telefon-Hotline", "Telephone hotline"),
        Touchpoint.SALES_TALK: Both("Verkaufsgespräch", "Sales talk"),
        Touchpoint.TRADE_FAIR: Both("Messe", "Trade fair"),
        Touchpoint.STORE: Both("Filiale", "Store"),
        Touchpoint.PARTNER: Both("Partnerunternehmen", "Partner company"),
        Touchpoint.PORTAL: Both("Kundenportal", "Customer portal"),
    },
    EventKind: {
        EventKind.PURCHASE: Both("Kauf", "Purchase"),
        EventKind.VISIT: Both("Besuch", "Visit"),
        EventKind.CLICK: Both("Klick", "Click"),
        EventKind.RETURN: Both("Rücksendung", "Return"),
        EventKind.COMPLAINT: Both("Beschwerde", "Complaint"),
        EventKind.SURVEY_ANSWER: Both("Umfrageantwort", "Survey answer"),
        EventKind.CONTACT: Both("Kontakt", "Contact"),
        EventKind.INVOICE: Both("Rechnung", "Invoice"),
        EventKind.CONSENT_EVIDENCE: Both("Nachweis einer Einwilligung", "Proof of a consent"),
        EventKind.REQUEST_WISH: Both("Ihr Antrag", "Your request"),
        EventKind.REQUEST_ANSWER: Both("Unsere Antwort", "Our answer"),
    },
    RelationshipKind: {
        RelationshipKind.CONTRACT: Both("Vertrag", "Contract"),
        RelationshipKind.ACCOUNT: Both("Kundenkonto", "Customer account"),
        RelationshipKind.WARRANTY: Both("Gewährleistung", "Warranty"),
        RelationshipKind.CLAIM: Both("Reklamation", "Claim"),
    },
    LegalBasis: {
        LegalBasis.CONSENT: Both("Einwilligung (Art. 6 Abs. 1 a DSGVO)", "Consent (Art. 6(1)(a) GDPR)"),
        LegalBasis.CONTRACT: Both("Vertrag (Art. 6 Abs. 1 b DSGVO)", "Contract (Art. 6(1)(b) GDPR)"),
        LegalBasis.LEGAL_OBLIGATION: Both(
            "Rechtliche Pflicht (Art. 6 Abs. 1 c DSGVO)", "Legal obligation (Art. 6(1)(c) GDPR)"
        ),
        LegalBasis.VITAL_INTERESTS: Both(
            "Lebenswichtige Interessen (Art. 6 Abs. 1 d DSGVO)", "Vital interests (Art. 6(1)(d) GDPR)"
        ),
        LegalBasis.PUBLIC_TASK: Both("Öffentliche Aufgabe (Art. 6 Abs. 1 e DSGVO)", "Public task (Art. 6(1)(e) GDPR)"),
        LegalBasis.LEGITIMATE_INTERESTS: Both(
            "Berechtigtes Interesse (Art. 6 Abs. 1 f DSGVO)", "Legitimate interest (Art. 6(1)(f) GDPR)"
        ),
        LegalBasis.SOFT_OPT_IN: Both("Bestandskundenwerbung (§ 7 Abs. 3 UWG)", "Existing customers (§ 7(3) UWG)"),
    },
    Operation: {
        Operation.READ: Both("lesen", "read"),
        Operation.WRITE: Both("schreiben", "write"),
        Operation.CONTACT: Both("kontaktieren", "contact"),
        Operation.EXPORT: Both("ausgeben", "export"),
        Operation.AGGREGATE: Both("auswerten, ohne einzelne Personen", "evaluate, no single person"),
    },
    Channel: {
        Channel.EMAIL: Both("E-Mail", "E-mail"),
        Channel.SMS: Both("SMS", "SMS"),
        Channel.PHONE: Both("Telefon", "Telephone"),
        Channel.POST: Both("Post", "Post"),
        Channel.PUSH: Both("Push-Nachricht", "Push message"),
        Channel.FAX: Both("Fax", "Fax"),
        Channel.ANY: Both("alle Wege", "every channel"),
    },
    ConsentState: {
        ConsentState.UNKNOWN: Both("nicht nachgewiesen, gilt nicht", "not proven, not valid"),
        ConsentState.REQUESTED: Both("angefragt, noch nicht bestätigt", "asked for, not yet confirmed"),
        ConsentState.REFUSED: Both("abgelehnt", "refused"),
        ConsentState.DEFERRED: Both("angefragt, Antwort aufgeschoben", "asked for, answer put off"),
        ConsentState.GIVEN: Both("erteilt", "given"),
        ConsentState.RENEWED: Both("erneut erteilt", "given again"),
        ConsentState.WITHDRAWN: Both("widerrufen", "withdrawn"),
        ConsentState.REVOKED: Both("von uns beendet", "ended by us"),
        ConsentState.EXPIRED: Both("abgelaufen", "expired"),
        ConsentState.INVALIDATED: Both("ungültig", "invalid"),
    },
    ConsentMethod: {
        ConsentMethod.CHECKBOX_TICKED: Both("Kästchen angekreuzt", "box ticked"),
        ConsentMethod.BUTTON: Both("Schaltfläche gedrückt", "button pressed"),
        ConsentMethod.SIGNATURE: Both("unterschrieben", "signed"),
        ConsentMethod.SPOKEN_RECORDED: Both("gesprochen und aufgezeichnet", "spoken and recorded"),
        ConsentMethod.TYPED: Both("geschrieben", "typed"),
        ConsentMethod.DOI_CONFIRM: Both("per E-Mail bestätigt", "confirmed by e-mail"),
        ConsentMethod.PRETICKED: Both("Kästchen war vorangekreuzt", "box was pre-ticked"),
        ConsentMethod.SILENCE: Both("Schweigen", "silence"),
        ConsentMethod.INACTIVITY: Both("Untätigkeit", "inactivity"),
        ConsentMethod.TERMS_ACCEPTANCE: Both("Geschäftsbedingungen angenommen", "terms accepted"),
        ConsentMethod.STAFF_DECLARED: Both(
            "vom Personal eingetragen, ohne Nachweis", "entered by staff, without proof"
        ),
    },
    ObjectionState: {
        ObjectionState.OPEN: Both("wird geprüft, wirkt schon", "being weighed, already in force"),
        ObjectionState.UPHELD: Both("gilt", "in force"),
        ObjectionState.REJECTED: Both("zurückgewiesen", "rejected"),
    },
    ReasonCode: {
        ReasonCode.UNAUTHORISED: Both("Dieses System darf das nicht fragen", "This system may not ask that"),
        ReasonCode.UNKNOWN_PURPOSE: Both("Der Zweck ist nicht festgelegt", "The purpose is not declared"),
        ReasonCode.PURPOSE_INACTIVE: Both("Der Zweck ist nicht in Kraft", "The purpose is not in force"),
        ReasonCode.DPIA_MISSING: Both("Die Folgenabschätzung fehlt", "The impact assessment is missing"),
        ReasonCode.CASE_REFERENCE_MISSING: Both("Das Aktenzeichen fehlt", "The case number is missing"),
        ReasonCode.AGGREGATES_ONLY: Both(
            "Der Zweck erlaubt nur Auswertungen über viele Personen",
            "The purpose allows figures over many people only",
        ),
        ReasonCode.FAIL_CLOSED: Both("Eine nötige Angabe fehlte", "A fact that is needed was missing"),
        ReasonCode.NO_SUBJECT: Both("Zu dieser Person liegt nichts vor", "Nothing is held about this person"),
        ReasonCode.RESTRICTED: Both("Die Verarbeitung ist eingeschränkt", "Processing is restricted"),
        ReasonCode.DM_OBJECTION: Both("Der Werbung wurde widersprochen", "Advertising was objected to"),
        ReasonCode.OBJECTION: Both("Dem Zweck wurde widersprochen", "The purpose was objected to"),
        ReasonCode.NO_BASIS: Both("Es fehlt eine Rechtsgrundlage", "There is no legal basis"),
        ReasonCode.CONSENT_MISSING: Both("Es liegt keine Einwilligung vor", "There is no consent"),
        ReasonCode.CONSENT_WITHDRAWN: Both("Die Einwilligung ist widerrufen", "The consent is withdrawn"),
        ReasonCode.CONSENT_EXPIRED: Both("Die Einwilligung ist abgelaufen", "The consent has expired"),
        ReasonCode.CONSENT_INVALID: Both("Die Einwilligung ist ungültig", "The consent is invalid"),
        ReasonCode.LI_NOT_INFORMED: Both(
            "Über das berechtigte Interesse wurde nicht informiert",
            "The person was not told of the legitimate interest",
        ),
        ReasonCode.PURPOSE_INCOMPATIBLE: Both(
            "Für einen anderen Zweck erhoben, der nicht dazu passt", "Collected for another purpose that does not fit"
        ),
        ReasonCode.CHANNEL_NOT_ALLOWED: Both("Dieser Weg ist nicht erlaubt", "This channel is not allowed"),
        ReasonCode.ADDRESS_MISSING: Both(
            "Für diesen Weg ist keine Adresse gespeichert", "No address for this channel is on file"
        ),
        ReasonCode.ART9_MISSING: Both("Schutz besonderer Daten (Art. 9 DSGVO)", "Special categories (Art. 9 GDPR)"),
        ReasonCode.MINOR: Both("Die Person ist zu jung", "The person is too young"),
        ReasonCode.MINIMISED: Both("Für den Zweck nicht nötig", "Not needed for the purpose"),
        ReasonCode.UNKNOWN_FIELD: Both("Das Feld ist nicht festgelegt", "The field is not declared"),
        ReasonCode.RETENTION_OVER: Both("Die Aufbewahrungsfrist ist vorbei", "The retention period is over"),
        ReasonCode.SCORE_STALE: Both("Der Schätzwert ist überholt", "The estimate is stale"),
        ReasonCode.ADM_BLOCKED: Both("Keine rein automatische Entscheidung", "No decision by machine alone"),
        ReasonCode.RECIPIENT_NOT_ALLOWED: Both(
            "Der Empfänger ist nicht vorgesehen", "The recipient is not provided for"
        ),
        ReasonCode.QUOTA: Both(
            "Die Zahl der Personen für heute ist erreicht", "The number of people for today is reached"
        ),
        ReasonCode.NOT_PERMITTED: Both("Nicht erlaubt", "Not permitted"),
    },
    EventTag: {
        EventTag.DISCLOSE: Both("Daten abgerufen", "Data retrieved"),
        EventTag.DECIDE: Both("Erlaubnis geprüft, ohne Daten", "Permission checked, no data"),
        EventTag.LOOKUP: Both("Person gesucht", "Person looked up"),
        EventTag.SUBJECT_CREATE: Both("Person angelegt", "Person created"),
        EventTag.SUBJECT_UPDATE: Both("Daten aktualisiert", "Data updated"),
        EventTag.EVENT_ADD: Both("Ereignis hinzugefügt", "Event added"),
        EventTag.RELATIONSHIP_OPEN: Both("Vertrag oder Konto begonnen", "Contract or account opened"),
        EventTag.RELATIONSHIP_CLOSE: Both("Vertrag oder Konto beendet", "Contract or account closed"),
        EventTag.SCORE_WRITE: Both("Schätzwert gespeichert", "Estimate stored"),
        EventTag.IMPORT: Both("Daten übernommen", "Data imported"),
        EventTag.NOTICE_PUBLISH: Both("Hinweistext veröffentlicht", "Notice published"),
        EventTag.NOTICE_DELIVER: Both("Hinweise erhalten", "Notice delivered"),
        EventTag.CONSENT_GIVE: Both("Einwilligung erteilt", "Consent given"),
        EventTag.CONSENT_WITHDRAW: Both("Einwilligung widerrufen", "Consent withdrawn"),
        EventTag.CONSENT_CONFLICT: Both("Überholte Einwilligung abgewiesen", "Outdated consent refused"),
        EventTag.CONSENT_READ: Both("Einwilligungen gelesen", "Consents read"),
        EventTag.OBJECTION: Both("Widerspruch eingelegt", "Objection made"),
        EventTag.RESTRICT: Both("Verarbeitung eingeschränkt", "Processing restricted"),
        EventTag.RECTIFY: Both("Daten berichtigt", "Data corrected"),
        EventTag.ERASE: Both("Daten gelöscht", "Data erased"),
        EventTag.EXPORT: Both("Auskunft zusammengestellt", "Copy of all data made"),
        EventTag.REQUEST_RECEIVE: Both("Antrag eingegangen", "Request received"),
        EventTag.REQUEST_DECIDE: Both("Antrag entschieden", "Request decided"),
        EventTag.REQUEST_ANSWER: Both("Antrag beantwortet", "Request answered"),
        EventTag.REQUEST_LIST: Both("Anträge angesehen", "Requests looked at"),
        EventTag.REVIEW_BEGIN: Both("Prüfung begonnen", "Review begun"),
        EventTag.REVIEW_DECIDE: Both("Prüfung entschieden", "Review decided"),
        EventTag.LOGIN: Both("Angemeldet", "Logged in"),
        EventTag.LOGIN_FAILED: Both("Anmeldung gescheitert", "Login failed"),
        EventTag.CODE_SENT: Both("Einmalcode angefordert", "One-time code asked for"),
        EventTag.AUDIT_READ: Both("Zugriffsprotokoll gelesen", "Access log read"),
        EventTag.AUDIT_EXPORT: Both("Zugriffsprotokoll ausgegeben", "Access log exported"),
        EventTag.ACCESS_LOG_READ: Both("Eigene Zugriffsliste gelesen", "Own list of accesses read"),
        EventTag.ACCESS_LOG_CLOSE: Both(
            "Zugriffsliste nach Frist geschlossen", "List of accesses closed after its period"
        ),
        EventTag.NAME_ADVISE: Both("Stellungnahme zur Nennung eines Namens", "Opinion on naming somebody"),
        EventTag.NAME_RELEASE: Both("Name offengelegt", "Name released"),
        EventTag.ACCESS_LOG_RETAIN: Both("Abgelaufene Zugriffe entfernt", "Accesses past their period removed"),
        EventTag.LOG_REOPEN: Both("Protokoll nach Wiederherstellung eröffnet", "Log reopened after a restore"),
        EventTag.INTENT_QUARANTINE: Both("Unlesbarer Vermerk zurückgelegt", "Unreadable note set aside"),
        EventTag.CLIENT_CREATE: Both("System zugelassen", "System admitted"),
        EventTag.CLIENT_ROTATE: Both("Systemgeheimnis ersetzt", "System's secret replaced"),
        EventTag.CLIENT_REVOKE: Both("System ausgeschlossen", "System revoked"),
        EventTag.STAFF_CREATE: Both("Zugang für Personal angelegt", "Staff account created"),
        EventTag.STAFF_ROLE: Both("Rolle geändert", "Role changed"),
        EventTag.STAFF_DISABLE: Both("Zugang gesperrt", "Staff account disabled"),
        EventTag.STAFF_UNLOCK: Both("Zugang nach Fehlversuchen geöffnet", "Staff account unlocked"),
        EventTag.STAFF_PASSWORD: Both("Passwort geändert", "Password changed"),
        EventTag.SECOND_FACTOR: Both("Zweiter Faktor eingerichtet", "Second factor enrolled"),
        EventTag.SESSIONS_END: Both("Sitzungen beendet", "Sessions ended"),
        EventTag.LOGOUT: Both("Abgemeldet", "Logged out"),
        EventTag.LOCKOUT: Both("Nach Fehlversuchen geschlossen", "Closed after failed attempts"),
        EventTag.SIGNING_KEY_ENROL: Both("Signaturschlüssel eingetragen", "Signing key enrolled"),
        EventTag.SIGNING_KEY_RETIRE: Both("Signaturschlüssel außer Dienst", "Signing key retired"),
        EventTag.TOKEN_ISSUE: Both("System angemeldet", "System logged in"),
        EventTag.TOKEN_REFUSE: Both("Anmeldung eines Systems abgewiesen", "System refused"),
        EventTag.REQUEST_MALFORMED: Both("Fehlerhafte Anfrage abgewiesen", "Malformed call refused"),
        EventTag.POLICY_PROPOSE: Both("Regelwerk vorgeschlagen", "Policy proposed"),
        EventTag.POLICY_REVIEW: Both("Regelwerk rechtlich geprüft", "Policy reviewed by legal"),
        EventTag.POLICY_ADVISE: Both("Stellungnahme zum Regelwerk", "Opinion on the policy"),
        EventTag.POLICY_DECIDE: Both("Über Regelwerk entschieden", "Policy decided"),
        EventTag.POLICY_ACTIVATE: Both("Regelwerk in Kraft gesetzt", "Policy put in force"),
        EventTag.POLICY_FALL_BACK: Both("Defektes Regelwerk zurückgenommen", "Broken policy taken back"),
        EventTag.POLICY_COUNT: Both("Wirkung eines Regelwerks gezählt", "Effect of a policy counted"),
        EventTag.KEY_CREATE: Both("Schlüssel erzeugt", "Key created"),
        EventTag.START: Both("System gestartet", "System started"),
        EventTag.KEY_EPOCH_OPEN: Both("Schlüsselepoche begonnen", "Key epoch opened"),
        EventTag.KEY_EPOCH_CLOSE: Both("Schlüsselepoche geschlossen", "Key epoch closed"),
        EventTag.KEY_REWRAP: Both("Schlüssel neu verpackt", "Keys wrapped anew"),
        EventTag.KEY_SIGNING_ROTATE: Both("Signaturschlüssel gewechselt", "Signing key replaced"),
        EventTag.KEY_DATA_ROTATE: Both("Datenschlüssel gewechselt", "Data key replaced"),
        EventTag.KEY_INDEX_ROTATE: Both("Suchschlüssel gewechselt", "Look-up key replaced"),
        EventTag.KEY_SUPPRESSION_ROTATE: Both("Sperrschlüssel gewechselt", "Suppression key replaced"),
        EventTag.KEY_DESTROY: Both("Schlüssel vernichtet", "Keys destroyed"),
        EventTag.BACKUP: Both("Sicherung erstellt", "Backup made"),
        EventTag.RESTORE: Both("Sicherung zurückgespielt", "Backup restored"),
    },
    ClosingGround: {
        ClosingGround.COURT_ORDER: Both("Gerichtliche Anordnung", "Order of a court"),
        ClosingGround.AUTHORITY_ORDER: Both("Anordnung der Aufsichtsbehörde", "Order of the supervisory authority"),
        ClosingGround.UNLAWFULLY_KEPT: Both("Ohne Rechtsgrund gespeichert", "Kept without a legal basis"),
        ClosingGround.NO_LONGER_NEEDED: Both("Für den Zweck nicht mehr nötig", "No longer needed for its purpose"),
    },
    Opinion: {
        Opinion.FOR: Both("Datenschutzbeauftragte: Nennung befürwortet", "Data protection officer: for naming"),
        Opinion.AGAINST: Both("Datenschutzbeauftragte: gegen die Nennung", "Data protection officer: against naming"),
    },
    Need: {
        Need.ACCESS_IN_DOUBT: Both(
            "Begründete Zweifel, ob der Zugriff rechtmäßig war", "Reasoned doubt whether the access was lawful"
        ),
        Need.LEGAL_CLAIM: Both("Für einen Rechtsanspruch unerlässlich", "Indispensable for a legal claim"),
        Need.ORDERED: Both("Von Gericht oder Behörde angeordnet", "Ordered by a court or an authority"),
    },
    Weighed: {
        Weighed.HEARD_AGREED: Both("Angehört, ohne Einwände", "Heard, without objections"),
        Weighed.HEARD_OUTWEIGHED: Both("Angehört, Einwände wiegen weniger", "Heard, the objections weigh less"),
        Weighed.NOT_HEARD: Both(
            "Nicht angehört, es hätte den Zweck vereitelt", "Not heard, it would have defeated the purpose"
        ),
    },
    Outcome: {
        Outcome.PERMIT: Both("erlaubt", "allowed"),
        Outcome.DENY: Both("verweigert", "refused"),
        Outcome.DONE: Both("ausgeführt", "done"),
    },
    RequestKind: {
        RequestKind.ACCESS: Both("Auskunft", "Access"),
        RequestKind.RECTIFICATION: Both("Berichtigung", "Rectification"),
        RequestKind.ERASURE: Both("Löschung", "Erasure"),
        RequestKind.OBJECTION: Both("Widerspruch", "Objection"),
        RequestKind.HUMAN_REVIEW: Both("Prüfung durch einen Menschen", "Review by a human"),
    },
    RequestState: {
        RequestState.RECEIVED: Both("eingegangen", "received"),
        RequestState.FULFILLED: Both("erfüllt", "fulfilled"),
        RequestState.PARTLY_FULFILLED: Both("teilweise erfüllt", "partly fulfilled"),
        RequestState.REFUSED: Both("abgelehnt", "refused"),
    },
    ConflictKind: {
        ConflictKind.OLDER_VALUE: Both("Älterer Wert nicht übernommen", "Older value not taken"),
        ConflictKind.UNDATED_VALUE: Both(
            "Wert ohne Datum nicht über eine Berichtigung geschrieben", "Undated value not written over a correction"
        ),
        ConflictKind.CONSENT_OLDER_THAN_WITHDRAWAL: Both(
            "Einwilligung ist älter als der Widerruf", "Consent is older than the withdrawal"
        ),
        ConflictKind.CHANGED_EVENT: Both(
            "Ein gespeichertes Ereignis kam verändert wieder", "A stored event came back changed"
        ),
        ConflictKind.ERASED_IDENTIFIER: Both("Gelöschte Person kam wieder", "An erased person came back"),
    },
    ParentalAct: {
        ParentalAct.GAVE: Both("von den Eltern erteilt", "given by the parents"),
        ParentalAct.AUTHORISED: Both("mit Zustimmung der Eltern", "authorised by the parents"),
    },
    ParentalVerification: {
        ParentalVerification.EMAIL_CONFIRMED: Both("per E-Mail bestätigt", "confirmed by e-mail"),
        ParentalVerification.PARENT_ACCOUNT: Both("Konto der Eltern", "account of the parents"),
        ParentalVerification.PAYMENT: Both("Zahlung", "payment"),
        ParentalVerification.SIGNED_FORM: Both("unterschriebenes Formular", "signed form"),
        ParentalVerification.EID: Both("elektronischer Ausweis", "electronic identity"),
        ParentalVerification.IN_PERSON: Both("persönlich", "in person"),
    },
    ReviewState: {
        ReviewState.OPEN: Both("offen", "open"),
        ReviewState.DECIDED: Both("entschieden", "decided"),
        ReviewState.OUTDATED: Both("überholt", "outdated"),
    },
    ReviewOutcome: {
        ReviewOutcome.UPHELD: Both("Entscheidung bleibt", "decision stands"),
        ReviewOutcome.CHANGED: Both("Entscheidung geändert", "decision changed"),
    },
    EventStatus: {
        EventStatus.STORED: Both("gespeichert", "stored"),
        EventStatus.UNCHANGED: Both("war schon gespeichert", "was stored already"),
        EventStatus.CONFLICT: Both("abgewiesen, weil verändert", "refused, because changed"),
    },
    Role: {
        Role.DPO: Both("Datenschutzbeauftragte", "Data protection officer"),
        Role.CLERK: Both("Sachbearbeitung", "Clerk"),
        Role.LEGAL: Both("Rechtsprüfung", "Legal review"),
        Role.AUTHOR: Both("Verfasser", "Author"),
        Role.ADMIN: Both("Verwaltung der Zugänge", "Administrator"),
        Role.DECIDER: Both("Entscheidung", "Decider"),
    },
    IdentifierKind: {
        IdentifierKind.EXTERNAL_ID: Both("Kennung eines anderen Systems", "Identifier of another system"),
        IdentifierKind.EMAIL: Both("E-Mail-Adresse", "E-mail address"),
        IdentifierKind.PHONE: Both("Telefonnummer", "Telephone number"),
    },
    Status: {
        Status.CREATED: Both("angelegt", "created"),
        Status.UPDATED: Both("aktualisiert", "updated"),
        Status.BLOCKED: Both("abgewiesen, weil gelöscht", "refused because erased"),
    },
}


def say(kind: type[StrEnum], code: str, language: Language) -> str:
    """A code in words; a code of a newer release stands for itself."""
    words = WORDS[kind].get(code)
    return words.in_(language) if words else code
