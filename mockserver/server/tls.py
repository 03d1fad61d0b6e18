"""TLS: the context of a server, and the CA that issues its certificates.

Many devices only use https, and trust only certificates that their owner installed. So a CA is created once, installed
on the device, and issues a new certificate at every start, for the addresses that the machine has that day.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import ssl
from collections.abc import Iterable
from datetime import datetime, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.clock import RealTime
from mockserver.errors import InvalidInput, ServerFailed
from mockserver.server.addresses import EMULATOR_HOST
from mockserver.server.options import ServerOptions

if TYPE_CHECKING:
    import trustme

__all__ = ["Authority", "authority_of", "certificate_names", "server_context"]

VALID_DAYS = 397
"""Days for which certificates are valid: browsers refuse more than 398 days, Apple's systems more than 825."""

_DAY_S = 86_400

_LABEL = r"(?:xn--[a-z0-9-]{1,59}|(?!..--|-)[a-z0-9-]{1,63}(?<!-))"
_NAME = re.compile(rf"(?:\*\.)?(?:{_LABEL}\.)*{_LABEL}", re.IGNORECASE)
_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----\s*", re.DOTALL)
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\s*", re.DOTALL)


class Authority:
    """A CA that issues certificates for servers. Its key leaves the process only for the file that may keep it.

    Keys are ECDSA on P-256: every system with TLS 1.2 supports them, and unlike RSA keys they are generated in less
    than a millisecond.

    Args:
        ca: The CA object of trustme.
        end_s: When the CA certificate expires, in seconds since 1970; None for later than any other.
        source: The file it was read from, for messages.
    """

    def __init__(self, ca: trustme.CA, end_s: int | None = None, source: str = "") -> None:
        self._ca = ca
        self._end_s = end_s
        self._source = source

    @classmethod
    def generate(cls) -> Authority:
        """Create a CA that is not kept in a file.

        Raises:
            ServerFailed: The library for it is not installed.
        """
        # A device that trusts two CAs of the same name would confuse them.
        unit = f"mockserver test CA {secrets.token_hex(4)}"
        return cls(_library()(organization_name="mockserver", organization_unit_name=unit))

    @classmethod
    def kept_in(cls, path: Path, now_ms: int) -> Authority:
        """Return the CA of a file; a missing file is created, readable only by its owner.

        Args:
            path: A PEM file with the CA certificate and its key.
            now_ms: Real time, to check that the certificate is valid.

        Raises:
            ServerFailed: The file cannot be used or written, or the library for it is not installed.
        """
        library = _library()
        content = _content(path)
        if content is None:
            _write(path, cls.generate()._ca)
        return _read(library, path, content or _content(path) or b"", now_ms)

    @property
    def ca_pem(self) -> str:
        """The CA certificate, which is public."""
        return self._ca.cert_pem.bytes().decode("ascii")

    def certify(self, context: ssl.SSLContext, names: Iterable[str], now_ms: int) -> None:
        """Load a new key and certificate into a context.

        Args:
            context: The context of a server.
            names: Names and IP addresses of the server.
            now_ms: Real time. The certificate is valid from a day earlier, since clocks of devices are often wrong, and
                not longer than the CA.

        Raises:
            ServerFailed: The CA cannot issue a certificate.
        """
        begin_s = now_ms // 1000 - _DAY_S
        end_s = begin_s + VALID_DAYS * _DAY_S
        try:
            issued = self._ca.issue_cert(
                *names,
                organization_name="mockserver",
                organization_unit_name="mockserver",
                not_before=datetime.fromtimestamp(begin_s, timezone.utc),
                not_after=datetime.fromtimestamp(min(end_s, self._end_s or end_s), timezone.utc),
            )
        except Exception as error:  # noqa: BLE001 - a CA from elsewhere may lack anything
            where = f" with the CA {self._source}" if self._source else ""
            raise ServerFailed(f"cannot make a certificate{where}: {str(error) or type(error).__name__}") from None
        issued.configure_cert(context)


def authority_of(options: ServerOptions, shared: Authority | None = None) -> Authority | None:
    """Return the CA for some options; None if they need none.

    Args:
        options: The options of the server.
        shared: An existing CA to use instead of a new one.

    Raises:
        InvalidInput: The options contradict each other.
        ServerFailed: The CA file cannot be used, or the library for it is not installed.
    """
    if not options.tls:
        if options.tls_ca is not None:
            raise InvalidInput("tls_ca needs tls: set tls too")
        return None
    if options.tls_cert is not None or options.tls_key is not None:
        raise InvalidInput("tls generates a certificate: leave out tls_cert and tls_key, or tls")
    if options.tls_ca is None or shared is not None:
        return shared or Authority.generate()
    return Authority.kept_in(Path(options.tls_ca), RealTime().epoch_ms())


def server_context(
    options: ServerOptions, authority: Authority | None, host_name: str, addresses: Iterable[str]
) -> ssl.SSLContext | None:
    """Return the TLS context of a server; None for plain http.

    Args:
        options: The options, which may name certificate and key.
        authority: The CA that issues a certificate otherwise.
        host_name: The name of this machine.
        addresses: The addresses of this machine.

    Raises:
        InvalidInput: A name in the options is not valid in a certificate.
        ServerFailed: There is no usable certificate.
    """
    if authority is None and options.tls_cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if authority is not None:
        authority.certify(context, certificate_names(options, host_name, addresses), RealTime().epoch_ms())
    elif options.tls_cert is not None:
        try:
            # With an empty password OpenSSL refuses an encrypted key; without one it would prompt on the terminal.
            context.load_cert_chain(options.tls_cert, options.tls_key, password="")
        except (OSError, ssl.SSLError) as error:
            raise ServerFailed(f"cannot use the certificate {options.tls_cert} with its key: {error}") from None
    return context


def certificate_names(options: ServerOptions, host_name: str, addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the names and addresses for a certificate, without duplicates.

    Some clients refuse ``*.localhost``, a wildcard below a single label; ``allow_hosts`` can name the hosts they need.

    Raises:
        InvalidInput: A name of ``allow_hosts`` is not valid in a certificate.
    """
    for name in (*options.allow_hosts, *options.namespace_hosts):
        if not _certifiable(name):
            raise InvalidInput(
                f"{name!r} of --allow-host or --namespace-host is not valid in a certificate: use letters, digits, "
                "hyphens and dots"
            )
    first_label = host_name.partition(".")[0]
    found = ["localhost", "*.localhost", "127.0.0.1", "::1", EMULATOR_HOST, options.host.strip("[]")]
    found += [host_name, f"{first_label}.local", *addresses, *options.allow_hosts]
    found += [name for host in options.namespace_hosts for name in (host, f"*.{host}")]
    plain = (name.partition("%")[0] if ":" in name else name.lower().rstrip(".") for name in found)
    return tuple(dict.fromkeys(name for name in plain if _certifiable(name) and name not in ("0.0.0.0", "::")))


def _certifiable(name: str) -> bool:
    with contextlib.suppress(ValueError):
        ip_address(name)
        return True
    return len(name) <= 253 and _NAME.fullmatch(name) is not None


def _library() -> type[trustme.CA]:
    try:
        from trustme import CA
    except ImportError:
        raise ServerFailed(
            'generating a certificate needs trustme: pip install "media-collection-mockserver[tls]", '
            "or use your own certificate (--tls-cert FILE --tls-key FILE)"
        ) from None
    return CA


def _write(path: Path, ca: trustme.CA) -> None:
    """Write the file under a temporary name first, so that it is never incomplete; an existing file is kept."""
    unfinished = path.parent / f".{path.name}.{secrets.token_hex(4)}.tmp"
    try:
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(ca.private_key_pem.bytes() + ca.cert_pem.bytes())
        try:
            os.link(unfinished, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            unfinished.replace(path)
    except OSError as error:
        raise ServerFailed(f"cannot keep the CA in {path}: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ServerFailed(f"cannot read the CA {path}: {error.strerror or error}") from None


def _read(library: type[trustme.CA], path: Path, content: bytes, now_ms: int) -> Authority:
    anew = "delete or move the file to get a new CA, which devices then have to trust"
    key, certificate = _KEY.search(content), _CERTIFICATE.search(content)
    if key is None or certificate is None:
        missing = "private key" if certificate is not None else "certificate" if key is not None else "PEM"
        raise ServerFailed(f"{path} is not a CA: it contains no {missing}; {anew}")
    try:
        validity = _validity(path, certificate[0].decode("ascii"))
        ca = library.from_pem(certificate[0], key[0])
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the file
        raise ServerFailed(f"cannot use the CA {path}: {str(error) or type(error).__name__}; {anew}") from None
    if validity is None:
        raise ServerFailed(f"{path} is not a CA: its certificate may not issue others; {anew}")
    begin, end = validity
    if not ssl.cert_time_to_seconds(begin) <= now_ms / 1000 < ssl.cert_time_to_seconds(end):
        raise ServerFailed(f"the CA {path} is valid from {begin} to {end} only; {anew}")
    return Authority(ca, ssl.cert_time_to_seconds(end), str(path))


def _validity(path: Path, certificate: str) -> tuple[str, str] | None:
    """Check that key and certificate match; return when the CA becomes valid and when it expires, or None for no CA."""
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, password="")
    store = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    store.load_verify_locations(cadata=certificate)
    for known in store.get_ca_certs():
        return str(known["notBefore"]), str(known["notAfter"])
    return None
