"""Whether a fault rule can mean anything: said in words, with the place, before it is put in force."""

from __future__ import annotations

from mockserver.errors import InvalidInput
from mockserver.model.fault import FaultSpec, When
from mockserver.model.fault_kind import Pass
from mockserver.model.vocabulary import Stage
from mockserver.rules.match import compile_when

__all__ = ["check_spec", "note_of"]

_MET_BY_PREFLIGHTS = frozenset({"header", "namespace", "outcome", "status"})


def check_spec(spec: FaultSpec) -> None:
    """Refuse a rule that cannot mean anything.

    Raises:
        InvalidInput: With the pointer of the member at fault.
    """
    _check_when(spec.when, spec.stage)
    for name, lowest in (("skip", 0), ("every", 1), ("times", 0), ("ttl_ms", 0)):
        value = getattr(spec, name)
        if value is not None and value < lowest:
            raise InvalidInput(f"{name} must be {lowest} or more, not {value}", pointer=f"/{name}")
    if not 0 <= spec.probability <= 1:
        raise InvalidInput(f"probability is a number from 0 to 1, not {spec.probability}", pointer="/probability")
    if isinstance(spec.fault, Pass):
        raise InvalidInput(
            "pass is an item of a responses script; for a rule that does nothing set enabled to false",
            pointer="/fault/kind",
        )
    if spec.fault.repeat != 1:
        raise InvalidInput(
            "repeat counts inside a responses script; a rule of its own takes times instead", pointer="/fault/repeat"
        )
    spec.fault.check("/fault")


def note_of(spec: FaultSpec) -> str | None:
    """Say what a rule leaves alone although its conditions do not say so; None if there is nothing to say."""
    given = {name for name in When.__struct_fields__ if getattr(spec.when, name) not in (None, ())}
    if not given <= _MET_BY_PREFLIGHTS:
        return None
    return (
        "CORS preflights and reads of schemas are left alone; a rule strikes them when its when.operation names them: "
        "preflight, schema"
    )


def _check_when(when: When, stage: Stage) -> None:
    compile_when(when)
    for name in ("nth_session", "nth_event"):
        nth = getattr(when, name)
        for number in (nth,) if isinstance(nth, int) else nth or ():
            if number < 1:
                raise InvalidInput(f"{name} counts from 1, not {number}", pointer=f"/when/{name}")
    if stage is Stage.REQUEST:
        for name in ("outcome", "status"):
            if getattr(when, name) is not None:
                raise InvalidInput(f"{name} is known at stage response only", pointer=f"/when/{name}")
