from datetime import timedelta

from trailhound.testing import ACCOUNT, NOON, ROOT, USER, Expected, RateCase, sign_in

WINDOW, PERIOD = 600, 3600  # seconds
MICROSECOND = 1e-6
OTHER = ACCOUNT[:-1] + "2"
ADDRESS = "203.0.113.7"  # that of the builders
NEIGHBOUR = {"sourceIPAddress": "203.0.113.8"}


def named(name, account=ACCOUNT):
    return {**USER, "userName": name, "accountId": account}


def one(name, after, account=ACCOUNT, **fields):
    return sign_in(after=after, by=named(name, account), **fields)


def spray(users, *, first=0.0, every=10.0, **fields):
    """Each of the users once; their names are numbers."""
    return [one(f"user-{n}", first + every * i, **fields) for i, n in enumerate(users)]


def at(seconds):
    return NOON + timedelta(seconds=seconds)


NO_ACCOUNT = {key: value for key, value in named("user-29").items() if key != "accountId"}
# Noon is the beginning of a period.
CASES = [
    RateCase("at the threshold", spray(range(30)), [Expected(ADDRESS, at(290), 30, 30)]),
    RateCase("one under", spray(range(29))),
    RateCase("one under, each user twice", spray(range(29)) + spray(range(29), first=290)),
    RateCase(
        "at the threshold, each user twice, all counted as events",
        spray(range(30)) + spray(range(30), first=300),
        [Expected(ADDRESS, at(290), 60, 30)],
    ),
    RateCase(
        "first and last exactly one window apart", [*spray(range(29)), one("user-29", WINDOW)]
    ),
    RateCase(
        "first and last one microsecond less apart",
        [*spray(range(29)), one("user-29", WINDOW - MICROSECOND)],
        [Expected(ADDRESS, at(WINDOW - MICROSECOND), 30, 30)],
    ),
    RateCase(
        "a user who would have left fails again in time",
        [*spray(range(29)), one("user-0", 590), one("user-29", 605)],
        [Expected(ADDRESS, at(605), 30, 30)],
    ),
    RateCase(
        "over the edge of a clock's ten minutes",
        spray(range(30), first=WINDOW - 145),
        [Expected(ADDRESS, at(WINDOW + 145), 30, 30)],
    ),
    RateCase(
        "one leaves whenever another enters, for over an hour", spray(range(200), every=WINDOW / 29)
    ),
    RateCase(
        "the same few users, for ever", [one(f"user-{i % 29}", 5 * i) for i in range(29 * 25)]
    ),
    RateCase(
        "an hour and a half without a pause: once in each period",
        spray(range(360), every=15),
        [Expected(ADDRESS, at(435), 240, 240), Expected(ADDRESS, at(PERIOD), 159, 159)],
    ),
    RateCase(
        "over the edge of two periods, the threshold reached in the second",
        spray(range(30), first=-145),
        [Expected(ADDRESS, at(145), 30, 30)],
    ),
    RateCase(
        "over the edge of two periods, the threshold reached in the first: both alert",
        spray(range(32), first=-295),
        [Expected(ADDRESS, at(-5), 30, 30), Expected(ADDRESS, at(5), 32, 32)],
    ),
    RateCase("every event twice", spray(range(30)) * 2, [Expected(ADDRESS, at(290), 30, 30)]),
    RateCase("out of order", spray(range(30))[::-1], [Expected(ADDRESS, at(290), 30, 30)]),
    RateCase(
        "two addresses in turn, one at the threshold",
        spray(range(30)) + spray(range(29), first=5, **NEIGHBOUR),
        [Expected(ADDRESS, at(290), 30, 30)],
    ),
    RateCase(
        "two addresses that share the users",
        spray(range(15)) + spray(range(15, 30), **NEIGHBOUR),
    ),
    RateCase(
        "one name in two accounts is two users",
        spray(range(15)) + spray(range(15), first=5, account=OTHER),
        [Expected(ADDRESS, at(145), 30, 30)],
    ),
    RateCase(
        "root is one user",
        [*spray(range(29)), sign_in(after=300, by=ROOT)],
        [Expected(ADDRESS, at(300), 30, 30)],
    ),
    RateCase("root many times", [sign_in(after=i, by=ROOT) for i in range(40)]),
    RateCase(
        "masked, empty and missing names are no users",
        [
            *spray(range(29)),
            one("HIDDEN_DUE_TO_SECURITY_REASONS", 100),
            one("", 101),
            sign_in(after=102, by={}),
            sign_in(after=103, by={"type": "IAMUser", "accountId": ACCOUNT}),
        ],
    ),
    RateCase(
        "without an account there is no user",
        [*spray(range(29)), sign_in(after=300, by=NO_ACCOUNT, recipientAccountId=None)],
    ),
    RateCase(
        "the receiving account, where the user has none",
        [*spray(range(29)), sign_in(after=300, by=NO_ACCOUNT)],
        [Expected(ADDRESS, at(300), 30, 30)],
    ),
    RateCase("no address", spray(range(40), sourceIPAddress=None)),
    RateCase("an empty address", spray(range(40), sourceIPAddress="")),
    RateCase(
        "more than a hundred: all are counted, a hundred listed",
        spray(range(130), every=1),
        [Expected(ADDRESS, at(29), 130, 130)],
    ),
    RateCase(
        "events without an eventID count and are not listed",
        spray(range(20)) + spray(range(20, 30), event_id=None),
        [Expected(ADDRESS, at(190), 30, 30, listed=20)],
    ),
    RateCase("sign-ins that worked", spray(range(29)) + spray(range(29, 60), answer="Success")),
    RateCase("another call", spray(range(40), eventName="CheckMfa")),
    RateCase("another service", spray(range(40), eventSource="sso.amazonaws.com")),
    RateCase(
        "two users within a minute, where conf says so",
        spray(range(2), first=-5),
        [Expected(ADDRESS, at(5), 2, 2)],
        options={"threshold": 2, "window": "1 minute", "suppress_for": "10 minutes"},
    ),
]
