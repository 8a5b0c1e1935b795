"""A certificate authority of the office's own, for HTTPS on an intranet that no public authority knows.

- Under LIUHEN_HOME/keys/tls: `ca.key` (0600) and `ca.crt`, made once, ten years; `server.key` and `server.crt`
  for this computer's names and numbers, made anew when one of them is missing or a month before the end.
- Whoever imports `ca.crt` once trusts every later certificate of this computer.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from liuhen.core.durable import make_dirs, replace_file
from liuhen.core.errors import RefusedError

from . import home

_CA_DAYS, _SERVER_DAYS, _RENEW_DAYS = 3650, 397, 30
_NOWHERE = ("192.0.2.1", 9)  # asked of the routing table only; nothing is sent


class CertificateError(RefusedError):
    code = "certificate_unusable"


@dataclass(frozen=True)
class Certificates:
    """Files for the server, the authority's certificate to import, and its fingerprint for comparing."""

    server: Path
    key: Path
    authority: Path
    fingerprint: str


def certificates(extra_host: str = "") -> Certificates:
    """Ready-made, or made now. Raises CertificateError, OSError."""
    folder = home.keys_folder() / "tls"
    make_dirs(folder)
    folder.chmod(0o700)
    try:
        authority, key = _authority(folder)
        names = own_names(extra_host)
        if not _still_good(folder / "server.crt", authority, names):
            _issue(folder, authority, key, names)
    except ValueError as error:
        raise CertificateError(
            f"{folder} 中的证书或密钥读不出。",
            remedy="请把该文件夹改名留存后重新启动，程序会另造一套；各电脑须重新导入 ca.crt。",
        ) from error
    digest = authority.fingerprint(hashes.SHA256()).hex().upper()
    said = ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
    return Certificates(folder / "server.crt", folder / "server.key", folder / "ca.crt", said)


def own_names(extra_host: str = "") -> list[str]:
    """Under what this computer may be asked for: numbers and names, the likely one for others first."""
    found = [_outward(), "127.0.0.1", "localhost", socket.gethostname()]
    if extra_host not in ("", "0.0.0.0", "::"):  # noqa: S104
        found.insert(0, extra_host)
    return list(dict.fromkeys(name for name in found if name))


def _outward() -> str:
    """This computer's number on its network; empty without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOWHERE)
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    if (folder / "ca.crt").exists() and (folder / "ca.key").exists():
        key = load_pem_private_key((folder / "ca.key").read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("not our kind of key")
        return x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"留痕 {socket.gethostname()}"[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "留痕"),
        ]
    )
    made = _begin(name, name, key, _CA_DAYS)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = made.add_extension(_usage(signs=True), critical=True)
    certificate = made.sign(key, hashes.SHA256())
    replace_file(folder / "ca.key", _pem(key), mode=0o600)
    replace_file(folder / "ca.crt", certificate.public_bytes(Encoding.PEM))
    return certificate, key


def _issue(
    folder: Path, authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey, names: list[str]
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    made = _begin(subject, authority.subject, key, _SERVER_DAYS)
    made = made.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(_usage(signs=False), critical=True)
    made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    made = made.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    certificate = made.sign(signer, hashes.SHA256())
    replace_file(folder / "server.key", _pem(key), mode=0o600)
    replace_file(folder / "server.crt", certificate.public_bytes(Encoding.PEM))


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a browser whose clock is slow
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _still_good(path: Path, authority: x509.Certificate, names: list[str]) -> bool:
    if not path.exists():
        return False
    made = x509.load_pem_x509_certificate(path.read_bytes())
    told = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    fresh = made.not_valid_after_utc - datetime.now(UTC) > timedelta(days=_RENEW_DAYS)
    return fresh and made.issuer == authority.subject and {_general(name) for name in names} <= set(told)
