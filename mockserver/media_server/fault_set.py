"""The fault rules of a server, for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mockserver import control as c
from mockserver.control import Control
from mockserver.errors import InvalidInput, below
from mockserver.model.fault import FaultRule, FaultSpec
from mockserver.model.fault_kind import Fault
from mockserver.wire.codec import convert, to_builtins

__all__ = ["FaultHandle", "FaultSet", "fault_specs"]


class FaultHandle:
    """A fault rule in force.

    Args:
        control: The control of the server.
        rule: The rule as created.
    """

    def __init__(self, control: Control, rule: FaultRule) -> None:
        self._control = control
        self.id = rule.id

    def __repr__(self) -> str:
        return f"<FaultHandle {self.id}>"

    @property
    def rule(self) -> FaultRule:
        """The rule with its current counters."""
        return self._control.call(c.FAULT, None, fault_id=self.id)

    @property
    def seen(self) -> int:
        """The number of requests that matched so far."""
        return self.rule.seen

    @property
    def applied(self) -> int:
        """The number of requests that the fault was applied to so far."""
        return self.rule.applied

    def remove(self) -> None:
        """Remove the rule."""
        self._control.call(c.DELETE_FAULT, None, fault_id=self.id)


class FaultSet:
    """The fault rules of a server.

    Args:
        control: The control of the server.
    """

    def __init__(self, control: Control) -> None:
        self._control = control

    def add(self, fault: Mapping[str, Any] | Fault | FaultSpec, **members: Any) -> FaultHandle:
        """Add a rule.

        Args:
            fault: The fault, for example ``{"kind": "status", "code": 500}``; or a whole rule.
            **members: The other members of a rule: ``when stage name skip times every probability ttl_ms enabled``.

        Raises:
            InvalidInput: The rule is not valid.
        """
        if isinstance(fault, FaultSpec):
            rule = {**to_builtins(fault), **to_builtins(members)}
        else:
            rule = to_builtins({"fault": fault, **members})
        spec: FaultSpec = convert(rule, FaultSpec)
        return FaultHandle(self._control, self._control.call(c.ADD_FAULT, spec))

    def list(self) -> list[FaultRule]:
        """Return all rules with their counters."""
        return self._control.call(c.FAULTS, None).faults

    def clear(self) -> None:
        """Remove all rules."""
        self._control.call(c.DELETE_FAULTS, None)

    def unfired(self) -> Sequence[FaultRule]:
        """Return the rules that should have been applied by now and never were.

        Disabled rules are left out, and so are rules with a probability below 1 that matched a request.
        """
        return [
            rule
            for rule in self.list()
            if rule.enabled and rule.applied == 0 and rule.times != 0 and rule.probability > 0
            if rule.seen == 0 or rule.probability == 1
        ]


def fault_specs(rules: Iterable[Mapping[str, Any] | FaultSpec]) -> Sequence[FaultSpec]:
    """Parse the rules that a server starts with.

    Raises:
        InvalidInput: A rule is not valid, or ``rules`` is not a list.
    """
    if isinstance(rules, (Mapping, FaultSpec)):
        raise InvalidInput("faults is a list of rules, even if there is only one", pointer="/faults")
    with below("/faults"):
        specs: Sequence[FaultSpec] = convert([to_builtins(rule) for rule in rules], tuple[FaultSpec, ...])
    return specs
