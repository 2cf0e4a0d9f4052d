"""Services of buckets on loopback: S3 by moto, Azure by Azurite."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.support.child import Child

S3_SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""
S3_KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "canary-secret-key", "AWS_REGION": "us-east-1"}


@dataclass
class BucketService:
    """A running service. `environment`: credentials and switches for those who use it."""

    scheme: str
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)

    def bucket(self, name: str) -> None:
        """Creates a bucket."""
        signature = (
            "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"
        )
        answer = httpx.put(f"http://127.0.0.1:{self.port}/{name}", headers={"Authorization": signature})
        assert answer.status_code == 200, answer.text

    def url(self, path: str, port: int = 0) -> str:
        """The backend's URL of `bucket/prefix`, through a proxy's `port` if one is given."""
        return f"s3://{path}?endpoint=http://127.0.0.1:{port or self.port}&s3ForcePathStyle=true&region=us-east-1"


@contextmanager
def s3_service() -> Iterator[BucketService]:
    """moto's server: it has conditional writes."""
    with Child(
        [sys.executable, "-W", "ignore", "-c", S3_SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        port = int(next(line for line in server.stdout if line.strip().isdecimal()))
        yield BucketService("s3", port, S3_KEYS)
        assert server.stdin is not None
        server.stdin.close()
        server.wait(timeout=20)
