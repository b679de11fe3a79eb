"""Bursts in which users' sign-ins fail, at and around what the detections ask for.

Each function writes down what follows from its own times. The windows are 300 s with MFA and 600 s
for a spray; a look-back (t - window, t] leaves out an event exactly one window earlier.
"""

from collections.abc import Callable

from trailhound.simulation.scene import MASKED, MFA, SPRAY, Scene, spaced


def user_bursts() -> list[Callable[[Scene], None]]:
    """Return the bursts; each has users, or an address, that no other one has."""
    return [
        mfa_at_threshold,
        mfa_over_the_hour,
        mfa_over_two_periods,
        mfa_out_of_order,
        mfa_just_under,
        mfa_exactly_one_window,
        mfa_not_asked_for,
        mfa_of_nobody,
        mfa_of_two,
        spray_at_threshold,
        spray_over_the_hour,
        spray_over_two_periods,
        spray_out_of_order,
        spray_just_under,
        spray_exactly_one_window,
        spray_of_nobody,
    ]


def mfa_at_threshold(scene: Scene) -> None:
    """Eleven failures, the last just inside the window."""
    events = scene.user(spaced(300, 599, 11), "gina.rossi")
    scene.alert(MFA, f"{scene.account.id}/gina.rossi", events[10], events)


def mfa_over_the_hour(scene: Scene) -> None:
    """Eleven failures around a full hour: enough only at the last, so one alert."""
    events = scene.user(spaced(-140, 145, 11), "hugo.lang")
    scene.alert(MFA, f"{scene.account.id}/hugo.lang", events[10], events)


def mfa_over_two_periods(scene: Scene) -> None:
    """Enough failures before a full hour, and again with the first one after it: two alerts."""
    before = scene.user(range(-280, -39, 20), "ines.castro")
    after = scene.user(range(10, 191, 60), "ines.castro")
    scene.alert(MFA, f"{scene.account.id}/ines.castro", before[10], before)
    scene.alert(MFA, f"{scene.account.id}/ines.castro", after[0], before + after)


def mfa_out_of_order(scene: Scene) -> None:
    """Failures that arrive in reverse, some of them twice."""
    user = scene.account.refused("jonas.weber")
    seconds = spaced(900, 1130, 12)
    events = scene.scattered(seconds, [user] * 12, mfa=True, again=range(0, 12, 4))
    scene.alert(MFA, f"{scene.account.id}/jonas.weber", events[10], events)


def mfa_just_under(scene: Scene) -> None:
    """Ten failures: quiet, for it takes more than ten."""
    scene.user(spaced(300, 560, 10), "kira.olsen")


def mfa_exactly_one_window(scene: Scene) -> None:
    """Eleven failures, the first exactly one window before the last: quiet."""
    scene.user(spaced(300, 600, 11), "lena.fuchs")


def mfa_not_asked_for(scene: Scene) -> None:
    """Fifteen wrong passwords without MFA: quiet."""
    scene.user(spaced(300, 500, 15), "marco.bianchi", mfa=False)


def mfa_of_nobody(scene: Scene) -> None:
    """Fifteen failures under names that do not exist: AWS masks them, so it is no user's."""
    scene.user(spaced(300, 500, 15), MASKED)


def mfa_of_two(scene: Scene) -> None:
    """Two users with six failures each: quiet."""
    scene.user(spaced(300, 500, 6), "nora.lind")
    scene.user(spaced(310, 510, 6), "omar.haddad")


def spray_at_threshold(scene: Scene) -> None:
    """Thirty users, the last just inside the window; masked names between them do not count."""
    events = scene.users(spaced(300, 899, 30))
    scene.user([333, 555, 777], MASKED, mfa=False)
    scene.alert(SPRAY, scene.address, events[29], events)


def spray_over_the_hour(scene: Scene) -> None:
    """Thirty users around a full hour: enough only at the last, so one alert."""
    events = scene.users(spaced(-290, 295, 30))
    scene.alert(SPRAY, scene.address, events[29], events)


def spray_over_two_periods(scene: Scene) -> None:
    """Enough users before a full hour, then old and new ones after it: two alerts."""
    before = scene.users(range(-330, -19, 10))
    after = scene.users(range(15, 256, 60), first=30)
    scene.alert(SPRAY, scene.address, before[29], before)
    scene.alert(SPRAY, scene.address, after[0], before + after)


def spray_out_of_order(scene: Scene) -> None:
    """Thirty-three users whose failures arrive in reverse, some of them twice."""
    users = [scene.account.refused(f"user{number:03d}") for number in range(33)]
    events = scene.scattered(spaced(600, 1080, 33), users, mfa=False, again=range(0, 33, 7))
    scene.alert(SPRAY, scene.address, events[29], events)


def spray_just_under(scene: Scene) -> None:
    """Twenty-nine users who fail twice each: quiet."""
    scene.users(spaced(300, 800, 29))
    scene.users(spaced(305, 805, 29))


def spray_exactly_one_window(scene: Scene) -> None:
    """Thirty users, the first exactly one window before the last: quiet."""
    scene.users(spaced(600, 1200, 30))


def spray_of_nobody(scene: Scene) -> None:
    """Twenty-five users and twenty masked names: quiet."""
    scene.users(spaced(300, 800, 25))
    scene.user(spaced(303, 803, 20), MASKED, mfa=False)
