"""Gates of advertising: it says that it is, which channel needs consent, when customers are written to without, proof.

Legal: GDPR Art. 21(2), (3); § 7(1)-(3), § 7a UWG; C-654/23; R-21.2-1, R-DE-UWG-1, R-DE-UWG-4, R-DE-UWG-5.
"""

import re
from collections.abc import Iterator

from policies.findings import Check, Fault, requires
from policies.gates.activation import Activation
from policies.periods import months
from policies.purposes import Purpose
from policies.vocabulary import Channel, EventKind, LegalBasis

# Words of advertising in terms of DPV (dpv:DirectMarketing, dpv:TargetedAdvertising) and uses of fideslang.
_ADVERTISING = re.compile(r"marketing|advertis", re.IGNORECASE)
_WITHOUT_CONSENT = frozenset({Channel.POST})
_ELECTRONIC_MAIL = frozenset({Channel.EMAIL, Channel.SMS})
CALL_PROOF_MONTHS = 60


@requires("R-21.2-1", "Art. 21(2), (3) GDPR")
def advertising_says_so(seen: Activation) -> Iterator[Fault]:
    """What its own terms call advertising is direct marketing, so that an objection ends it."""
    for name, purpose in seen.document.in_force():
        if purpose.direct_marketing:
            continue
        for key in ("dpv", "fideslang"):
            if _ADVERTISING.search(getattr(purpose, key) or ""):
                at = ("purposes", name, key)
                yield Fault(at, f"purpose {name}: by this term it advertises, so it says direct_marketing: yes")
        if purpose.advertises_for == "third_party":
            at = ("purposes", name, "advertises_for")
            yield Fault(at, f"purpose {name}: it advertises for others, so it says direct_marketing: yes")


@requires("R-DE-UWG-1", "§ 7(2) UWG")
def channels_have_consent(seen: Activation) -> Iterator[Fault]:
    """Advertising by telephone, e-mail, SMS, push or fax needs prior express consent.

    Business parties may be called on a presumed one: where every interest is assessed and names the relationship that
    lets it be presumed. `policies.rules.channel` asks for both, person by person, and leaves consumers alone.
    """
    for name, purpose in seen.document.in_force():
        lawful = {LegalBasis.CONSENT, LegalBasis.SOFT_OPT_IN}
        if purpose.direct_marketing and not purpose.articles <= lawful:
            open_to = _WITHOUT_CONSENT | ({Channel.PHONE} if _may_be_presumed(purpose) else set())
            for channel in purpose.channels:
                if channel not in open_to:
                    at = ("purposes", name, "channels")
                    yield Fault(at, f"purpose {name}: advertising by {channel} needs prior express consent")


def _may_be_presumed(purpose: Purpose) -> bool:
    bases = [basis for basis in purpose.basis.values() if basis.article is not LegalBasis.CONSENT]
    return all(
        basis.article is LegalBasis.LEGITIMATE_INTERESTS and basis.rests_on and (basis.assessment or "").strip()
        for basis in bases
    )


@requires("R-DE-UWG-4", "§ 7(3) no. 1-4 UWG, C-654/23")
def soft_opt_in_is_narrow(seen: Activation) -> Iterator[Fault]:
    """Without consent, customers are written to about own similar goods, by electronic mail, and for nobody else."""
    for name, purpose in seen.document.in_force():
        if LegalBasis.SOFT_OPT_IN not in purpose.articles:
            continue
        at = ("purposes", name)
        if not purpose.direct_marketing or not purpose.similar_goods:
            yield Fault(at, f"purpose {name}: it advertises similar goods only (direct_marketing, similar_goods)")
        if purpose.advertises_for != "own":
            yield Fault((*at, "advertises_for"), f"purpose {name}: it advertises for nobody else")
        if not purpose.channels or not _ELECTRONIC_MAIL.issuperset(purpose.channels):
            yield Fault((*at, "channels"), f"purpose {name}: it uses electronic mail alone")


@requires("R-DE-UWG-3", "§ 7(2) UWG, BGH VI ZR 721/15")
def advertising_for_others_names_them(seen: Activation) -> Iterator[Fault]:
    """Who advertises for others does so with consent, and names them."""
    for name, purpose in seen.document.in_force():
        if purpose.advertises_for == "third_party" and LegalBasis.SOFT_OPT_IN not in purpose.articles:
            others = [code for code in purpose.recipients if seen.document.recipients[code].role != "processor"]
            if not others or purpose.articles != {LegalBasis.CONSENT}:
                at = ("purposes", name, "advertises_for")
                yield Fault(at, f"purpose {name}: for others it advertises with consent, and names them as recipients")


@requires("R-DE-UWG-5", "§ 7a UWG")
def calls_can_be_proven(seen: Activation) -> Iterator[Fault]:
    """The proof of consent to calls is kept five years from the consent and from each use."""
    proofs = {
        name: seen.document.retention[field.retention].period
        for name, field in seen.document.fields.items()
        if field.event is EventKind.CONSENT_EVIDENCE
    }
    for name, purpose in seen.document.in_force():
        if purpose.direct_marketing and Channel.PHONE in purpose.channels:
            if not proofs:
                yield Fault(("purposes", name), f"purpose {name}: no field keeps the proof of consent to calls")
            for field, period in proofs.items():
                if months(period) < CALL_PROOF_MONTHS:
                    at = ("fields", field, "retention")
                    yield Fault(at, f"field {field}: purpose {name} calls people, so it is kept five years at least")


GATES: tuple[Check[Activation], ...] = (
    advertising_says_so,
    channels_have_consent,
    soft_opt_in_is_narrow,
    advertising_for_others_names_them,
    calls_can_be_proven,
)
