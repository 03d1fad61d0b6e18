"""The server as a whole: its version, its addresses, its namespaces and its simulated players."""

from __future__ import annotations

import io
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from mockserver.address import namespaced
from mockserver.admin.openapi import description, servers
from mockserver.admin.paging import page_of
from mockserver.control import Chunks, PageQuery
from mockserver.dialects.base import Dialects
from mockserver.errors import InvalidInput
from mockserver.model.player import Choice, PlayerCommand, PlayerPage, PlayerView
from mockserver.model.results import Addresses, Health, Meta, NamespacePage, NamespaceView, Version
from mockserver.namespaces import Namespace, Target
from mockserver.simulation.content import CONTENTS
from mockserver.simulation.flaw import FLAWS
from mockserver.simulation.players import MOST_PLAYERS
from mockserver.wire.codec import decode, encode

__all__ = [
    "DISTRIBUTION",
    "add_players",
    "addresses",
    "delete_namespace",
    "health",
    "namespaces",
    "openapi",
    "players",
    "qr_code",
    "running_version",
    "show_version",
    "stop_player",
    "stop_players",
]

DISTRIBUTION = "media-collection-mockserver"


def health(target: Target, argument: None) -> Health:
    """Return that the server is alive."""
    return Health()


def show_version(target: Target, argument: None) -> Version:
    """Return the name and version of the server."""
    return Version(name=DISTRIBUTION, version=running_version())


def running_version() -> str:
    """Return the installed version."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


def openapi(target: Target, argument: None) -> dict[str, Any]:
    """Describe both APIs, with the address of this server if it is known."""
    found, own = None if target.namespaces.reach is None else target.namespaces.reach(), ""
    if found is not None:
        own = next((one.url for one in found.addresses if one.kind == "loopback"), found.best)
    described = _described(running_version(), target.namespace.dialects)
    written = encode({**described, "servers": servers(own, target.namespace.name)})
    return cast(dict[str, Any], msgspec.Raw(written)) if target.as_json else decode(written, dict[str, Any])


@lru_cache(maxsize=2)  # to describe the records takes a tenth of a second
def _described(version: str, dialects: Dialects) -> dict[str, Any]:
    """Return the members of the document, each as JSON already: only ``servers`` depends on the request."""
    return {name: msgspec.Raw(encode(member)) for name, member in description(version, dialects).items()}


# Addresses


def addresses(target: Target, argument: None) -> Addresses:
    """List the addresses under which players reach a namespace."""
    if target.namespaces.reach is None:
        raise InvalidInput(
            "this server is embedded in an application that listens for it, so it does not know its addresses",
            status=409,
        )
    found, name = target.namespaces.reach(), target.namespace.name
    below = [replace(address, url=namespaced(address.url, name)) for address in found.addresses]
    return replace(found, addresses=below, best=namespaced(found.best, name))


def qr_code(target: Target, argument: None) -> Chunks:
    """Draw the QR code of the address for devices."""
    import segno

    drawn = io.BytesIO()
    code = segno.make(addresses(target, None).best, micro=False)
    code.save(drawn, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False)
    return (drawn.getvalue(),)


# Namespaces


def namespaces(target: Target, page: PageQuery | None) -> NamespacePage:
    """List the namespaces."""
    shown, meta = page_of(list(target.namespaces), page, evicted=target.namespaces.evicted)
    return NamespacePage(namespaces=[_namespace_view(namespace) for namespace in shown], meta=meta)


def _namespace_view(namespace: Namespace) -> NamespaceView:
    with namespace as emulator:
        return NamespaceView(name=namespace.name, requests=len(emulator.journal), sessions=len(emulator.sessions))


def delete_namespace(target: Target, argument: None, name: str) -> None:
    """Drop a namespace."""
    target.namespaces.drop(name)


# Simulated players


def players(target: Target, argument: None) -> PlayerPage:
    """List the players of a namespace."""
    return _player_page(target.namespaces.players.views(target.namespace.name))


def add_players(target: Target, command: PlayerCommand) -> PlayerPage:
    """Start players, and list the new ones."""
    return _player_page(target.namespaces.players.add(target.namespace.name, command, target.namespace.clock))


def stop_player(target: Target, argument: None, player_id: str) -> PlayerView:
    """Stop a player."""
    return target.namespaces.players.stop(target.namespace.name, player_id)


def stop_players(target: Target, argument: None) -> None:
    """Stop and forget all players of a namespace."""
    target.namespaces.players.clear(target.namespace.name)


def _player_page(views: list[PlayerView]) -> PlayerPage:
    return PlayerPage(
        players=views,
        contents=[Choice(name=name, text=text) for name, text in CONTENTS.items()],
        flaws=[Choice(name=name, text=flaw.__doc__ or "") for name, flaw in FLAWS.items()],
        most=MOST_PLAYERS,
        meta=Meta(total=len(views)),
    )
