"""What a history of declarations comes to, at any instant."""

from datetime import datetime

import pytest

from policies.consent_history import Declaration, fold
from policies.facts import Permission
from policies.vocabulary import NO_DECLARATION, VALID_CONSENT, Channel, ConsentState, PurposeId
from tests.unit.policies.people import NEWSLETTER, NOW, POSTAL, days

GIVEN, WITHDRAWN = ConsentState.GIVEN, ConsentState.WITHDRAWN
BY_MAIL, BY_SMS = (NEWSLETTER, Channel.EMAIL), (NEWSLETTER, Channel.SMS)


def said(
    state: ConsentState,
    at: datetime,
    channel: Channel = Channel.EMAIL,
    sequence: int = 1,
    purpose: PurposeId = NEWSLETTER,
) -> Declaration:
    return Declaration(purpose, channel, state, at, sequence)


def states(*declarations: Declaration, as_of: datetime | None = None) -> dict[tuple[str, Channel], ConsentState]:
    return {place: one.state for place, one in fold(declarations, as_of).items()}


def test_nothing_declared_is_no_state() -> None:
    assert fold([]) == {}


def test_a_state_carries_what_was_declared_with_it() -> None:
    more = {"explicit": True, "expires_at": NOW, "parental": True, "quoted": "a_text/1"}
    declared = Declaration(NEWSLETTER, Channel.SMS, GIVEN, days(9), 4, **more)  # type: ignore[arg-type]  # each of its own type
    expected = Permission(NEWSLETTER, Channel.SMS, GIVEN, days(9), **more)  # type: ignore[arg-type]  # likewise
    assert fold([declared]) == {BY_SMS: expected}
    plain = Permission(NEWSLETTER, Channel.EMAIL, GIVEN, days(9), explicit=False, expires_at=None, parental=False)
    assert fold([said(GIVEN, days(9))]) == {BY_MAIL: plain}


@pytest.mark.gdpr("7(3)")
def test_the_later_declaration_decides_in_whatever_order_they_arrive() -> None:
    older, newer = said(GIVEN, days(9)), said(WITHDRAWN, days(3))
    assert states(older, newer) == states(newer, older) == {BY_MAIL: WITHDRAWN}
    assert states(said(WITHDRAWN, days(9)), said(GIVEN, days(3))) == {BY_MAIL: GIVEN}


@pytest.mark.gdpr("7(3)")
@pytest.mark.parametrize("valid", sorted(VALID_CONSENT))
@pytest.mark.parametrize("ending", sorted(set(ConsentState) - VALID_CONSENT - NO_DECLARATION))
def test_of_one_instant_what_ends_a_consent_beats_what_gives_it(valid: ConsentState, ending: ConsentState) -> None:
    """R-7.3-5: whichever was entered first."""
    for first, second in [(1, 2), (2, 1)]:
        assert states(said(valid, NOW, sequence=first), said(ending, NOW, sequence=second)) == {BY_MAIL: ending}


def test_of_two_alike_at_one_instant_the_one_entered_last_stands() -> None:
    refused, ended = ConsentState.REFUSED, WITHDRAWN
    assert states(said(refused, NOW, sequence=10), said(ended, NOW, sequence=2)) == {BY_MAIL: refused}
    assert states(said(refused, NOW, sequence=2), said(ended, NOW, sequence=10)) == {BY_MAIL: ended}


@pytest.mark.gdpr("5(2)")
@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (days(10), {}),
        (days(9), {BY_MAIL: GIVEN}),
        (days(4), {BY_MAIL: GIVEN}),
        (days(3), {BY_MAIL: WITHDRAWN}),
        (days(1), {BY_MAIL: ConsentState.RENEWED}),
        (None, {BY_MAIL: ConsentState.RENEWED}),
    ],
)
def test_a_past_instant_is_answered_with_what_had_taken_effect(
    as_of: datetime | None, expected: dict[tuple[str, Channel], ConsentState]
) -> None:
    """R-5.2-1: to the very instant; what came later is passed over, not everything behind it."""
    history = said(ConsentState.RENEWED, days(1)), said(WITHDRAWN, days(3)), said(GIVEN, days(9))
    assert states(*history, as_of=as_of) == expected


@pytest.mark.gdpr("7(3)")
def test_a_declaration_that_names_no_channel_speaks_for_every_channel() -> None:
    by_post = (POSTAL, Channel.POST)
    history = [
        said(GIVEN, days(9)),
        said(GIVEN, days(8), Channel.SMS),
        said(GIVEN, days(7), Channel.POST, purpose=POSTAL),
    ]
    ended = said(WITHDRAWN, days(2), Channel.ANY)
    anywhere = (NEWSLETTER, Channel.ANY)
    assert states(*history, ended) == {BY_MAIL: WITHDRAWN, BY_SMS: WITHDRAWN, anywhere: WITHDRAWN, by_post: GIVEN}
    assert fold([*history, ended])[BY_SMS].channel is Channel.SMS
    again = said(GIVEN, days(1), Channel.ANY)
    named = {BY_MAIL: WITHDRAWN, BY_SMS: WITHDRAWN, by_post: GIVEN}
    assert states(*history, ended, again) == {**named, anywhere: GIVEN}, "nobody named e-mail or SMS since"
    for name in ("a_purpose", "z_purpose"):
        other = PurposeId(name)
        expected = {BY_MAIL: GIVEN, BY_SMS: GIVEN, by_post: GIVEN, (other, Channel.ANY): WITHDRAWN}
        assert states(*history, said(WITHDRAWN, days(2), Channel.ANY, purpose=other)) == expected


@pytest.mark.gdpr("7(3)")
@pytest.mark.parametrize("channel", [one for one in Channel if one not in {Channel.ANY, Channel.EMAIL}])
def test_a_later_declaration_for_one_channel_changes_that_channel_alone(channel: Channel) -> None:
    history = said(GIVEN, days(9), Channel.ANY), said(GIVEN, days(9)), said(WITHDRAWN, days(2), channel)
    assert states(*history) == {(NEWSLETTER, Channel.ANY): GIVEN, BY_MAIL: GIVEN, (NEWSLETTER, channel): WITHDRAWN}


@pytest.mark.parametrize("asked", sorted(NO_DECLARATION))
@pytest.mark.parametrize("declared", sorted(set(ConsentState) - NO_DECLARATION))
def test_being_asked_changes_nothing_that_was_declared(asked: ConsentState, declared: ConsentState) -> None:
    """R-7.1-3: nor does an import without proof; where nothing was declared it is what is known."""
    assert states(said(declared, days(9)), said(asked, days(2))) == {BY_MAIL: declared}
    assert states(said(asked, days(9)), said(declared, days(2))) == {BY_MAIL: declared}
    assert states(said(asked, days(2))) == {BY_MAIL: asked}
    later = ConsentState.REQUESTED if asked is not ConsentState.REQUESTED else ConsentState.UNKNOWN
    assert states(said(asked, days(9)), said(later, days(2))) == {BY_MAIL: later}


def test_being_asked_on_every_channel_speaks_where_nothing_was_declared() -> None:
    history = said(GIVEN, days(9)), said(ConsentState.UNKNOWN, days(8), Channel.SMS)
    asked = said(ConsentState.REQUESTED, days(2), Channel.ANY)
    requested = ConsentState.REQUESTED
    assert states(*history, asked) == {BY_MAIL: GIVEN, BY_SMS: requested, (NEWSLETTER, Channel.ANY): requested}


@pytest.mark.gdpr("7(2)")
@pytest.mark.parametrize("channel", [Channel.ANY, Channel.EMAIL])
@pytest.mark.parametrize("state", sorted(set(ConsentState) - NO_DECLARATION))
def test_an_act_that_binds_nobody_changes_nothing_that_was_declared(state: ConsentState, channel: Channel) -> None:
    """R-7.2-1: a box ticked beforehand gives no consent and ends none."""
    void = said(ConsentState.INVALIDATED, days(1), channel)
    assert states(said(state, days(2)), void)[BY_MAIL] == state
    assert states(said(GIVEN, NOW), void)[BY_MAIL] == GIVEN
    assert states(void) == {(NEWSLETTER, channel): ConsentState.INVALIDATED}


@pytest.mark.parametrize("state", sorted(VALID_CONSENT))
def test_a_consent_that_names_no_channel_names_none(state: ConsentState) -> None:
    """R-DE-UWG-1: whoever said no to calls is not called because of it."""
    by_phone = (NEWSLETTER, Channel.PHONE)
    for before in (WITHDRAWN, ConsentState.REFUSED, ConsentState.REQUESTED, GIVEN):
        found = fold([said(before, days(9), Channel.PHONE), said(state, days(1), Channel.ANY)])
        assert {place: (one.state, one.since) for place, one in found.items()} == {
            by_phone: (before, days(9)),
            (NEWSLETTER, Channel.ANY): (state, days(1)),
        }
