"""The center's own certificate authority, and the TLS contexts of both ends.

Terminals trust this authority and nothing else, and always expect the name `silian-center`, whatever the address.
The authority's key stays in the key store; the server's key lives as long as the process and is never in a file in
the clear. Certificates are valid from 2000 to 2049, because a terminal whose clock is years off must still connect:
what is refused is refused by key, and a lost key means a new authority.
"""

import os
import secrets
import ssl
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from desktop_app.domain.faults import HostFault
from sync.identity.files import write_whole
from sync.identity.keystore import KeyStore

SERVER_NAME = "silian-center"
AUTHORITY_KEY = "authority-key"
CA_FILE = "ca.pem"
_FROM, _UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)


class Authority:
    """Signs the center's server certificate; made once per center."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate

    @property
    def ca_pem(self) -> str:
        """The authority's certificate, which every terminal of this center keeps."""
        return self._certificate.public_bytes(Encoding.PEM).decode()

    @classmethod
    def open(cls, folder: Path, keys: KeyStore) -> "Authority":
        """The folder's authority, made at first use. HostFault `authority-damaged` when key and certificate part."""
        path, der = folder / CA_FILE, keys.read(AUTHORITY_KEY)
        if der is None and not path.exists():
            return cls._make(path, keys)
        try:
            if der is None:
                raise ValueError("the key is not in the key store")
            key = load_der_private_key(der, None)
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
            if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
                raise ValueError("the certificate is not the key's")
        except (OSError, ValueError) as err:
            raise HostFault("authority-damaged", file=str(path)) from err
        return cls(key, certificate)

    @classmethod
    def _make(cls, path: Path, keys: KeyStore) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Silian center {secrets.token_hex(4)}")])
        certificate = (
            _builder(name, name, key.public_key(), key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.NameConstraints([x509.DNSName(SERVER_NAME)], None), critical=True)
            .sign(key, SHA256())
        )
        write_whole(path, certificate.public_bytes(Encoding.PEM))
        keys.write(AUTHORITY_KEY, key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
        return cls(key, certificate)

    def server_context(self) -> ssl.SSLContext:
        """A TLS 1.3 context with a certificate for `silian-center` under a key made for this process alone."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERVER_NAME)])
        certificate = (
            _builder(name, self._certificate.subject, key.public_key(), self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(SERVER_NAME)]), critical=False)
            .sign(self._key, SHA256())
        )
        password = secrets.token_hex(32)
        sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        descriptor, file = tempfile.mkstemp(suffix=".pem")  # the standard library loads a chain from a file only
        try:
            with os.fdopen(descriptor, "wb") as chain:
                chain.write(sealed + certificate.public_bytes(Encoding.PEM))
            context.load_cert_chain(file, password=password)
        finally:
            os.unlink(file)
        return context


def tls_context(ca_pem: str) -> ssl.SSLContext:
    """A terminal's context: this authority or nothing. Connect with the server name `SERVER_NAME`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=ca_pem)
    return context


def stranger_context() -> ssl.SSLContext:
    """For the very first contact: it trusts anybody, so nothing that it brings may be believed by itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def fingerprint(ca_pem: str) -> bytes:
    """SHA-256 of the certificate's DER, 32 bytes; ValueError for what is no certificate."""
    return x509.load_pem_x509_certificate(ca_pem.encode()).fingerprint(SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, signer: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
