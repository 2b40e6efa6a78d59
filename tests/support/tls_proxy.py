"""TLS in front of a server that has none, and the certificates for it: those in wheels are built without."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .listeners import ADDRESS, Listener

HANDSHAKE = b"\x16"
"""What everybody says first who speaks TLS (RFC 8446 §5.1), and nobody who speaks Redis."""


@dataclass(frozen=True)
class Papers:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Authority:
    """Somebody who signs certificates, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority in {folder.name}")])
        self.certificate = folder / "authority.pem"
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        built = self._begun(self._name, self._key).add_extension(constraints, critical=True)
        signed = built.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def papers(self, *hosts: str) -> Papers:
        """A certificate for these hosts and addresses; ``papers("client")`` does for a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = []
        for host in hosts:
            try:
                names.append(x509.IPAddress(ipaddress.ip_address(host)))
            except ValueError:
                names.append(x509.DNSName(host))
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        built = self._begun(name, key).add_extension(x509.SubjectAlternativeName(names), critical=False)
        signed = built.sign(self._key, hashes.SHA256())
        found = Papers(self._folder / f"{hosts[0]}.pem", self._folder / f"{hosts[0]}.key")
        found.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        found.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        found.key.chmod(0o600)
        return found

    def _begun(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(identifier, critical=False)
        )


class TlsProxy(Listener):
    """Speaks TLS to who comes, and carries the bytes to a port of this machine and back.

    ``clients``: the authority whose certificates a client has to have; None: it needs none. ``newest``: the newest
    version of TLS that it speaks. ``serves_all``: who speaks no TLS is carried too, as the servers among themselves.
    """

    def __init__(
        self,
        port: int,
        papers: Papers,
        clients: Authority | None = None,
        newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
        serves_all: bool = False,
    ) -> None:
        super().__init__()
        self._server_port = port
        self._serves_all = serves_all
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if newest != ssl.TLSVersion.MAXIMUM_SUPPORTED:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of TLS 1.1, which is just what a test wants
                self._context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
                self._context.maximum_version = newest
            self._context.set_ciphers("ALL:@SECLEVEL=0")
        self._context.load_cert_chain(papers.certificate, papers.key)
        if clients is not None:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(clients.certificate)
        self.versions: list[str | None] = []
        self._run(self._accept)

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            self._sockets.append(client)
            self._run(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        if self._serves_all and client.recv(1, socket.MSG_PEEK) != HANDSHAKE:
            self._connect(client)
            return
        with self._context.wrap_socket(client, server_side=True) as speaking:
            self._sockets.append(speaking)
            self.versions.append(speaking.version())
            self._connect(speaking)

    def _connect(self, client: socket.socket) -> None:
        server = socket.create_connection((ADDRESS, self._server_port))
        self._sockets.append(server)
        back = self._run(self._carry, server, client)
        self._carry(client, server)
        back.join()

    @staticmethod
    def _carry(source: socket.socket, target: socket.socket) -> None:
        try:
            with suppress(OSError):
                while data := source.recv(1 << 16):
                    target.sendall(data)
        finally:
            for one in (source, target):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


@contextmanager
def a_tls_proxy(
    port: int,
    papers: Papers,
    clients: Authority | None = None,
    newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    serves_all: bool = False,
) -> Iterator[TlsProxy]:
    proxy = TlsProxy(port, papers, clients, newest, serves_all)
    try:
        yield proxy
    finally:
        proxy.close()
