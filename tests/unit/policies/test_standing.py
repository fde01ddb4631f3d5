"""Which declaration stands for a channel, and what it carries."""

from dataclasses import replace
from datetime import datetime
from itertools import product

import pytest

from policies.standing import carries, carrying, is_ended, is_given, is_over, meets, standing
from policies.vocabulary import NO_DECLARATION, ONLY_ASKED, VALID_CONSENT, Channel, ConsentState
from tests.unit.policies.people import (
    NEWSLETTER,
    NEWSLETTER_READ,
    NOW,
    TEXT,
    customer,
    days,
    permission,
    purpose_of,
    with_purpose,
)

PURPOSE = purpose_of(NEWSLETTER)


def test_what_was_said_of_a_channel_touches_it_alone_and_what_named_none_touches_all() -> None:
    """R-21.2-1, R-7.2-2."""
    for one, other in product(Channel, Channel):
        assert meets(one, other) is (one is other or one is Channel.ANY or other is Channel.ANY)


@pytest.mark.gdpr("7(3)")
@pytest.mark.parametrize("state", list(ConsentState))
def test_a_grant_speaks_for_what_it_names_and_an_ending_for_whatever_it_may_have_meant(state: ConsentState) -> None:
    """A consent for one channel is none for a purpose without channels; its end is."""
    for said_of, asked in product(Channel, Channel):
        one = permission(state=state, channel=said_of)
        speaks = said_of in {Channel.ANY, asked} or (state not in VALID_CONSENT and asked is Channel.ANY)
        assert standing([one], NEWSLETTER_READ, asked, NOW) == ((one,) if speaks else ())


@pytest.mark.parametrize("purpose", ["a_purpose", "z_purpose"])
def test_declarations_for_other_purposes_do_not_speak(purpose: str) -> None:
    """R-7.2-2."""
    assert standing([permission(purpose)], NEWSLETTER_READ, Channel.EMAIL, NOW) == ()


@pytest.mark.gdpr("7(3)")
def test_the_latest_declaration_stands_and_of_one_instant_each() -> None:
    given, renewed = permission(since=days(9)), permission(state=ConsentState.RENEWED, since=days(5))
    ended = permission(state=ConsentState.WITHDRAWN, since=days(5), channel=Channel.ANY)
    last = permission(since=days(1), channel=Channel.ANY)
    assert standing([given, renewed], NEWSLETTER_READ, Channel.EMAIL, NOW) == (renewed,)
    assert standing([renewed, given, ended], NEWSLETTER_READ, Channel.EMAIL, NOW) == (renewed, ended)
    assert standing([renewed, last, given, ended], NEWSLETTER_READ, Channel.EMAIL, NOW) == (last,)


@pytest.mark.parametrize("asked", sorted(NO_DECLARATION))
def test_being_asked_stands_only_where_nothing_was_declared(asked: ConsentState) -> None:
    """R-7.1-3."""
    request = permission(state=asked, since=days(1))
    older = permission(state=asked, since=days(30))
    given = permission(since=days(9))
    assert standing([given, request], NEWSLETTER_READ, Channel.EMAIL, NOW) == (given,)
    assert standing([older, request], NEWSLETTER_READ, Channel.EMAIL, NOW) == (request,)
    assert standing([request], NEWSLETTER_READ, Channel.EMAIL, NOW) == (request,)


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize("state", list(ConsentState))
def test_only_a_valid_declaration_carries(state: ConsentState) -> None:
    assert carries([permission(state=state)], NOW) is (state in VALID_CONSENT)


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({"explicit": False}, {"explicit": True}),
        ({"parental": False}, {"parental": True}),
        ({"since": days(5)}, {"after": days(5)}),
        ({"since": days(6)}, {"after": days(5)}),
        ({"expires_at": NOW}, {}),
        ({"expires_at": days(1)}, {}),
        ({"state": ConsentState.WITHDRAWN}, {}),
        ({"quoted": "a_text/2"}, {"texts": ("a_text/1", "a_text/3")}),
        ({"quoted": ""}, {"texts": ("a_text/1",)}),
    ],
)
def test_a_declaration_carries_as_asked_and_each_of_several_has_to(
    change: dict[str, object], asked: dict[str, object]
) -> None:
    """R-22-2, R-8-1, R-21.2-2, R-6.1-2."""
    full = replace(permission(since=days(4), explicit=True, expires_at=days(-1), quoted="a_text/1"), parental=True)
    short = replace(full, **change)  # type: ignore[arg-type]  # the columns above
    assert carries([full], NOW, **asked)  # type: ignore[arg-type]  # likewise
    for declared in ([short], [full, short], [short, full]):
        assert not carries(declared, NOW, **asked)  # type: ignore[arg-type]  # likewise
    if asked:
        assert carries([short], NOW)


def test_no_declaration_carries_nothing() -> None:
    assert not carries([], NOW)


def test_what_is_asked_of_a_declaration_is_named() -> None:
    """Explicit, parental, later than: by position one could be taken for the other."""
    assert carries([permission()], NOW, explicit=False)
    assert is_given(NEWSLETTER_READ, PURPOSE, customer(), explicit=False)
    with pytest.raises(TypeError):
        carries([permission()], NOW, True)  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError):
        is_given(NEWSLETTER_READ, PURPOSE, customer(), True)  # type: ignore[call-arg]  # likewise


@pytest.mark.parametrize(
    ("expires_at", "over"), [(None, False), (days(-0.001), False), (NOW, True), (days(0.001), True)]
)
def test_a_declaration_is_over_from_the_instant_of_its_own_end(
    expires_at: datetime | None,
    over: bool,  # noqa: FBT001 - a column
) -> None:
    assert is_over(permission(expires_at=expires_at), NOW) is over


@pytest.mark.gdpr("8(1)")
def test_a_consent_is_given_on_any_channel_asked_about_with_everything_asked_for_at_once() -> None:
    """An explicit one on one channel and a parental one on another make no explicit parental one."""
    two = PURPOSE.model_copy(update={"channels": (Channel.EMAIL, Channel.SMS)})
    explicit = permission(explicit=True)
    parental = replace(permission(channel=Channel.SMS), parental=True)
    facts = customer(permissions=(explicit, parental))
    assert is_given(NEWSLETTER_READ, two, facts)
    assert is_given(NEWSLETTER_READ, two, facts, explicit=True)
    assert is_given(NEWSLETTER_READ, two, facts, parental=True)
    assert not is_given(NEWSLETTER_READ, two, facts, explicit=True, parental=True)
    assert is_given(NEWSLETTER_READ, two, facts, after=days(101))
    assert not is_given(NEWSLETTER_READ, two, facts, after=days(100))
    assert not is_given(NEWSLETTER_READ, two, customer(permissions=None))


@pytest.mark.gdpr("7(3)")
@pytest.mark.parametrize("state", list(ConsentState))
@pytest.mark.parametrize(("expires_at", "over"), [(None, False), (days(-1), False), (NOW, True)])
def test_a_last_word_that_is_no_consent_any_more_ended_one(
    state: ConsentState,
    expires_at: datetime | None,
    over: bool,  # noqa: FBT001 - a column
) -> None:
    """R-6.1-3: a request ended nothing, even one that ran out."""
    facts = customer(permissions=(permission(state=state, expires_at=expires_at),))
    ended = state not in ONLY_ASKED and (over or state not in VALID_CONSENT)
    assert is_ended(NEWSLETTER_READ, Channel.EMAIL, facts) is ended


def test_what_nobody_knows_counts_as_ended_and_what_was_never_said_does_not() -> None:
    assert is_ended(NEWSLETTER_READ, Channel.EMAIL, customer(permissions=None))
    assert not is_ended(NEWSLETTER_READ, Channel.EMAIL, customer(permissions=()))


@pytest.mark.gdpr("7(2)")
def test_a_void_act_speaks_only_where_nothing_was_declared() -> None:
    """R-7.2-1, R-6.1-3: it takes no consent's place; where it was the only word, nothing else takes its place."""
    void = permission(state=ConsentState.INVALIDATED, since=days(1), channel=Channel.ANY)
    given = permission(since=days(9))
    assert standing([void, given], NEWSLETTER_READ, Channel.EMAIL, NOW) == (given,)
    assert standing([void], NEWSLETTER_READ, Channel.EMAIL, NOW) == (void,)
    assert is_ended(NEWSLETTER_READ, Channel.EMAIL, customer(permissions=(void,)))
    assert not is_ended(NEWSLETTER_READ, Channel.EMAIL, customer(permissions=(void, given)))
    asked = permission(state=ConsentState.REQUESTED, since=NOW)
    assert not is_ended(NEWSLETTER_READ, Channel.EMAIL, customer(permissions=(void, asked)))


@pytest.mark.gdpr("7(1)")
def test_a_consent_rests_on_what_stands_for_the_first_channel_that_has_one() -> None:
    two = with_purpose(NEWSLETTER, channels=(Channel.EMAIL, Channel.PHONE)).purposes[NEWSLETTER]
    by_mail, by_phone = permission(), permission(channel=Channel.PHONE, explicit=True)
    ended = permission(state=ConsentState.WITHDRAWN, since=days(1))
    for declared, explicit, expected in [
        ([by_phone, by_mail], False, (by_mail,)),
        ([by_phone, by_mail], True, (by_phone,)),
        ([by_phone, by_mail, ended], False, (by_phone,)),
        ([by_mail, ended], False, ()),
        ([], False, ()),
    ]:
        assert carrying(iter(declared), NEWSLETTER_READ, two, NOW, explicit=explicit) == expected
    grown = with_purpose(NEWSLETTER, consent_texts=(TEXT,)).purposes[NEWSLETTER]
    newer = permission(quoted=TEXT)
    assert carrying([by_mail], NEWSLETTER_READ, grown, NOW, explicit=False) == ()
    assert carrying([newer], NEWSLETTER_READ, grown, NOW, explicit=False) == (newer,)
