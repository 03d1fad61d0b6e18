"""A server that runs already, started for a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.control import Control
from mockserver.media_server.fault_set import fault_specs
from mockserver.media_server.media_server import MediaServer
from mockserver.model import results as r
from mockserver.model.fault import FaultSpec
from mockserver.model.settings import Settings
from mockserver.wire.codec import to_builtins

__all__ = ["PreparedServer"]


class PreparedServer(MediaServer):
    """A server elsewhere, or a namespace of it, with settings and fault rules of a test to come back to.

    Args:
        control: How it is asked.
        url: Where players post to; see :class:`~mockserver.MediaServer`.
        host: The same for clients that take only a host and a port.
        settings: The settings to start with; None keeps those of the server.
        faults: The fault rules to start with.

    Raises:
        InvalidInput: Rules cannot be read.
    """

    def __init__(
        self,
        control: Control,
        *,
        url: str,
        host: str,
        settings: Settings | None = None,
        faults: Iterable[Mapping[str, Any] | FaultSpec] = (),
    ) -> None:
        super().__init__(control, url=url, host=host)
        self._start_settings = settings
        self._start_faults = fault_specs(faults)

    def reset(self, *only: str) -> r.Summary:
        """Go back to how the test started; see :meth:`~mockserver.MediaServer.reset`."""
        summary = super().reset(*only)
        if self._start_settings is not None and (not only or "settings" in only):
            self.configure(**to_builtins(self._start_settings))
        if not only or "faults" in only:
            for spec in self._start_faults:
                self.faults.add(spec)
        return summary
