"""Says what a page shows when something goes wrong: what happened, and what the visitor can do. Never what was sent.

Which error has which status is decided in `api.problems` for pages and machine API alike.

Legal: GDPR Art. 12(1), Art. 5(2).
"""

from api.words import Both

_SAID = {
    403: (
        Both("Das ist nicht erlaubt", "This is not allowed"),
        Both(
            "Ihre Rolle erlaubt das nicht, oder das Formular ist veraltet. Bitte laden Sie die Seite neu und versuchen"
            " Sie es noch einmal. Formulare nehmen wir nur über eine gesicherte Verbindung (https) an.",
            "Your role does not allow this, or the form is out of date. Please reload the page and try again. We take"
            " forms only over a secure connection (https).",
        ),
    ),
    404: (
        Both("Das gibt es hier nicht", "There is no such page"),
        Both(
            "Die Seite gibt es nicht, oder sie gehört nicht zu Ihnen.", "The page does not exist, or it is not yours."
        ),
    ),
    409: (
        Both("Das ist schon entschieden", "This is already decided"),
        Both(
            "Inzwischen hat sich der Stand geändert. Bitte laden Sie die Seite neu.",
            "Things have changed in the meantime. Please reload the page.",
        ),
    ),
    422: (
        Both("Die Angabe passt nicht", "The entry does not fit"),
        Both(
            "Eine Angabe fehlt oder hat nicht die richtige Form. Es wurde nichts geändert.",
            "Something is missing or does not have the right form. Nothing was changed.",
        ),
    ),
    500: (
        Both("Bei uns ist etwas schiefgegangen", "Something went wrong on our side"),
        Both("Wir sehen den Fehler und kümmern uns darum.", "We see the error and take care of it."),
    ),
    503: (
        Both("Gerade nicht möglich", "Not possible right now"),
        Both(
            "Jeder Zugriff wird aufgezeichnet, bevor Daten gezeigt werden. Das geht im Augenblick nicht, darum zeigen"
            " wir nichts. Bitte versuchen Sie es in einigen Minuten wieder.",
            "Every access is recorded before data is shown. That is not possible at the moment, so we show nothing."
            " Please try again in a few minutes.",
        ),
    ),
}
_OTHER = (
    Both("So geht es nicht", "This does not work"),
    Both("Diese Anfrage können wir nicht annehmen.", "We cannot take this request."),
)


def title_of(status: int) -> Both:
    """What happened, in a few words."""
    return _SAID.get(status, _OTHER)[0]


def text_of(status: int) -> Both:
    """What the visitor can do."""
    return _SAID.get(status, _OTHER)[1]
