"""The operations on where the server can be reached."""

from __future__ import annotations

import io

from msgspec.structs import replace

from mockserver.address import namespaced
from mockserver.control import Chunks
from mockserver.errors import InvalidInput
from mockserver.model.addresses import Addresses
from mockserver.namespaces import Namespaces

__all__ = ["addresses", "qr_code"]


def addresses(namespaces: Namespaces, name: str, argument: None) -> Addresses:
    """List the addresses under which players reach a namespace."""
    if namespaces.reach is None:
        raise InvalidInput(
            "this server does not listen by itself (it is embedded in an application), so that it does not know its "
            "addresses",
            status=409,
        )
    found = namespaces.reach()
    below = [replace(address, url=namespaced(address.url, name)) for address in found.addresses]
    return replace(found, addresses=below, best=namespaced(found.best, name))


def qr_code(namespaces: Namespaces, name: str, argument: None) -> Chunks:
    """Draw the address that devices should use."""
    import segno

    drawn = io.BytesIO()
    code = segno.make(addresses(namespaces, name, None).best, micro=False)
    code.save(drawn, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False)
    return (drawn.getvalue(),)
