"""Bursts in which the root user's sign-in fails, at and around what the detections ask for.

Each function writes down what follows from its own times. A look-back (t - 360 s, t] leaves out an
event exactly one window earlier.
"""

from collections.abc import Callable

from trailhound.simulation.scene import MFA, ROOT, SPRAY, Scene, spaced


def root_bursts() -> list[Callable[[Scene], None]]:
    """Return the bursts; each needs its scene's hour and the hour before for itself."""
    return [
        at_threshold,
        over_the_hour,
        over_two_periods,
        repeated,
        flood,
        out_of_order,
        with_mfa,
        spray_over_accounts,
        just_under,
        exactly_one_window,
        few_but_repeated,
    ]


def at_threshold(scene: Scene) -> None:
    """Ten failures, the last just inside the window."""
    events = scene.root(spaced(300, 659, 10))
    scene.alert(ROOT, scene.account.id, events[9], events)


def over_the_hour(scene: Scene) -> None:
    """Ten failures around a full hour: enough only at the last, so one alert, in its period."""
    events = scene.root(spaced(-170, 165, 10))
    scene.alert(ROOT, scene.account.id, events[9], events)


def over_two_periods(scene: Scene) -> None:
    """Enough failures before a full hour, and again with the first one after it: two alerts."""
    before = scene.root(range(-400, -69, 30))
    after = scene.root(range(20, 221, 40))
    scene.alert(ROOT, scene.account.id, before[9], before)
    # The look-back of the first one after the hour begins at -340, where before[2] is left out.
    scene.alert(ROOT, scene.account.id, after[0], before[3:] + after)


def repeated(scene: Scene) -> None:
    """Ten failures, some of them delivered twice: still ten."""
    root = scene.account.root()
    events = [
        scene.refuse(second, root, again=number % 3 == 0)
        for number, second in enumerate(spaced(600, 900, 10))
    ]
    scene.alert(ROOT, scene.account.id, events[9], events)


def flood(scene: Scene) -> None:
    """More failures than an alert lists, for a quarter of an hour: one alert."""
    events = scene.root(range(300, 1350, 10))
    scene.alert(ROOT, scene.account.id, events[9], events)


def out_of_order(scene: Scene) -> None:
    """Failures that arrive in reverse."""
    seconds = spaced(600, 925, 14)
    root = scene.account.root()
    events = scene.scattered(seconds, [root] * 14, mfa=False, again=range(0))
    scene.alert(ROOT, scene.account.id, events[9], events)


def with_mfa(scene: Scene) -> None:
    """Eleven failures after a second factor was asked for: root is a user, too."""
    events = scene.root(spaced(400, 690, 11), mfa=True)
    scene.alert(ROOT, scene.account.id, events[9], events)
    scene.alert(MFA, f"{scene.account.id}/<root>", events[10], events)


def spray_over_accounts(scene: Scene) -> None:
    """The same 14 names in two accounts, and both root users: 30 users, some failing twice."""
    names = [f"admin{number:02d}" for number in range(14)]
    users = [account.refused(name) for account in (scene.account, scene.other) for name in names]
    events = [scene.refuse(300 + 15 * number, user) for number, user in enumerate(users)]
    events += [scene.refuse(310 + 30 * number, user) for number, user in enumerate(users[:5])]
    events.append(scene.refuse(750, scene.account.root()))
    events.append(scene.refuse(780, scene.other.root()))
    scene.alert(SPRAY, scene.address, events[-1], events)


def just_under(scene: Scene) -> None:
    """Nine failures: quiet."""
    scene.root(spaced(600, 900, 9))


def exactly_one_window(scene: Scene) -> None:
    """Ten failures, the first exactly one window before the last: quiet."""
    scene.root(spaced(600, 960, 10))


def few_but_repeated(scene: Scene) -> None:
    """Eight failures, all of them delivered twice: quiet."""
    for second in spaced(600, 900, 8):
        scene.refuse(second, scene.account.root(), again=True)
