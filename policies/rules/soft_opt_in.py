"""Who bought may be written to about similar goods without a consent, if four things hold together.

1. The company got the electronic address from the customer in connection with a sale: a relationship that the document
   names for it, a contract or an account (a free one can be a sale; a warranty or a claim alone is none).
2. It advertises its own similar goods or services.
3. The customer has not objected. Whoever withdrew a consent to any advertising of the company on this channel, as for
   its newsletter, does not want the address used for that: until they declare themselves in favour of it again.
4. The customer was told clearly, when the address was collected, that they may object at any time.

Three of four are not enough. Each use has to repeat the fourth; that is the sender's business, and the document's
notice says so. Only electronic mail is meant: e-mail and text messages.

Legal: § 7(3) UWG; Directive 2002/58/EC Art. 13(2), Recital 41; C-654/23; R-DE-UWG-4.
"""

from dataclasses import dataclass

from policies.decision import Reason
from policies.documents import Basis, PolicyDocument, Purpose
from policies.facts import AccessRequest, Address, Facts, Permission
from policies.standing import channels_asked, is_ended
from policies.vocabulary import (
    VALID_CONSENT,
    Channel,
    ConsentState,
    LegalBasis,
    Origin,
    ReasonCode,
    RelationshipKind,
    Touchpoint,
)

_SALE, _SIMILAR_GOODS, _OBJECTION, _NOTICE = CITES = (
    "UWG § 7(3) no. 1",
    "UWG § 7(3) no. 2",
    "UWG § 7(3) no. 3",
    "UWG § 7(3) no. 4",
)
_NOT_FROM_A_SALE = Reason(ReasonCode.NO_BASIS, (_SALE,))
_OTHER_GOODS = Reason(ReasonCode.NO_BASIS, (_SIMILAR_GOODS,))
_OBJECTED = Reason(ReasonCode.NO_BASIS, (_OBJECTION,))
_NOT_TOLD = Reason(ReasonCode.NO_BASIS, (_NOTICE,))
ELECTRONIC_MAIL = {Channel.EMAIL: "pd:EmailAddress", Channel.SMS: "pd:TelephoneNumber"}
SALES = frozenset({Touchpoint.ONLINE_SHOP, Touchpoint.STORE, Touchpoint.HOTLINE, Touchpoint.SALES_TALK})
SALE_RELATIONSHIPS = frozenset({RelationshipKind.CONTRACT, RelationshipKind.ACCOUNT})
WITHDRAWN = frozenset({ConsentState.WITHDRAWN, ConsentState.REVOKED})


@dataclass(frozen=True, slots=True)
class Terms:
    """What a document says about sales and what follows them.

    Its fields for each channel's address, the purposes of contracts, and those that advertise for the company itself on
    each channel.
    """

    addresses: dict[Channel, frozenset[str]]
    of_sales: frozenset[str]
    advertising: dict[Channel, frozenset[str]]


def terms_of(document: PolicyDocument) -> Terms:
    """The terms of one document."""
    return Terms(
        {
            channel: frozenset(name for name, field in document.fields.items() if field.dpv == term)
            for channel, term in ELECTRONIC_MAIL.items()
        },
        frozenset(
            name
            for name, purpose in document.purposes.items()
            if any(basis.article is LegalBasis.CONTRACT for basis in purpose.basis.values())
        ),
        {
            channel: frozenset(
                name
                for name, purpose in document.purposes.items()
                if purpose.direct_marketing and purpose.advertises_for == "own" and channel in purpose.channels
            )
            for channel in ELECTRONIC_MAIL
        },
    )


def sales(basis: Basis) -> frozenset[RelationshipKind]:
    """The relationships that count as a sale for this basis: those the document names, where they can be one."""
    return SALE_RELATIONSHIPS.intersection(basis.rests_on)


def check_basis(
    request: AccessRequest, purpose: Purpose, basis: Basis, facts: Facts, terms: Terms
) -> tuple[Reason, ...]:
    """Reasons why the soft opt-in does not carry; () at once where the basis is another one.

    A question without a channel is carried by any one channel of electronic mail on which all four hold.
    """
    if basis.article is not LegalBasis.SOFT_OPT_IN:
        return ()
    against: list[Reason] = []
    for channel in channels_asked(request, purpose):
        reasons = _against(channel, request, purpose, basis, facts, terms)
        if not reasons:
            return ()
        against.extend(reasons)
    return tuple(dict.fromkeys(against))


def _against(
    channel: Channel, request: AccessRequest, purpose: Purpose, basis: Basis, facts: Facts, terms: Terms
) -> tuple[Reason, ...]:
    sold = [
        one for one in facts.addresses or () if one.field in terms.addresses.get(channel, ()) and _is_sale(one, terms)
    ]
    against: list[Reason] = []
    if not sold or not _has_bought(basis, facts):
        against.append(_NOT_FROM_A_SALE)
    if not purpose.similar_goods or purpose.advertises_for != "own":
        against.append(_OTHER_GOODS)
    if _has_objected(channel, request, facts, terms):
        against.append(_OBJECTED)
    if not sold or not all(_told_at(one, request, purpose, facts) for one in sold):
        against.append(_NOT_TOLD)
    return tuple(against)


def _is_sale(address: Address, terms: Terms) -> bool:
    return address.origin is Origin.PROVIDED and address.touchpoint in SALES and address.collected_for in terms.of_sales


def _has_bought(basis: Basis, facts: Facts) -> bool:
    """A sale that is over is still one."""
    return any(one.kind in sales(basis) and one.opened_at <= facts.as_of for one in facts.relationships or ())


def _has_objected(channel: Channel, request: AccessRequest, facts: Facts, terms: Terms) -> bool:
    """Whoever consents later has a consent, not a soft opt-in: no later declaration takes an objection back here."""
    if facts.objections is None or is_ended(request, channel, facts) or _has_withdrawn(channel, facts, terms):
        return True
    return any(
        one.purpose in {None, request.purpose} and one.channel in {Channel.ANY, channel} for one in facts.objections
    )


def _has_withdrawn(channel: Channel, facts: Facts, terms: Terms) -> bool:
    """Whether a consent to advertising on this channel was withdrawn, and nothing was declared in its favour since."""
    about = [
        one
        for one in facts.permissions or ()
        if one.channel in {Channel.ANY, channel} and one.purpose in terms.advertising.get(channel, ())
    ]
    return any(
        one.state in WITHDRAWN and not any(_favours_since(later, one, facts) for later in about) for one in about
    )


def _favours_since(later: Permission, withdrawal: Permission, facts: Facts) -> bool:
    return (
        later.purpose == withdrawal.purpose
        and later.state in VALID_CONSENT
        and withdrawal.since < later.since <= facts.as_of
    )


def _told_at(address: Address, request: AccessRequest, purpose: Purpose, facts: Facts) -> bool:
    """A notice that came after the address was collected came too late."""
    return facts.was_told(request.purpose, purpose.notice, min(address.collected_at, facts.as_of))
