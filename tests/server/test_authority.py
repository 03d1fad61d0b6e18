"""The CA of a server, kept in a file so that devices need to trust it only once."""

from __future__ import annotations

import re
import ssl
import stat
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from mockserver.clock import RealTime
from mockserver.errors import ServerFailed
from mockserver.server.tls import Authority
from tests.server.conftest import Start
from tests.server.tls_clients import ca_of, certificate_of, connected, failure_of, trusting
from tests.tables import every_case

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

NOW_MS = 1_760_000_000_000
DAY_S = 86_400


def fingerprint(path: Path) -> str:
    [certificate] = re.findall(r"-----BEGIN CERTIFICATE.*?END CERTIFICATE-----", path.read_text("ascii"), re.DOTALL)
    return str(certificate)


def test_ca_is_made_once_and_used_again(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    first = start(tls=True, tls_ca=str(path))
    kept = path.read_bytes()
    second = start(tls=True, tls_ca=str(path))
    assert path.read_bytes() == kept
    assert fingerprint(path) == ca_of(first).strip() == ca_of(second).strip()
    assert ca_of(start(tls=True)) != ca_of(first)
    second.trust = trusting(first)
    assert second.ask("GET", "/api/v1/schemas/ping").status == 200
    with connected(second, ssl.create_default_context(cafile=path)) as secure:
        assert secure.version() is not None


@pytest.mark.posix
def test_file_of_the_ca_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    Authority.kept_in(path, NOW_MS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_file_that_another_server_made_meanwhile_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real = tmp_path / "ca.pem", Authority.generate

    def slowly() -> Authority:
        monkeypatch.setattr(Authority, "generate", real)
        Authority.kept_in(path, NOW_MS)
        return real()

    monkeypatch.setattr(Authority, "generate", slowly)
    late = Authority.kept_in(path, NOW_MS)
    assert late.ca_pem.strip() == fingerprint(path)
    assert list(tmp_path.iterdir()) == [path]


def nothing(_: trustme.CA) -> bytes:
    return b""


def garbage(_: trustme.CA) -> bytes:
    return b"\x00\xff"


def without_key(ca: trustme.CA) -> bytes:
    return ca.cert_pem.bytes()


def without_certificate(ca: trustme.CA) -> bytes:
    return ca.private_key_pem.bytes()


def with_the_key_of_another(ca: trustme.CA) -> bytes:
    return trustme.CA().private_key_pem.bytes() + ca.cert_pem.bytes()


def of_a_server(ca: trustme.CA) -> bytes:
    return ca.issue_cert("localhost").private_key_and_cert_chain_pem.bytes()


def cut_off(ca: trustme.CA) -> bytes:
    return (ca.private_key_pem.bytes() + ca.cert_pem.bytes())[:-60]


def scrambled(ca: trustme.CA) -> bytes:
    first, _, rest = ca.private_key_pem.bytes().split(b"\n", 2)
    return b"\n".join((first, b"A" * 64, rest)) + ca.cert_pem.bytes()


def encrypted(ca: trustme.CA) -> bytes:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(ca.private_key_pem.bytes(), password=None)
    pem, scheme = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, scheme, serialization.BestAvailableEncryption(b"x")) + ca.cert_pem.bytes()


@every_case(
    ("make", "said"),
    [
        (nothing, "is not a CA: it contains no PEM"),
        (garbage, "is not a CA: it contains no PEM"),
        (without_key, "is not a CA: it contains no private key"),
        (without_certificate, "is not a CA: it contains no certificate"),
        (cut_off, "is not a CA: it contains no certificate"),
        (with_the_key_of_another, "cannot use the CA "),
        (scrambled, "cannot use the CA "),
        (encrypted, "cannot use the CA "),
        (of_a_server, "is not a CA: its certificate may not issue others"),
    ],
)
def test_file_that_is_not_a_ca_is_reported_with_what_to_do_and_kept(
    tmp_path: Path, make: Callable[[trustme.CA], bytes], said: str
) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(make(trustme.CA()))
    before = path.read_bytes()
    message = failure_of(tls=True, tls_ca=str(path))
    assert str(path) in message
    assert said in message
    assert message.endswith("delete or move the file to get a new CA, which devices then have to trust")
    assert path.read_bytes() == before


@pytest.fixture(scope="module")
def rsa_key() -> RSAPrivateKey:
    """An RSA key, which takes long to make; one is enough."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@every_case(("begin_s", "end_s"), [(-2 * DAY_S, -1), (60, DAY_S)])
def test_ca_that_is_not_valid_now_is_reported(tmp_path: Path, rsa_key: RSAPrivateKey, begin_s: int, end_s: int) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(lasting(rsa_key, NOW_MS // 1000 + begin_s, NOW_MS // 1000 + end_s))
    with pytest.raises(ServerFailed, match=r"the CA .*ca.pem is valid from .* to .* only; delete or move the file"):
        Authority.kept_in(path, NOW_MS)


def test_certificate_does_not_outlive_its_ca(tmp_path: Path, rsa_key: RSAPrivateKey, start: Start) -> None:
    now_s = RealTime().epoch_ms() // 1000
    path = tmp_path / "ca.pem"
    path.write_bytes(lasting(rsa_key, now_s - 30 * DAY_S, now_s + 9 * DAY_S))
    seen = certificate_of(start(tls=True, tls_ca=str(path)))
    assert ssl.cert_time_to_seconds(seen["notAfter"]) == now_s + 9 * DAY_S


def lasting(key: RSAPrivateKey, begin_s: int, end_s: int) -> bytes:
    """Make a CA as another tool makes it: with an RSA key, and valid for a limited time."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "of the house")])
    # Python 3.13 and newer trust no CA without key usage.
    usages = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"),
        False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime.fromtimestamp(begin_s, timezone.utc))
        .not_valid_after(datetime.fromtimestamp(end_s, timezone.utc))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usages, key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    return certificate.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)


@every_case(("where", "said"), [("no/folder/ca.pem", "cannot keep the CA in "), (".", "cannot read the CA ")])
def test_place_where_no_file_can_be_is_reported(tmp_path: Path, where: str, said: str) -> None:
    assert failure_of(tls=True, tls_ca=str(tmp_path / where)).startswith(said)
    assert list(tmp_path.iterdir()) == []
