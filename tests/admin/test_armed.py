"""What makes a namespace behave otherwise than after its start."""

from __future__ import annotations

from mockserver.admin import controls, stories
from mockserver.model.fault_kind import ResponsesFault, StatusFault
from mockserver.model.results import ClockCommand
from tests.factories import emulator, fault, send, story, target


def test_nothing_is_armed_after_the_start() -> None:
    armed = controls.armed(target(emulator()), None)
    assert (armed.faults, armed.story, armed.settings, armed.ahead_ms, armed.evicted) == (0, None, [], 0, 0)


def test_rules_that_can_still_fire_are_counted() -> None:
    back_end = emulator()
    fault(back_end, StatusFault(code=500), times=1)
    fault(back_end, StatusFault(code=500), enabled=False)
    assert controls.armed(target(back_end), None).faults == 1
    assert send(back_end, "nobody", "ping") == 500
    assert controls.armed(target(back_end), None).faults == 0


def test_rules_that_are_over_are_not_counted() -> None:
    back_end = emulator()
    fault(back_end, StatusFault(code=500), probability=0)
    fault(back_end, StatusFault(code=500), ttl_ms=1_000)
    fault(back_end, ResponsesFault(responses=(StatusFault(code=501),), then="pass"))
    assert controls.armed(target(back_end), None).faults == 2
    back_end.clock.advance(1_000)
    assert controls.armed(target(back_end), None).faults == 1
    assert send(back_end, "nobody", "ping") == 501
    assert controls.armed(target(back_end), None).faults == 0


def test_changed_settings_are_listed_with_who_changed_them() -> None:
    back_end = emulator()
    controls.patch_settings(target(back_end), {"grace_s": 1})
    stories.put_story(target(back_end), story(settings={"max_age_s": 25}), "short")
    stories.start_story(target(back_end), None, "short")
    armed = controls.armed(target(back_end), None)
    assert (armed.story, armed.story_title) == ("short", "Pings fail")
    told = {one.name: (one.value, one.story) for one in armed.settings}
    assert told == {"grace_s": (1, None), "max_age_s": (25, "short")}
    stories.stop_story(target(back_end), None, "short")
    armed = controls.armed(target(back_end), None)
    assert (armed.story, [one.name for one in armed.settings]) == (None, ["grace_s"])


def test_clock_that_is_not_real_is_shown() -> None:
    back_end = emulator()
    controls.set_clock(target(back_end), ClockCommand(action="advance", ms=5_000))
    controls.set_clock(target(back_end), ClockCommand(action="follow_ts"))
    armed = controls.armed(target(back_end), None)
    assert (armed.ahead_ms, armed.follows_ts, armed.clock.frozen) == (5_000, True, False)
