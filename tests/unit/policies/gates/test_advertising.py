"""Advertising by channel and basis: what needs consent, what a sale opens, and who is named."""

from collections.abc import Iterable
from itertools import combinations

import pytest

from policies.documents import Basis, PolicyDocument
from policies.evaluate import evaluate
from policies.facts import AccessRequest
from policies.gates import advertising
from policies.vocabulary import (
    Category,
    Channel,
    ClientCode,
    FieldName,
    LegalBasis,
    Operation,
    PurposeId,
    ReasonCode,
    RelationshipKind,
    SubjectKind,
)
from tests.unit.policies.gate_cases import LETTERS
from tests.unit.policies.people import changed, customer, delivered, item, reasons
from tests.unit.policies.small_shop import edited, faults, findings, shop, with_purpose, with_recipient

CATEGORIES = list(Category)
CHANNELS = [channel for channel in Channel if channel is not Channel.ANY]
ROLES = ("authority", "controller", "joint", "processor")


def resting(articles: Iterable[LegalBasis]) -> dict[Category, Basis]:
    """A category for each of these bases."""
    return {category: Basis(article=article, why="x") for category, article in zip(CATEGORIES, articles, strict=False)}


def news(articles: Iterable[LegalBasis], **changes: object) -> PolicyDocument:
    """The shop's newsletter on these bases."""
    return with_purpose(shop(), "news", basis=resting(articles), **changes)


@pytest.mark.gdpr("21(2)", "21(3)")
@pytest.mark.parametrize(
    ("terms", "key"),
    [
        ({}, None),
        ({"dpv": "dpv:CustomerManagement", "fideslang": "functional.service"}, None),
        ({"dpv": "dpv:DirectMarketing"}, "dpv"),
        ({"dpv": "dpv:Marketing"}, "dpv"),
        ({"dpv": "https://w3id.org/dpv#PersonalisedAdvertising"}, "dpv"),
        ({"dpv": "dpv:TargetedAdvertising"}, "dpv"),
        ({"dpv": "dpv:SocialMediaMarketing"}, "dpv"),
        ({"fideslang": "marketing"}, "fideslang"),
        ({"fideslang": "Marketing.advertising.first_party"}, "fideslang"),
        ({"fideslang": "third_party_sharing.personalized_advertising"}, "fideslang"),
        ({"advertises_for": "third_party"}, "advertises_for"),
    ],
)
def test_what_its_terms_call_advertising_is_direct_marketing(terms: dict[str, str], key: str | None) -> None:
    """R-21.2-1: otherwise no objection against advertising would reach it."""
    found = faults(advertising.advertising_says_so, with_purpose(shop(), "orders", **terms))
    assert [fault.path for fault in found] == [("purposes", "orders", key)] * (key is not None)
    open_about_it = with_purpose(shop(), "orders", direct_marketing=True, **terms)
    assert faults(advertising.advertising_says_so, open_about_it) == []


@pytest.mark.gdpr("6(1)(a)")
@pytest.mark.parametrize("channel", CHANNELS)
def test_only_letters_advertise_without_consent(channel: Channel) -> None:
    """R-DE-UWG-1: a sale counts as one, within bounds of its own."""
    for articles in [*((one,) for one in LegalBasis), *combinations(LegalBasis, 2)]:
        found = faults(advertising.channels_have_consent, news(articles, channels=(channel, Channel.POST)))
        lawful = channel is Channel.POST or {LegalBasis.CONSENT, LegalBasis.SOFT_OPT_IN}.issuperset(articles)
        assert [fault.path for fault in found] == [("purposes", "news", "channels")] * (not lawful), articles
        assert all(f"advertising by {channel} needs" in fault.message for fault in found)
        informing = news(articles, channels=(channel,), direct_marketing=False)
        assert faults(advertising.channels_have_consent, informing) == []


INTEREST = Basis(
    article=LegalBasis.LEGITIMATE_INTERESTS, why="x", assessment="IA-1", rests_on=(RelationshipKind.CONTRACT,)
)


@pytest.mark.gdpr("6(1)(f)")
@pytest.mark.parametrize(
    ("beside", "presumed"),
    [
        ({}, True),
        ({"assessment": "IA-2"}, True),
        ({"article": LegalBasis.CONSENT, "assessment": None, "rests_on": ()}, True),
        ({"article": LegalBasis.CONTRACT}, False),
        ({"article": LegalBasis.SOFT_OPT_IN}, False),
        ({"assessment": None}, False),
        ({"assessment": " "}, False),
        ({"rests_on": ()}, False),
    ],
)
@pytest.mark.parametrize("channel", CHANNELS)
def test_calls_alone_may_rest_on_a_consent_that_is_presumed(
    channel: Channel, beside: dict[str, object], *, presumed: bool
) -> None:
    """R-DE-UWG-1: each interest is assessed, and names the relationship that lets the consent be presumed."""
    bases = {Category.MASTER: INTEREST, Category.SCORE: INTEREST.model_copy(update=beside)}
    found = faults(advertising.channels_have_consent, with_purpose(shop(), "letters", basis=bases, channels=(channel,)))
    lawful = channel is Channel.POST or (channel is Channel.PHONE and presumed)
    assert [fault.path for fault in found] == [("purposes", "letters", "channels")] * (not lawful)


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({}, []),
        ({"channels": (Channel.SMS, Channel.EMAIL)}, []),
        ({"direct_marketing": False}, [()]),
        ({"similar_goods": False}, [()]),
        ({"advertises_for": "third_party"}, [("advertises_for",)]),
        ({"channels": ()}, [("channels",)]),
        *(({"channels": (one,)}, [("channels",)]) for one in CHANNELS if one not in {Channel.SMS, Channel.EMAIL}),
        ({"channels": (Channel.EMAIL, Channel.PHONE)}, [("channels",)]),
    ],
)
def test_a_sale_opens_electronic_mail_about_own_similar_goods_alone(
    changes: dict[str, object], broken: list[tuple[str, ...]]
) -> None:
    """R-DE-UWG-4."""
    offers = {"direct_marketing": True, "similar_goods": True, "advertises_for": "own", "channels": (Channel.EMAIL,)}
    found = faults(advertising.soft_opt_in_is_narrow, news([LegalBasis.SOFT_OPT_IN], **offers | changes))
    assert [fault.path for fault in found] == [("purposes", "news", *at) for at in broken]
    assert faults(advertising.soft_opt_in_is_narrow, news([LegalBasis.CONSENT], **offers | changes)) == []


@pytest.mark.gdpr("6(1)(a)")
@pytest.mark.parametrize(
    "articles", [(one,) for one in LegalBasis] + [(LegalBasis.CONSENT, LegalBasis.CONTRACT)], ids="+".join
)
def test_who_advertises_for_others_has_consent_and_names_them(articles: tuple[LegalBasis, ...]) -> None:
    """R-DE-UWG-3: who only works for the controller is nobody advertised for."""
    for role in ROLES:
        document = with_recipient(news(articles, advertises_for="third_party"), "sender", role=role)
        lawful = role != "processor" and articles == (LegalBasis.CONSENT,)
        asked = LegalBasis.SOFT_OPT_IN not in articles  # the gate of the soft opt-in refuses it altogether
        found = faults(advertising.advertising_for_others_names_them, document)
        assert [fault.path for fault in found] == [("purposes", "news", "advertises_for")] * (asked and not lawful), (
            role
        )
    assert faults(advertising.advertising_for_others_names_them, news(articles, advertises_for="own")) == []


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize(
    ("period", "enough"),
    [("P1D", False), ("P1799D", False), ("P59M", False), ("P5Y", True), ("P60M", True), ("P61M", True), ("P9Y", True)],
)
def test_the_proof_of_consent_to_calls_is_kept_five_years_at_least(period: str, *, enough: bool) -> None:
    """R-DE-UWG-5."""
    document = shop(("period: P5Y", f"period: {period}"))
    calls = with_purpose(document, "news", channels=(Channel.EMAIL, Channel.PHONE))
    found = faults(advertising.calls_can_be_proven, calls)
    assert [fault.path for fault in found] == [("fields", "proof", "retention")] * (not enough)
    for other in ({"channels": (Channel.EMAIL,)}, {"channels": (Channel.PHONE,), "direct_marketing": False}):
        assert faults(advertising.calls_can_be_proven, with_purpose(document, "news", **other)) == []


@pytest.mark.gdpr("6(1)(f)")
@pytest.mark.parametrize("kind", [*SubjectKind, None])
def test_who_may_be_called_on_a_presumed_consent_is_a_business_party_with_a_contract(kind: SubjectKind | None) -> None:
    """R-DE-UWG-1: what passes the gate still leaves consumers alone, and whom nobody knows."""
    calls = (
        ("    channels: [post]\n", "    channels: [post, phone]\n"),
        (LETTERS, LETTERS.replace("}", ", rests_on: [contract], assessment: IA-1}")),
    )
    assert findings(edited(*calls)) == ()
    request = AccessRequest(
        ClientCode("till"), PurposeId("letters"), (FieldName("phone"),), Operation.CONTACT, Channel.PHONE
    )
    known = customer(
        kind=kind,
        permissions=(),
        items=(item("phone", "letters"),),
        notices=delivered("privacy", names=frozenset({"letters"})),
    )
    refused = [ReasonCode.CHANNEL_NOT_ALLOWED]
    business = kind in {SubjectKind.SOLE_TRADER, SubjectKind.CONTACT_PERSON, SubjectKind.ORGANISATION}
    assert reasons(evaluate(request, shop(*calls), known)) == ([] if business else refused)
    assert reasons(evaluate(request, shop(*calls), changed(known, relationships=()))) == refused
