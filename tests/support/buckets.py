"""Services of buckets on loopback, and the bucket in which every project of a run of tests keeps its state.

`TEST_BACKEND=s3` puts the states of all projects that `tests.support` writes into buckets (`make matrix`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from uuid import uuid4

import httpx

from prefect_pulumi.testing.ports import free_port
from tests.support.child import Child
from tests.support.wait import until

REPOSITORY = Path(__file__).parents[2]

S3_SERVER = """
import sys, threading, time
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.server import ThreadedMotoServer
answer = DomainDispatcherApplication.__call__
alone = threading.Lock()  # it compares and writes in two steps
def late(self, *arguments):
    time.sleep(float(sys.argv[1]))
    with alone:
        return answer(self, *arguments)
DomainDispatcherApplication.__call__ = late
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


CHOICE = "TEST_BACKEND"
ROOT = "TEST_BACKEND_ROOT"
"""Variable with the URL of the bucket, `*` in the place of the project's own prefix."""


def project_backend() -> dict[str, str]:
    """`backend` of a new project's Pulumi.yaml; empty where states are in files."""
    root = os.environ.get(ROOT, "")
    return {"url": root.replace("*", uuid4().hex)} if root else {}


@contextmanager
def chosen_backend() -> Iterator[None]:
    """Starts the service that `TEST_BACKEND` names, for all projects and processes of this run."""
    if os.environ.get(CHOICE, "") != "s3":
        yield
        return
    with s3_service() as service:
        service.bucket("states")
        os.environ.update({**service.environment, ROOT: service.url("states/*")})
        yield


AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The published key of the emulator's one account."""


def find_azurite() -> str | None:
    """Azurite's blob service: from PATH, or as `make azurite` installs it."""
    built = REPOSITORY / ".infra" / "node_modules" / ".bin" / "azurite-blob"
    return shutil.which("azurite-blob") or (str(built) if built.is_file() else None)


@contextmanager
def azure_service(program: str, folder: Path) -> Iterator[int]:
    """Azurite; its port."""
    port = free_port()
    words = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder)]
    words += ["--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    with Child([program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        until(lambda: answers(port), seconds=60, interval=0.1)
        yield port
        server.terminate()
        server.wait(timeout=20)


def answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/")
    except httpx.TransportError:
        return False
    return True


def azure_container(port: int, name: str) -> str:
    """Creates a container of Azurite; its URL as a backend."""
    date = format_datetime(datetime.now(UTC), usegmt=True)
    headers = {"x-ms-date": date, "x-ms-version": "2021-08-06"}
    lines = "".join(f"{key}:{value}\n" for key, value in headers.items())
    text = f"PUT{chr(10) * 12}{lines}/devstoreaccount1/devstoreaccount1/{name}\nrestype:container"
    digest = hmac.new(base64.b64decode(AZURITE_KEY), text.encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey devstoreaccount1:{base64.b64encode(digest).decode()}"
    answer = httpx.put(f"http://127.0.0.1:{port}/devstoreaccount1/{name}?restype=container", headers=headers)
    assert answer.status_code == 201, answer.text
    return f"azblob://{name}/a/prefix?storage_account=devstoreaccount1&domain=127.0.0.1:{port}&localemu=true"


@contextmanager
def s3_service(delay: float = 0.0) -> Iterator[BucketService]:
    """moto's server: it has conditional writes. `delay`: seconds by which each answer is late."""
    with Child(
        [sys.executable, "-W", "ignore", "-c", S3_SERVER, str(delay)],
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
