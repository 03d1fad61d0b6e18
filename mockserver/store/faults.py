"""The fault rules of one namespace, in order of creation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import asdict

from mockserver.errors import NotFound, Refused
from mockserver.model.fault import FaultRule, FaultSpec
from mockserver.model.vocabulary import Stage
from mockserver.rules.faults import Armed, Strike, arm, check_spec, note_of, settled, strike
from mockserver.rules.match import Facts

__all__ = ["FaultStore"]


class FaultStore:
    """Rules with their counters.

    Args:
        seed: With the id of a rule, the seed of its random stream.
        max_faults: Most rules.
    """

    def __init__(self, seed: str, max_faults: int) -> None:
        self._seed = seed
        self.max_faults = max_faults
        self.clear()
        self._made = 0
        self._of_start: set[str] = set()

    def clear(self) -> None:
        """Remove all rules; the numbers of ids continue."""
        self.armed: tuple[Armed, ...] = ()
        """The rules in force; empty when no fault can strike."""

    def restart(self, specs: Iterable[FaultSpec], now_ms: int) -> None:
        """Go back to the rules of the start, with ids from ``f1`` and new draws, whatever ``max_faults`` is now.

        Raises:
            InvalidInput: One of them is wrong; nothing has changed.
        """
        specs = tuple(specs)
        for spec in specs:
            check_spec(spec)
        self.armed = tuple(self._arm(spec, f"f{number}", now_ms) for number, spec in enumerate(specs, 1))
        self._made = len(specs)
        self._of_start = {armed.rule.id for armed in self.armed}

    def exchange(self, old: Sequence[FaultSpec], new: Sequence[FaultSpec], now_ms: int) -> None:
        """Replace the rules that the server started with; a rule in both lists, or edited meanwhile, stays as it is.

        Raises:
            InvalidInput: A new one is wrong; nothing has changed.
        """
        for spec in new:
            check_spec(spec)
        gone = [spec for spec in old if spec not in new]
        kept = [
            armed for armed in self.armed if armed.rule.id not in self._of_start or _spec_of(armed.rule) not in gone
        ]
        for spec in new:
            if spec not in old:
                self._made += 1
                kept.append(self._arm(spec, f"f{self._made}", now_ms))
                self._of_start.add(f"f{self._made}")
        self.armed = tuple(kept)

    @property
    def rules(self) -> tuple[FaultRule, ...]:
        """All rules with their live counters."""
        return tuple(armed.rule for armed in self.armed)

    def get(self, fault_id: str) -> FaultRule:
        """Return one rule.

        Raises:
            NotFound: There is no such rule.
        """
        return self.armed[self._index(fault_id)].rule

    def add(self, spec: FaultSpec, now_ms: int) -> FaultRule:
        """Put a rule in force, after all others.

        Raises:
            InvalidInput: The rule is wrong.
            Refused: There are ``max_faults`` already.
        """
        check_spec(spec)
        if len(self.armed) >= self.max_faults:
            raise Refused(f"there are {self.max_faults} fault rules already (setting max_faults)")
        armed = self._arm(spec, f"f{self._made + 1}", now_ms)
        self._made += 1
        self.armed = (*self.armed, armed)
        return armed.rule

    def put(self, fault_id: str, spec: FaultSpec, now_ms: int) -> FaultRule:
        """Replace a rule in its place; its counters and draws start again.

        Raises:
            InvalidInput: The new rule is wrong.
            NotFound: There is no such rule.
        """
        index = self._index(fault_id)
        check_spec(spec)
        armed = self._arm(spec, fault_id, now_ms)
        self.armed = (*self.armed[:index], armed, *self.armed[index + 1 :])
        return armed.rule

    def remove(self, fault_id: str) -> None:
        """Remove a rule.

        Raises:
            NotFound: There is no such rule.
        """
        index = self._index(fault_id)
        self.armed = (*self.armed[:index], *self.armed[index + 1 :])

    def settle(self, now_ms: int) -> None:
        """Apply the passing of time to every rule: one that is over stays over when the clock goes back."""
        self.armed = tuple(settled(armed, now_ms) for armed in self.armed)

    def strike(self, stage: Stage, facts: Facts, now_ms: int) -> Strike:
        """Run the rules of a stage over a request and keep their counters."""
        done = strike(self.armed, stage, facts, now_ms)
        self.armed = done.rules
        return done

    def _arm(self, spec: FaultSpec, fault_id: str, now_ms: int) -> Armed:
        fields = {name: value for name, value in asdict(spec).items() if name in FaultSpec.__struct_fields__}
        note = note_of(spec) or msgspec.UNSET
        return arm(FaultRule(**fields, id=fault_id, created_ms=now_ms, note=note), f"{self._seed}/fault/{fault_id}")

    def _index(self, fault_id: str) -> int:
        for index, armed in enumerate(self.armed):
            if armed.rule.id == fault_id:
                return index
        raise NotFound(f"there is no fault rule {fault_id!r}")


def _spec_of(rule: FaultRule) -> FaultSpec:
    return FaultSpec(**{name: getattr(rule, name) for name in FaultSpec.__struct_fields__})
