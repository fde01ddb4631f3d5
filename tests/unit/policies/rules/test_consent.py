"""Consent: given, withdrawn, expired, invalid; per purpose and channel."""

import pytest

from policies.facts import Facts, Permission
from policies.standing import channels_asked
from policies.vocabulary import NO_DECLARATION, VALID_CONSENT, Channel, ConsentState, ReasonCode
from tests.unit.policies.people import (
    NEWSLETTER,
    NEWSLETTER_READ,
    NOW,
    ORDER_READ,
    RECOMMENDATION_READ,
    RECOMMENDATIONS,
    ask,
    customer,
    days,
    decide,
    permission,
    reasons,
    with_purpose,
)

SMS_TOO = with_purpose(NEWSLETTER, channels=(Channel.EMAIL, Channel.SMS))


def test_a_question_about_any_channel_is_about_all_of_the_purpose() -> None:
    purpose = SMS_TOO.purposes[NEWSLETTER]
    for asked, meant in [
        (None, purpose.channels),
        (Channel.ANY, purpose.channels),
        (Channel.SMS, (Channel.SMS,)),
        (Channel.FAX, (Channel.FAX,)),
    ]:
        assert channels_asked(ask("mailer", NEWSLETTER, "email", channel=asked), purpose) == meant
    quiet = SMS_TOO.purposes[RECOMMENDATIONS]
    assert channels_asked(RECOMMENDATION_READ, quiet) == (quiet.channels or (Channel.ANY,))


def subscriber(*permissions: Permission) -> Facts:
    return customer(permissions=permissions)


@pytest.mark.gdpr("6(1)(a)")
@pytest.mark.parametrize("state", sorted(VALID_CONSENT))
def test_a_given_or_renewed_consent_permits(state: ConsentState) -> None:
    assert not reasons(decide(NEWSLETTER_READ, subscriber(permission(state=state))))


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize(
    ("state", "code"),
    [
        (ConsentState.UNKNOWN, ReasonCode.CONSENT_MISSING),
        (ConsentState.REQUESTED, ReasonCode.CONSENT_MISSING),
        (ConsentState.DEFERRED, ReasonCode.CONSENT_MISSING),
        (ConsentState.REFUSED, ReasonCode.CONSENT_MISSING),
        (ConsentState.WITHDRAWN, ReasonCode.CONSENT_WITHDRAWN),
        (ConsentState.REVOKED, ReasonCode.CONSENT_WITHDRAWN),
        (ConsentState.EXPIRED, ReasonCode.CONSENT_EXPIRED),
        (ConsentState.INVALIDATED, ReasonCode.CONSENT_INVALID),
    ],
)
def test_every_other_state_refuses(state: ConsentState, code: ReasonCode) -> None:
    """REQUIREMENTS 2.3, R-7.1-3: an import without evidence is unknown, and unknown refuses."""
    assert reasons(decide(NEWSLETTER_READ, subscriber(permission(state=state)))) == [code]


def test_the_table_above_leaves_no_state_out() -> None:
    refusing = {
        state for state in ConsentState if reasons(decide(NEWSLETTER_READ, subscriber(permission(state=state))))
    }
    assert refusing == set(ConsentState) - VALID_CONSENT


@pytest.mark.gdpr("7(1)")
@pytest.mark.parametrize("permissions", [None, ()])
def test_no_declaration_or_an_unknown_one_is_no_consent(permissions: tuple[Permission, ...] | None) -> None:
    assert reasons(decide(NEWSLETTER_READ, customer(permissions=permissions))) == [ReasonCode.CONSENT_MISSING]


@pytest.mark.gdpr("7(3)")
def test_the_instant_of_withdrawal_already_refuses() -> None:
    """R-7.3-1: no grace period."""
    withdrawn = permission(state=ConsentState.WITHDRAWN, since=NOW)
    assert reasons(decide(NEWSLETTER_READ, subscriber(withdrawn))) == [ReasonCode.CONSENT_WITHDRAWN]


@pytest.mark.gdpr("7(3)")
def test_a_withdrawal_for_one_channel_ends_it_although_a_consent_for_every_channel_goes_on() -> None:
    """R-7.2-2, R-7.3-1: several channels in one declaration are withdrawn one by one."""
    facts = subscriber(
        permission(channel=Channel.ANY, since=days(10)),
        permission(channel=Channel.SMS, since=days(10)),
        permission(channel=Channel.EMAIL, since=days(2), state=ConsentState.WITHDRAWN),
    )
    by_mail = ask("mailer", NEWSLETTER, "email", channel=Channel.EMAIL)
    by_sms = ask("mailer", NEWSLETTER, "email", channel=Channel.SMS)
    ended = [ReasonCode.CONSENT_WITHDRAWN, ReasonCode.CHANNEL_NOT_ALLOWED]
    assert reasons(decide(by_mail, facts, SMS_TOO)) == ended
    assert not reasons(decide(by_sms, facts, SMS_TOO))
    assert not reasons(decide(NEWSLETTER_READ, facts, SMS_TOO))
    assert reasons(decide(NEWSLETTER_READ, facts)) == [ReasonCode.CONSENT_WITHDRAWN]


@pytest.mark.gdpr("7(3)")
def test_a_withdrawal_for_every_channel_ends_an_older_consent_for_one() -> None:
    facts = subscriber(
        permission(channel=Channel.EMAIL, since=days(10)),
        permission(channel=Channel.ANY, since=days(2), state=ConsentState.WITHDRAWN),
    )
    assert reasons(decide(NEWSLETTER_READ, facts)) == [ReasonCode.CONSENT_WITHDRAWN]


@pytest.mark.gdpr("7(3)")
def test_of_a_grant_and_a_withdrawal_of_the_same_instant_the_withdrawal_wins() -> None:
    """R-7.3-5."""
    facts = subscriber(
        permission(channel=Channel.EMAIL, since=days(2)),
        permission(channel=Channel.ANY, since=days(2), state=ConsentState.WITHDRAWN),
    )
    assert reasons(decide(NEWSLETTER_READ, facts)) == [ReasonCode.CONSENT_WITHDRAWN]


@pytest.mark.gdpr("7(3)")
def test_a_newer_grant_lives_after_an_older_withdrawal() -> None:
    facts = subscriber(
        permission(channel=Channel.EMAIL, since=days(2)),
        permission(channel=Channel.ANY, since=days(10), state=ConsentState.WITHDRAWN),
    )
    assert not reasons(decide(NEWSLETTER_READ, facts))


@pytest.mark.gdpr("7(3)")
def test_a_purpose_that_contacts_nobody_ends_with_a_withdrawal_for_any_channel() -> None:
    """Unclear means all: recommendations have no channel that a withdrawal could be limited to."""
    given = permission(RECOMMENDATIONS, channel=Channel.ANY, since=days(10), explicit=True)
    ended = permission(RECOMMENDATIONS, ConsentState.WITHDRAWN, days(2), Channel.EMAIL)
    assert not reasons(decide(RECOMMENDATION_READ, subscriber(given)))
    assert reasons(decide(RECOMMENDATION_READ, subscriber(given, ended))) == [ReasonCode.CONSENT_WITHDRAWN]


def test_a_grant_does_not_speak_before_its_time() -> None:
    """R-7.3-4: a clock that runs ahead gives nobody a head start."""
    ahead = permission(since=days(-0.001))
    assert reasons(decide(NEWSLETTER_READ, subscriber(ahead))) == [ReasonCode.CONSENT_MISSING]
    withdrawn = permission(state=ConsentState.WITHDRAWN, since=days(1), channel=Channel.ANY)
    assert reasons(decide(NEWSLETTER_READ, subscriber(ahead, withdrawn))) == [ReasonCode.CONSENT_WITHDRAWN]
    assert not reasons(decide(NEWSLETTER_READ, subscriber(permission(since=NOW))))


def test_a_withdrawal_speaks_even_ahead_of_its_time() -> None:
    facts = subscriber(permission(), permission(state=ConsentState.WITHDRAWN, since=days(-0.001), channel=Channel.ANY))
    assert reasons(decide(NEWSLETTER_READ, facts)) == [ReasonCode.CONSENT_WITHDRAWN]


@pytest.mark.parametrize(("left", "over"), [(0.0, True), (0.001, False), (-1.0, True)])
def test_a_consent_ends_at_its_own_end(left: float, over: bool) -> None:  # noqa: FBT001 - a column of the table
    expected = [ReasonCode.CONSENT_EXPIRED] if over else []
    assert reasons(decide(NEWSLETTER_READ, subscriber(permission(expires_at=days(-left))))) == expected


@pytest.mark.gdpr("22(2)(c)")
def test_profiling_needs_an_explicit_declaration() -> None:
    """R-22-2, R-9-3."""
    quiet = permission(RECOMMENDATIONS, channel=Channel.ANY, explicit=False)
    assert reasons(decide(RECOMMENDATION_READ, subscriber(quiet))) == [ReasonCode.CONSENT_INVALID]


@pytest.mark.parametrize(
    ("counting", "quoted", "expected"),
    [
        ((), "", []),
        ((), "newsletter_consent/1", []),
        (("newsletter_consent/1",), "newsletter_consent/1", []),
        (("newsletter_consent/2", "newsletter_consent/1"), "newsletter_consent/1", []),
        (("newsletter_consent/2",), "newsletter_consent/1", [ReasonCode.CONSENT_MISSING]),
        (("newsletter_consent/2",), "newsletter_consent/22", [ReasonCode.CONSENT_MISSING]),
        (("newsletter_consent/2",), "", [ReasonCode.CONSENT_MISSING]),
    ],
)
def test_a_declaration_on_a_text_that_said_less_is_none_for_more(
    counting: tuple[str, ...], quoted: str, expected: list[ReasonCode]
) -> None:
    """R-6.1-2: the purpose has grown wider since; nor does it name the channel that only the newer text speaks of."""
    document = with_purpose(NEWSLETTER, consent_texts=counting)
    assert reasons(decide(NEWSLETTER_READ, subscriber(permission(quoted=quoted)), document)) == expected
    ended = subscriber(permission(quoted=quoted, state=ConsentState.WITHDRAWN))
    assert reasons(decide(NEWSLETTER_READ, ended, document)) == [ReasonCode.CONSENT_WITHDRAWN]


def test_consent_for_another_purpose_carries_nothing() -> None:
    """R-7.2-2: one choice per purpose."""
    assert reasons(decide(NEWSLETTER_READ, subscriber(permission(RECOMMENDATIONS)))) == [ReasonCode.CONSENT_MISSING]


def test_consent_for_another_channel_carries_nothing() -> None:
    facts = subscriber(permission(channel=Channel.SMS))
    assert reasons(decide(NEWSLETTER_READ, facts)) == [ReasonCode.CONSENT_MISSING]


def test_a_marketing_withdrawal_changes_nothing_for_the_contract() -> None:
    """R-7.4-2: no detriment."""
    before = decide(ORDER_READ)
    after = decide(ORDER_READ, subscriber(permission(state=ConsentState.WITHDRAWN)))
    assert before == after
    assert not reasons(after)


@pytest.mark.parametrize("state", sorted(NO_DECLARATION))
@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.ANY])
def test_being_asked_again_changes_nothing_that_was_declared(state: ConsentState, channel: Channel) -> None:
    """REQUIREMENTS 2.3: a request is no declaration, nor is an import without proof."""
    asked = permission(state=state, since=days(1), channel=channel)
    given = permission(since=days(5), channel=Channel.ANY if channel is Channel.EMAIL else Channel.EMAIL)
    ended = permission(since=days(5), channel=Channel.ANY, state=ConsentState.WITHDRAWN)
    assert not reasons(decide(NEWSLETTER_READ, subscriber(given, asked)))
    assert reasons(decide(NEWSLETTER_READ, subscriber(ended, asked))) == [ReasonCode.CONSENT_WITHDRAWN]
