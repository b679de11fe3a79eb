from datetime import timedelta

from trailhound.testing import ACCOUNT, NOON, ROOT, USER, Expected, RateCase, sign_in

WINDOW, PERIOD = 360, 3600  # seconds
MICROSECOND = 1e-6
OTHER = ACCOUNT[:-1] + "2"


def burst(number, *, first=0.0, every=10.0, **fields):
    return [sign_in(after=first + every * i, **fields) for i in range(number)]


def root_of(account):
    return {"by": {**ROOT, "accountId": account}, "recipientAccountId": account}


def at(seconds):
    return NOON + timedelta(seconds=seconds)


NO_ACCOUNT = {"by": {"type": "Root"}, "recipientAccountId": None}
# Noon is the beginning of a period.
CASES = [
    RateCase("at the threshold", burst(10), [Expected(ACCOUNT, at(90), 10, 10)]),
    RateCase("one under", burst(9)),
    RateCase("first and last exactly one window apart", burst(10, every=WINDOW / 9)),
    RateCase(
        "first and last one microsecond less apart",
        [*burst(9), sign_in(after=WINDOW - MICROSECOND)],
        [Expected(ACCOUNT, at(WINDOW - MICROSECOND), 10, 10)],
    ),
    RateCase(
        "over the edge of a clock's six minutes",
        burst(10, first=WINDOW - 45),
        [Expected(ACCOUNT, at(WINDOW + 45), 10, 10)],
    ),
    RateCase("one leaves whenever another enters, for over an hour", burst(100, every=WINDOW / 9)),
    RateCase(
        "all at one instant",
        [sign_in(sourceIPAddress=f"203.0.113.{i}") for i in range(10)],
        [Expected(ACCOUNT, NOON, 10, 10)],
    ),
    RateCase(
        "two and a half hours without a pause: once in each period",
        burst(300, every=30),
        [
            Expected(ACCOUNT, at(270), 120, 120),
            Expected(ACCOUNT, at(PERIOD), 11 + 120, 11 + 120),
            Expected(ACCOUNT, at(2 * PERIOD), 11 + 60, 11 + 60),
        ],
    ),
    RateCase(
        "over the edge of two periods, the threshold reached in the second",
        burst(10, first=-45),
        [Expected(ACCOUNT, at(45), 10, 10)],
    ),
    RateCase(
        "over the edge of two periods, the threshold reached in the first: both alert",
        burst(15, first=-95),
        [Expected(ACCOUNT, at(-5), 10, 10), Expected(ACCOUNT, at(5), 15, 15)],
    ),
    RateCase(
        "the tenth at the very beginning of a period, which belongs to it",
        burst(10, first=-90),
        [Expected(ACCOUNT, NOON, 10, 10)],
    ),
    RateCase(
        "a burst, then one more in the next period, when the first ones are out of sight",
        [*burst(10, first=-300), sign_in(after=WINDOW)],
        [Expected(ACCOUNT, at(-210), 10, 10)],
    ),
    RateCase(
        "a second burst in the same period extends the alert",
        [*burst(10), *burst(10, first=1800)],
        [Expected(ACCOUNT, at(90), 20, 20)],
    ),
    RateCase(
        "every event twice or three times",
        burst(10) * 2 + burst(5),
        [Expected(ACCOUNT, at(90), 10, 10)],
    ),
    RateCase("one under, every event twice", burst(9) * 2),
    RateCase("out of order", burst(10)[::-1], [Expected(ACCOUNT, at(90), 10, 10)]),
    RateCase(
        "two accounts in turn, one at the threshold",
        burst(10) + burst(9, first=5, **root_of(OTHER)),
        [Expected(ACCOUNT, at(90), 10, 10)],
    ),
    RateCase(
        "two accounts in turn, both at the threshold",
        burst(10) + burst(10, first=5, **root_of(OTHER)),
        [Expected(ACCOUNT, at(90), 10, 10), Expected(OTHER, at(95), 10, 10)],
    ),
    RateCase("two accounts in turn, both under", burst(9) + burst(9, **root_of(OTHER))),
    RateCase("no account", burst(10, **NO_ACCOUNT)),
    RateCase(
        "only the receiving account",
        burst(10, by={"type": "Root"}),
        [Expected(ACCOUNT, at(90), 10, 10)],
    ),
    RateCase("one under, more without an account", burst(9) + burst(9, first=5, **NO_ACCOUNT)),
    RateCase(
        "more than a hundred: all are counted, a hundred listed",
        burst(150, every=1),
        [Expected(ACCOUNT, at(9), 150, 150)],
    ),
    RateCase(
        "events without an eventID count and are not listed",
        burst(6, every=20) + burst(5, first=10, every=20, event_id=None),
        [Expected(ACCOUNT, at(90), 11, 11, listed=6)],
    ),
    RateCase("one event without an eventID, ten times", [sign_in(event_id=None)] * 10),
    RateCase("an empty eventID is none", burst(10, every=0, event_id="")),
    RateCase("sign-ins that worked", burst(9) + burst(10, first=5, answer="Success")),
    RateCase("a user's sign-ins", burst(20, by=USER)),
    RateCase("another call", burst(20, eventName="CheckMfa")),
    RateCase("another service", burst(20, eventSource="sso.amazonaws.com")),
    RateCase("no answer", burst(20, responseElements=None)),
    RateCase(
        "three in one minute, where conf says so",
        burst(3, every=29.9),
        [Expected(ACCOUNT, at(59.8), 3, 3)],
        options={"threshold": 3, "window": "1 minute", "suppress_for": "1 minute"},
    ),
    RateCase(
        "three over a minute, where conf says so",
        burst(3, every=30),
        options={"threshold": 3, "window": "1 minute", "suppress_for": "1 minute"},
    ),
]
