"""The user's own certificate authority, for names below `localhost` and nothing else.

It is created once, stored where only the user can read it, and never installed anywhere: users who
want their browser to trust it add the file `authority.crt` there by hand. Its name constraints
(RFC 5280 section 4.2.1.10) make its key useless for any other site.
"""

import contextlib
import os
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from parity.system.errors import Trouble, Usage
from parity.system.places import closed, private

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

YEARS = timedelta(days=3650)
SHORT = timedelta(days=90)
"""The validity of the certificate for one `parity serve` (browsers accept up to 398 days)."""

CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
MISSING = "--https needs the extra parity[https]: type pip install trustme"


def context(host: str) -> tuple[ssl.SSLContext, Path]:
    """Return a TLS context for `host` and localhost, and the file of the authority's certificate.

    Raises `Usage` without the extra, `Trouble` if nothing can be written.
    """
    try:
        import trustme
    except ImportError as error:
        raise Usage(MISSING) from error
    folder = _folder()
    try:
        pem, public = _authority(folder)
    except OSError as error:
        raise Trouble(
            f"cannot keep a certificate authority in {folder}: {error.strerror or error}",
            "Set PARITY_DATA_DIR to a folder you can write to.",
        ) from error
    try:
        authority = trustme.CA.from_pem(pem[pem.find(CERTIFICATE) :], pem)
    except ValueError as error:
        raise Trouble(
            f"there is no certificate authority in {folder}", "Remove the folder, then try again."
        ) from error
    names = (host, "localhost", "127.0.0.1")
    leaf = authority.issue_cert(*names, not_after=datetime.now(UTC) + SHORT)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.set_alpn_protocols(["http/1.1"])
    leaf.configure_cert(tls)
    return tls, public


def _folder() -> Path:
    import platformdirs

    chosen = os.environ.get("PARITY_DATA_DIR") or platformdirs.user_data_dir("parity")
    return Path(chosen).absolute() / "https"


def _authority(folder: Path) -> tuple[bytes, Path]:
    """Return the key and certificate, created if they are missing, and the certificate's file.

    Raises `OSError`.
    """
    private(str(folder))
    closed(str(folder))
    if not os.environ.get("PARITY_DATA_DIR"):
        closed(str(folder.parent))
    key_file, public = folder / "authority.pem", folder / "authority.crt"
    if not key_file.exists():
        with contextlib.suppress(FileExistsError):  # another parity process was faster
            _write(folder, _new_authority(), lambda part: os.link(part, key_file))
    if key_file.stat().st_mode & 0o077:
        key_file.chmod(0o600)
    pem = key_file.read_bytes()
    _write(folder, pem[pem.find(CERTIFICATE) :], lambda part: part.replace(public))
    return pem, public


def _write(folder: Path, data: bytes, place: Callable[[Path], object]) -> None:
    """Write the whole file or none of it, readable by its owner only."""
    part = folder / token_hex(8)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        place(part)
    finally:
        part.unlink(missing_ok=True)


def _new_authority() -> bytes:
    """Return a new key and its certificate, as PEM."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key.public_key()).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _certificate(key: "ec.EllipticCurvePublicKey") -> "x509.CertificateBuilder":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "parity, on this machine alone")])
    only = [x509.DNSName("localhost"), x509.IPAddress(ip_network("127.0.0.0/8"))]
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints(only, None), critical=True)
        .add_extension(_usage(x509), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(x509: Any) -> Any:
    """Return the usage of a key that signs certificates, and nothing else."""
    uses = "digital_signature content_commitment key_encipherment data_encipherment key_agreement"
    none = dict.fromkeys([*uses.split(), "encipher_only", "decipher_only"], False)
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, **none)
