from datetime import timedelta

from trailhound.testing import ACCOUNT, NOON, ROOT, USER, Expected, RateCase, sign_in

WINDOW, PERIOD = 300, 3600  # seconds
MICROSECOND = 1e-6
OTHER = ACCOUNT[:-1] + "2"
BOB = f"{ACCOUNT}/bob"


def burst(number, *, first=0.0, every=10.0, mfa="Yes", by=USER, **fields):
    return [sign_in(after=first + every * i, mfa=mfa, by=by, **fields) for i in range(number)]


def named(name, account=ACCOUNT):
    return {**USER, "userName": name, "accountId": account}


def at(seconds):
    return NOON + timedelta(seconds=seconds)


UNNAMED = {key: value for key, value in USER.items() if key != "userName"}
NO_ACCOUNT = {key: value for key, value in USER.items() if key != "accountId"}
# Noon is the beginning of a period.
CASES = [
    RateCase("eleven, which is more than ten", burst(11), [Expected(BOB, at(100), 11, 11)]),
    RateCase("ten", burst(10)),
    RateCase("first and last exactly one window apart", burst(11, every=WINDOW / 10)),
    RateCase(
        "first and last one microsecond less apart",
        [*burst(10), *burst(1, first=WINDOW - MICROSECOND)],
        [Expected(BOB, at(WINDOW - MICROSECOND), 11, 11)],
    ),
    RateCase(
        "over the edge of a clock's five minutes",
        burst(11, first=WINDOW - 55),
        [Expected(BOB, at(WINDOW + 45), 11, 11)],
    ),
    RateCase("one leaves whenever another enters, for over an hour", burst(150, every=WINDOW / 10)),
    RateCase(
        "an hour and a half without a pause: once in each period",
        burst(270, every=20),
        [Expected(BOB, at(200), 180, 180), Expected(BOB, at(PERIOD), 14 + 90, 14 + 90)],
    ),
    RateCase(
        "over the edge of two periods, the threshold reached in the second",
        burst(11, first=-55),
        [Expected(BOB, at(45), 11, 11)],
    ),
    RateCase(
        "over the edge of two periods, the threshold reached in the first: both alert",
        burst(13, first=-105),
        [Expected(BOB, at(-5), 11, 11), Expected(BOB, at(5), 13, 13)],
    ),
    RateCase("every event twice", burst(11) * 2, [Expected(BOB, at(100), 11, 11)]),
    RateCase("one under, every event twice", burst(10) * 2),
    RateCase(
        "out of order",
        burst(11)[5:] + burst(11)[:5],
        [Expected(BOB, at(100), 11, 11)],
    ),
    RateCase(
        "two users in turn, one at the threshold",
        burst(11) + burst(10, first=5, by=named("carol")),
        [Expected(BOB, at(100), 11, 11)],
    ),
    RateCase("two users in turn, both under", burst(10) + burst(10, by=named("carol"))),
    RateCase(
        "two accounts with a user of that name, one at the threshold",
        burst(10) + burst(11, first=5, by=named("bob", OTHER)),
        [Expected(f"{OTHER}/bob", at(105), 11, 11)],
    ),
    RateCase("root", burst(11, by=ROOT), [Expected(f"{ACCOUNT}/<root>", at(100), 11, 11)]),
    RateCase(
        "one user from many addresses",
        [s for i in range(11) for s in burst(1, first=i, sourceIPAddress=f"203.0.113.{i}")],
        [Expected(BOB, at(10), 11, 11)],
    ),
    RateCase("no user name", burst(20, by=UNNAMED)),
    RateCase("an empty user name", burst(20, by=named(""))),
    RateCase("a masked user name", burst(20, by=named("HIDDEN_DUE_TO_SECURITY_REASONS"))),
    RateCase("nobody known", burst(20, by={})),
    RateCase("no account", burst(20, by=NO_ACCOUNT, recipientAccountId=None)),
    RateCase(
        "only the receiving account",
        burst(11, by=NO_ACCOUNT),
        [Expected(BOB, at(100), 11, 11)],
    ),
    RateCase(
        "more than a hundred: all are counted, a hundred listed",
        burst(120, every=1),
        [Expected(BOB, at(10), 120, 120)],
    ),
    RateCase(
        "events without an eventID count and are not listed",
        burst(6, every=20) + burst(6, first=10, every=20, event_id=None),
        [Expected(BOB, at(100), 12, 12, listed=6)],
    ),
    RateCase("one event without an eventID, eleven times", burst(1, event_id=None) * 11),
    RateCase("no MFA used", burst(10) + burst(10, first=5, mfa="No")),
    RateCase("MFA in other words", burst(20, mfa="yes") + burst(20, first=5, mfa="true")),
    RateCase("nothing said about MFA", burst(20, additionalEventData=None)),
    RateCase("sign-ins that worked", burst(10) + burst(10, first=5, answer="Success")),
    RateCase("another call", burst(20, eventName="CheckMfa")),
    RateCase("another service", burst(20, eventSource="sso.amazonaws.com")),
    RateCase(
        "three, where conf says more than two",
        burst(3, first=-5),
        [Expected(BOB, at(15), 3, 3)],
        options={"threshold": 3},
    ),
]
