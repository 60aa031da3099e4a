"""Outside calls over real sockets: the certificate is the name's, whatever address was checked."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.runtime.outbound import GuardedTransport, resolve

NAME = "provider.test"


class Hosts(BaseHTTPRequestHandler):
    """Answers with the name that it was asked under."""

    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    path = certificate(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), Hosts)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(path)
    server.socket = serving.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_port, ssl.create_default_context(cafile=str(path))
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def test_the_certificate_is_checked_against_the_name(provider: tuple[int, ssl.SSLContext]) -> None:
    port, trust = provider
    transport = GuardedTransport(
        one_machine=True,
        resolve=lambda host, port: ["127.0.0.1"],
        inner=lambda: httpx.HTTPTransport(verify=trust),
    )
    with httpx.Client(transport=transport) as client:
        for _ in range(2):
            assert client.get(f"https://{NAME}:{port}/").text == f"{NAME}:{port}"
        with pytest.raises(httpx.ConnectError, match="certificate"):
            client.get(f"https://another.test:{port}/")


def test_names_that_are_numbers_are_seen_through() -> None:
    """However an address is written, it is judged as what it is (this asks no name service)."""
    for name in ("127.1", "0x7f.1", "2130706433", "017700000001"):
        assert resolve(name, 443) == ["127.0.0.1"]
