"""Under which addresses a server can be reached."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Address", "Addresses"]


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """One address that players can be given.

    Args:
        url: What comes before ``/api/v1/sessions``, with the namespace if there is one.
        kind: For whom: ``loopback`` for this machine, ``lan`` for devices on its network, ``emulator`` for Android
            emulators on this machine, ``name`` for whoever resolves that name.
    """

    url: str
    kind: Literal["loopback", "lan", "emulator", "name"]


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Under which addresses a server can be reached.

    Args:
        addresses: All that are known, the best for another device first.
        best: The one that devices should use; that of this machine if no device can reach the server.
        open_to_others: Whether others than this machine can reach it.
        https: Whether it is reached over TLS.
    """

    addresses: list[Address]
    best: str
    open_to_others: bool
    https: bool
