"""An nginx before a Prefect server, as gateways stand before those of teams: each in a location or port of its own."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from prefect_pulumi.testing.ports import free_port
from tests.support.wait import until

TOKEN = "token-of-the-gateway"
USER = "gate:keeper-of-it"

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 50m;
  upstream prefect {{ {upstreams} keepalive 16; }}
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://prefect; }}
    location /team/prefect/ {{ proxy_pass http://prefect/; }}
    location /basic/ {{
      auth_basic "gateway";
      auth_basic_user_file {folder}/users;
      proxy_pass http://prefect/;
    }}
    location /token/ {{
      if ($http_x_gateway_token != "{token}") {{ return 401 '{{"message": "who are you?"}}'; }}
      proxy_pass http://prefect/;
    }}
    location /login/ {{ return 302 /sign-in; }}
    location /sign-in {{ default_type text/html; return 200 "<title>Sign in</title>"; }}
    location /page/ {{ default_type text/html; return 200 "<title>Sign in</title>"; }}
    location /idle/ {{ keepalive_timeout 1s; proxy_pass http://prefect/; }}
    location /old/ {{
      keepalive_timeout 0;
      chunked_transfer_encoding off;
      proxy_http_version 1.0;
      proxy_set_header Connection "";
      proxy_pass http://prefect/;
    }}
  }}
  server {{
    listen 127.0.0.1:{tls_port} ssl;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.key;
    location / {{ proxy_pass http://prefect; }}
    location /token/ {{
      if ($http_x_gateway_token != "{token}") {{ return 401 '{{"message": "who are you?"}}'; }}
      proxy_pass http://prefect/;
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Gateway:
    """`authority`: the PEM file of the private CA that the TLS port's certificate is of."""

    port: int
    tls_port: int
    authority: Path

    def url(self, location: str = "") -> str:
        return f"http://127.0.0.1:{self.port}{location}/api"

    def tls_url(self, location: str = "", host: str = "127.0.0.1") -> str:
        return f"https://{host}:{self.tls_port}{location}/api"


@contextmanager
def gateway(api_urls: Sequence[str], folder: Path) -> Iterator[Gateway]:
    """Balances between the servers. Skips where there is no nginx."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("no nginx: apt-get install nginx-light")
    _certificates(folder)
    (folder / "users").write_text(USER.replace(":", ":{PLAIN}") + "\n")
    known = Gateway(free_port(), free_port(), folder / "authority.pem")
    text = CONFIGURATION.format(
        folder=folder,
        port=known.port,
        tls_port=known.tls_port,
        token=TOKEN,
        upstreams=" ".join(f"server {urlsplit(url).netloc};" for url in api_urls),
    )
    (folder / "nginx.conf").write_text(text)
    command = [program, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def answers() -> bool:
        assert process.poll() is None, (folder / "error.log").read_text()
        try:
            return httpx.get(f"http://127.0.0.1:{known.port}/sign-in", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        until(answers)
        yield known
    finally:
        process.terminate()
        process.wait(timeout=30)


def _certificates(folder: Path) -> None:
    """A private CA, and the certificate of 127.0.0.1 that it signs."""
    key, authority_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of the team")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prefect")])
    now = datetime.now(UTC)
    begun, end = now - timedelta(days=1), now + timedelta(days=1)

    def builder(name: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        certificate = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(public)
        return certificate.serial_number(x509.random_serial_number()).not_valid_before(begun).not_valid_after(end)

    authority = (
        builder(issuer, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(authority_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    own = builder(subject, key.public_key()).add_extension(names, critical=False)
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    own = own.add_extension(authority_id, critical=False)
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    (folder / "server.pem").write_bytes(own.sign(authority_key, hashes.SHA256()).public_bytes(pem))
    (folder / "server.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
