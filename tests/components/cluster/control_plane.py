"""A Kubernetes control plane of one's own: etcd, API server, controllers and scheduler as processes of the tests.

The binaries are those that `make kubernetes` builds; etcd is the system's. Everything listens at `address`, and is
stopped by its own pid.
"""

from __future__ import annotations

import base64
import json
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from prefect_pulumi.testing.ports import free_port

BINARIES = Path(__file__).parents[3] / ".infra" / "bin" / "kubernetes"
PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
TOKEN = "of-the-tests"
SERVICES = "10.96.0.0/24"
AUDIT = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, nonResourceURLs: ["*"]}
- {level: None, userGroups: ["system:masters", "system:nodes"]}
- {level: Metadata}
"""
START_SECONDS = 120.0


class NoCluster(Exception):
    """Why there is none."""


def missing(*programs: str) -> list[str]:
    """What is not there to start a cluster with."""
    absent = [name for name in programs or PROGRAMS if not (BINARIES / name).is_file()]
    return absent if shutil.which("etcd") else [*absent, "etcd"]


class Processes:
    """Programs that run until they are stopped, each with a log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, program: str, *options: str, environment: dict[str, str] | None = None) -> None:
        name = Path(program).name
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen([program, *options], stdout=log, stderr=log, env=environment)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def wait(self, name: str, condition: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Until `condition` holds. Raises `NoCluster` with the end of the log when the program ended or time is up."""
        end = time.monotonic() + seconds
        while not condition():
            if self._running[name].poll() is not None or time.monotonic() > end:
                raise NoCluster(f"{name} does not start: {self.log(name).read_text(errors='replace')[-1500:]}")
            time.sleep(0.2)

    def stop(self, *names: str) -> None:
        """Those of `names`, else all, the last one first."""
        for name in names or tuple(reversed(self._running)):
            process = self._running.pop(name)
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class ControlPlane:
    """`api` talks to the API server as its administrator; `kubeconfig` is a file that does the same."""

    def __init__(self, folder: Path, address: str, port: int) -> None:
        self.folder, self.url = folder, f"https://{address}:{port}"
        self.processes = Processes(folder)
        self.kubeconfig = folder / "admin.kubeconfig"
        try:
            self._start(address, port)
        except BaseException:
            self.processes.stop()
            raise

    def _start(self, address: str, port: int) -> None:
        etcd, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self.processes.start(
            cast(str, shutil.which("etcd")),
            *("--data-dir", str(self.folder / "etcd"), "--log-level", "warn"),
            *("--listen-client-urls", etcd, "--advertise-client-urls", etcd),
            *("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers),
            *("--initial-cluster", f"default={peers}"),
        )
        key, tokens = self.folder / "accounts.key", self.folder / "tokens.csv"
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key.write_bytes(
            private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        tokens.write_text(f'{TOKEN},tests,1,"system:masters"\n')
        certificates, policy = self.folder / "certificates", self.folder / "audit.yaml"
        policy.write_text(AUDIT)
        self.processes.start(
            str(BINARIES / "kube-apiserver"),
            *("--etcd-servers", etcd, "--bind-address", address, "--secure-port", str(port)),
            *("--advertise-address", address, "--endpoint-reconciler-type", "none"),
            *("--cert-dir", str(certificates), "--token-auth-file", str(tokens)),
            *("--authorization-mode", "RBAC", "--service-cluster-ip-range", SERVICES),
            *("--kubelet-preferred-address-types", "InternalIP"),
            *("--audit-policy-file", str(policy), "--audit-log-path", str(self.folder / "audit.log")),
            *("--service-account-issuer", "https://kubernetes.default.svc"),
            *("--service-account-key-file", str(key), "--service-account-signing-key-file", str(key)),
        )
        authority = certificates / "apiserver.crt"
        self.processes.wait("kube-apiserver", authority.is_file)
        self.authority = authority.read_text()
        self.api = self.client(TOKEN)
        self.processes.wait("kube-apiserver", lambda: _ready(self.api))
        self.write_kubeconfig(self.kubeconfig, TOKEN)
        common = ("--kubeconfig", str(self.kubeconfig), "--leader-elect=false", "--secure-port=0")
        self.processes.start(
            str(BINARIES / "kube-controller-manager"),
            *common,
            *("--service-account-private-key-file", str(key), "--root-ca-file", str(authority)),
        )
        self.processes.start(str(BINARIES / "kube-scheduler"), *common)

    def client(self, token: str) -> httpx.Client:
        """The API server, asked by the bearer of `token`."""
        trust = ssl.create_default_context(cadata=self.authority)
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, verify=trust, timeout=60)

    def write_kubeconfig(self, path: Path, token: str, namespace: str = "default") -> None:
        authority = base64.b64encode(self.authority.encode()).decode()
        cluster = {"server": self.url, "certificate-authority-data": authority}
        context = {"cluster": "tests", "user": "tests", "namespace": namespace}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "tests", "cluster": cluster}],
            "users": [{"name": "tests", "user": {"token": token}}],
            "contexts": [{"name": "tests", "context": context}],
            "current-context": "tests",
        }
        path.write_text(yaml.safe_dump(content))

    def get(self, path: str) -> Any:
        """What the server has at `path`, None when it has nothing there."""
        answer = self.api.get(path)
        return None if answer.status_code == 404 else answer.raise_for_status().json()

    def asked(self, user: str) -> list[dict[str, Any]]:
        """The requests of `user` so far, as the server's audit log has them (audit.k8s.io/v1 Event)."""
        lines = (self.folder / "audit.log").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["user"]["username"] == user]

    def patch(self, path: str, change: Any) -> Any:
        """A strategic merge patch, as `kubectl patch` sends it."""
        headers = {"Content-Type": "application/strategic-merge-patch+json"}
        return self.api.patch(path, json=change, headers=headers).raise_for_status().json()

    def close(self) -> None:
        self.api.close()
        self.processes.stop()


def _ready(api: httpx.Client) -> bool:
    try:
        return api.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def control_plane(folder: Path, address: str = "127.0.0.1", port: int = 0) -> Iterator[ControlPlane]:
    """Raises `NoCluster` where it cannot be started."""
    absent = missing()
    if absent:
        raise NoCluster(f"{', '.join(absent)} not found: `make kubernetes` builds them, Debian has etcd-server")
    started = ControlPlane(folder, address, port or free_port())
    try:
        yield started
    finally:
        started.close()
