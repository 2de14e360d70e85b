"""`parity serve --https`: one port for both, with an authority that is good for nothing else."""

import http.client
import os
import socket
import ssl
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from parity.push import cache
from parity.runtime import certificates
from parity.system.errors import Trouble
from tests.grammar import parses
from tests.test_leftovers import gone
from tests.test_serve import PATIENCE, Served, app, eventually, serving


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the authority."""
    monkeypatch.setenv("PARITY_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "https"


def securely(served: Served, trusted: Path, path: str = "/") -> tuple[int, bytes]:
    """Make one request over TLS, trusting only this authority and checking the name."""
    with closing(http.client.HTTPConnection("127.0.0.1", served.port)) as made:
        context = ssl.create_default_context(cafile=str(trusted))
        plain = socket.create_connection(("127.0.0.1", served.port), PATIENCE)
        made.sock = context.wrap_socket(plain, server_hostname="app.localhost")
        made.request("GET", path, headers={"Host": f"app.localhost:{served.port}"})
        answer = made.getresponse()
        return answer.status, answer.read()


@pytest.mark.net
def test_both_on_one_port(tmp_path: Path, data: Path) -> None:
    """The app and the log know which one it was; the key is the user's alone."""
    with serving(app(tmp_path), "--https") as served:
        assert served.port
        assert served.lines[0].startswith("https://app.localhost:")
        assert served.says(f"add {data}/authority.crt")
        assert served.get()[1].split()[-1] == b"http"
        assert securely(served, data / "authority.crt")[1].split()[-1] == b"https"
        assert served.logs("tls=true", "tls=false")
        assert {p.name: p.stat().st_mode & 0o777 for p in data.iterdir()} == {
            "authority.pem": 0o600, "authority.crt": 0o600,
        }  # fmt: skip
        assert data.stat().st_mode & 0o777 == 0o700
        assert b"PRIVATE" not in (data / "authority.crt").read_bytes()
        assert [line for line in served.lines[1:] if not parses(line)] == []
        assert served.end() == 130
    assert "Traceback" not in "\n".join(served.told)
    assert gone(str(tmp_path / "app")) == []


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
@pytest.mark.parametrize("older", [True, False])
def test_folders_of_the_users_alone(
    umask: int, older: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the umask, and whatever an earlier parity created; nothing that is not parity's."""
    folders = {"XDG_DATA_HOME": tmp_path / "data", "XDG_CACHE_HOME": tmp_path / "cache"}
    for name, folder in folders.items():
        monkeypatch.setenv(name, str(folder))
        if older:
            (folder / "parity").mkdir(parents=True)
            (folder / "parity").chmod(0o755)
            folder.chmod(0o755)
    for name in ("PARITY_DATA_DIR", "PARITY_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    before = os.umask(umask)
    try:
        cache.root()
        certificates.context("app.localhost")
    finally:
        os.umask(before)
    made = [folder / "parity" for folder in folders.values()]
    for folder in (*made, made[0] / "https"):
        assert folder.stat().st_mode & 0o777 == 0o700
    for folder in folders.values():
        assert folder.stat().st_mode & 0o777 == (0o755 if older else 0o700)


def test_a_folder_that_the_user_has_named_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be shared with others."""
    tmp_path.chmod(0o755)
    monkeypatch.setenv("PARITY_CACHE_DIR", str(tmp_path))
    assert cache.root().stat().st_mode & 0o777 == 0o755
    monkeypatch.setenv("PARITY_CACHE_DIR", __file__)
    with pytest.raises(Trouble, match="cannot write the cache folder"):
        cache.root()


@pytest.mark.net
def test_made_once(tmp_path: Path, data: Path) -> None:
    """The authority that a browser was told to trust yesterday is good today."""
    folder = app(tmp_path)
    with serving(folder, "--https") as served:
        securely(served, data / "authority.crt")
        before = (data / "authority.crt").read_bytes()
    with serving(folder, "--https") as served:
        assert securely(served, data / "authority.crt")[0] == 200
    assert (data / "authority.crt").read_bytes() == before


@pytest.mark.net
def test_good_for_nothing_else(tmp_path: Path, data: Path) -> None:
    """A certificate for another site, signed with the stolen key, is not accepted."""
    from parity.runtime.certificates import context

    _, public = context("app.localhost")
    pem = (data / "authority.pem").read_bytes()
    key = serialization.load_pem_private_key(pem, None)
    root = x509.load_pem_x509_certificate(public.read_bytes())
    now = datetime.now(UTC)
    forged = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bank")]))
        .issuer_name(root.subject)
        .public_key(key.public_key())  # type: ignore[arg-type]
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("bank.example")]), False)
        .sign(key, hashes.SHA256())  # type: ignore[arg-type]
    )
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(forged.public_bytes(serialization.Encoding.PEM))
    done = subprocess.run(
        ["openssl", "verify", "-CAfile", str(public), str(leaf)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "permitted subtree violation" in done.stderr + done.stdout


@pytest.mark.net
def test_bytes_that_are_no_tls(tmp_path: Path, data: Path) -> None:
    """Half a handshake, silence, a client that does not trust it: the others are served."""
    with serving(app(tmp_path), "--https") as served:
        served.get()
        for sent in (b"", b"\x16", b"\x16\x03\x01" + b"x" * 500):
            with socket.create_connection(("127.0.0.1", served.port)) as sock:
                sock.sendall(sent)
        with pytest.raises(ssl.SSLError):
            context = ssl.create_default_context()
            with socket.create_connection(("127.0.0.1", served.port)) as sock:
                context.wrap_socket(sock, server_hostname="app.localhost")
        assert securely(served, data / "authority.crt")[0] == 200
        assert served.end() == 130
    assert eventually(lambda: not [t for t in served.told if "rror" in t])


@pytest.mark.net
def test_without_the_extra(tmp_path: Path) -> None:
    """One line that says what to install."""
    hidden = "import sys; sys.modules['trustme'] = None\nfrom parity.__main__ import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "serve", str(app(tmp_path)), "--https"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install trustme" in done.stderr
    assert len(done.stderr.splitlines()) == 1
