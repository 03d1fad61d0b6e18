"""What a tester controls: fault rules, settings, the clock, and resets."""

from __future__ import annotations

import math

from mockserver.admin.findings import summary
from mockserver.admin.paging import page_of
from mockserver.clock import Clock
from mockserver.control import PageQuery, SettingsPatch
from mockserver.errors import InvalidInput
from mockserver.model.fault import FaultRule, FaultSpec
from mockserver.model.results import (
    ArmedView,
    ChangedSetting,
    ClockCommand,
    ClockReading,
    FaultPage,
    ResetCommand,
    Summary,
)
from mockserver.model.settings import Settings
from mockserver.namespaces import Target
from mockserver.rules.faults import can_strike
from mockserver.wire.codec import convert, to_builtins

__all__ = [
    "add_fault",
    "armed",
    "clock",
    "delete_fault",
    "delete_faults",
    "fault",
    "faults",
    "patch_settings",
    "put_fault",
    "reset",
    "set_clock",
    "settings",
]

_CLOCK_ARGUMENTS = {"advance": ("ms", "seconds", "minutes", "hours"), "set": ("at_ms",), "rate": ("rate",)}
_PARTS = ("journal", "sessions", "faults", "clock", "settings")


def faults(target: Target, page: PageQuery | None) -> FaultPage:
    """List fault rules."""
    with target.namespace as emulator:
        rules = emulator.faults.rules
    shown, meta = page_of(rules, page)
    return FaultPage(faults=shown, meta=meta)


def fault(target: Target, argument: None, fault_id: str) -> FaultRule:
    """Show one fault rule."""
    with target.namespace as emulator:
        return emulator.faults.get(fault_id)


def add_fault(target: Target, spec: FaultSpec) -> FaultRule:
    """Add a fault rule."""
    with target.namespace as emulator:
        return emulator.faults.add(spec, emulator.clock.now_ms())


def put_fault(target: Target, spec: FaultSpec, fault_id: str) -> FaultRule:
    """Replace a fault rule."""
    with target.namespace as emulator:
        return emulator.faults.put(fault_id, spec, emulator.clock.now_ms())


def delete_fault(target: Target, argument: None, fault_id: str) -> None:
    """Remove a fault rule."""
    with target.namespace as emulator:
        emulator.faults.remove(fault_id)


def delete_faults(target: Target, argument: None) -> None:
    """Remove all fault rules."""
    with target.namespace as emulator:
        emulator.faults.clear()


def armed(target: Target, argument: None) -> ArmedView:
    """Show what makes a namespace behave differently than after its start."""
    with target.namespace as emulator:
        run = emulator.stories.run
        running = None if run is None or run.stopped else run
        now_ms = emulator.clock.now_ms()
        return ArmedView(
            faults=sum(can_strike(rule, now_ms) for rule in emulator.faults.armed),
            story=None if running is None else running.name,
            story_title=None if running is None else running.known.story.title,
            settings=[
                ChangedSetting(
                    name=name,
                    start=start,
                    value=value,
                    story=running.name if running and name in running.changed else None,
                )
                for name, (start, value) in emulator.changed_settings.items()
            ],
            clock=clock(target, None),
            ahead_ms=emulator.clock.ahead_ms,
            follows_ts=emulator.clock.following,
            evicted=emulator.journal.evicted,
            started_ms=target.namespaces.started_ms,
        )


def settings(target: Target, argument: None) -> Settings:
    """Show the settings."""
    return target.namespace.settings


def patch_settings(target: Target, changes: SettingsPatch) -> Settings:
    """Change some settings; if one is wrong, none changes."""
    with target.namespace as emulator:
        emulator.configure(convert({**to_builtins(emulator.settings), **changes}, Settings))
        return emulator.settings


def clock(target: Target, argument: None) -> ClockReading:
    """Read the clock."""
    return ClockReading(**target.namespace.clock.state()._asdict())


def set_clock(target: Target, command: ClockCommand) -> ClockReading:
    """Move or stop the clock. Timeouts up to now are applied first, so they cannot be undone.

    Before the answer, requests that were held back and are due now are processed, so that a test can look for them at
    once, and the next move of the clock finds nothing late.
    """
    takes = _CLOCK_ARGUMENTS.get(command.action, ())
    given = [name for name in command.__struct_fields__ if name != "action" and getattr(command, name) is not None]
    for name in given:
        if name not in takes:
            raise InvalidInput(f"{command.action} takes no {name}", pointer=f"/{name}")
    if takes and not given:
        raise InvalidInput(f"{command.action} needs {' or '.join(takes)}", pointer=f"/{takes[0]}")
    with target.namespace as emulator:
        emulator.settle()
        try:
            _move(emulator.clock, command)
        except InvalidInput as error:
            raise InvalidInput(str(error), pointer=f"/{given[0]}") from None
        emulator.catch_up()
        return clock(target, None)


def _move(moved: Clock, command: ClockCommand) -> None:
    match command.action:
        case "freeze":
            moved.freeze()
        case "resume":
            moved.resume()
        case "advance":
            moved.advance(_advance_ms(command))
        case "set":
            moved.set(command.at_ms or 0)
        case "rate":
            moved.set_rate(command.rate or 0)
        case "follow_ts":
            moved.follow_ts()
        case "reset":
            moved.reset()


def _advance_ms(command: ClockCommand) -> int:
    seconds = (command.seconds or 0) + 60 * (command.minutes or 0) + 3600 * (command.hours or 0)
    total_ms = (command.ms or 0) + 1000 * seconds
    if not math.isfinite(total_ms):
        raise InvalidInput("the clock cannot move that far")
    return round(total_ms)


def reset(target: Target, command: ResetCommand) -> Summary:
    """Return to the state after the start, as a whole or in part."""
    if command.only is None:
        target.namespaces.players.clear(target.namespace.name)  # first, so that none of their events arrives later
    target.namespace.reset(_PARTS if command.only is None else command.only)
    return summary(target, None)
