"""The operations on the whole server."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mockserver.control import Chunks
from mockserver.model import results as r
from mockserver.namespaces import Namespaces
from mockserver.operations import metrics as prometheus
from mockserver.operations.openapi import description

__all__ = [
    "DISTRIBUTION",
    "delete_namespace",
    "health",
    "metrics",
    "namespaces",
    "openapi",
    "running_version",
    "show_version",
]

DISTRIBUTION = "media-collection-mockserver"


def health(all_namespaces: Namespaces, argument: None) -> r.Health:
    """Say that the server lives."""
    return r.Health()


def show_version(all_namespaces: Namespaces, argument: None) -> r.Version:
    """Say what is running."""
    return r.Version(name=DISTRIBUTION, version=running_version())


def metrics(all_namespaces: Namespaces, argument: None) -> Chunks:
    """Show the counters of all namespaces."""
    return (prometheus.render(all_namespaces).encode(),)


def openapi(all_namespaces: Namespaces, argument: None) -> dict[str, Any]:
    """Describe both APIs."""
    return description(running_version())


def namespaces(all_namespaces: Namespaces, argument: None) -> r.NamespacePage:
    """List the namespaces."""
    views = [
        r.NamespaceView(name=emulator.name, requests=len(emulator.journal), sessions=len(emulator.sessions))
        for emulator in all_namespaces
    ]
    return r.NamespacePage(namespaces=views, meta=r.Meta(total=len(views)))


def delete_namespace(all_namespaces: Namespaces, argument: None, name: str) -> None:
    """Drop a namespace."""
    all_namespaces.drop(name)


def running_version() -> str:
    """Return the version that is installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
