"""A Docker daemon and a base image for the tests: what is there is used, what is missing is made where it can be.

Without a daemon that answers on a local socket, one is started from `dockerd` (as root) in a folder of its own and
stopped by its own pid. Where no registry is reached, the base image comes from `debootstrap`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.errors import ImageNotFound

REPOSITORY = Path(__file__).parents[2]
BASE = "prefect-infra-test/python:bookworm"
START_SECONDS = 60.0
STARTS = 3


class NoDaemon(Exception):
    """Why there is none."""


@contextmanager
def daemon() -> Iterator[str]:
    """Address of a daemon. Raises `NoDaemon`."""
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if _answers(host):
        yield host
        return
    program = shutil.which("dockerd")
    if program is None or os.geteuid() != 0:
        raise NoDaemon("no Docker daemon answers, and there is no dockerd to start as root")
    # Short: a socket's path has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="dockerd-"))
    try:
        process = _start(program, folder)
        try:
            yield f"unix://{folder}/docker.sock"
        finally:
            _end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bridge(address: str) -> str:
    """This machine's address on the daemon's own network: containers reach what listens there, the world outside does
    not."""
    client = docker.DockerClient(base_url=address)
    try:
        found: str = client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
        return found
    finally:
        client.close()


def _start(program: str, folder: Path) -> subprocess.Popen[bytes]:
    """A daemon that answers. The first one on a machine may fail while the kernel loads its packet filter."""
    host = f"unix://{folder}/docker.sock"
    options = ["--data-root", str(folder / "data"), "--exec-root", str(folder / "exec"), "-H", host]
    for _ in range(STARTS):
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([program, *options, "--pidfile", str(folder / "pid")], stdout=log, stderr=log)
        end = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < end:
            if _answers(host):
                return process
            time.sleep(0.3)
        _end(process)
    raise NoDaemon("dockerd does not start: " + (folder / "log").read_text()[-400:])


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers(host: str) -> bool:
    """Whether a daemon answers there. Asked by hand: the SDK leaks a socket for each connection that is refused."""
    if not host.startswith("unix://"):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(10)
        try:
            probe.connect(host.removeprefix("unix://"))
            probe.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b"200 OK" in probe.recv(64)
        except OSError:
            return False


def base_image(host: str, scratch: Path) -> tuple[str, str]:
    """An image with Python in `host`, and that Python's version. Raises `NoDaemon` when none can be made."""
    client = docker.DockerClient(base_url=host, timeout=600)
    try:
        try:
            client.images.get(BASE)
        except ImageNotFound:
            _make(client, scratch)
        version = client.containers.run(
            BASE, ["python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], remove=True
        )
        return BASE, version.decode().strip()
    finally:
        client.close()


def _make(client: docker.DockerClient, scratch: Path) -> None:
    program = shutil.which("debootstrap")
    if program is None:
        raise NoDaemon("there is no debootstrap to make a base image with")
    root, tar = scratch / "base", scratch / "base.tar"
    packages = "python3,python3-venv,ca-certificates"
    command = [program, "--variant=minbase", f"--include={packages}", "bookworm", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoDaemon("debootstrap failed: " + done.stdout[-400:])
    subprocess.run(["tar", "-C", str(root), "-cf", str(tar), "."], check=True)
    repository, tag = BASE.split(":")
    client.api.import_image_from_file(str(tar), repository=repository, tag=tag)
    shutil.rmtree(root)
    tar.unlink()


def wheelhouse(folder: Path, version: str, *packages: str) -> None:
    """Every wheel that the worker image with `packages` needs, for a Python of that version."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--dest", str(folder)]
    command += ["--constraint", str(REPOSITORY / "constraints.txt")]
    command += ["--requirement", str(REPOSITORY / "worker" / "requirements.txt")]
    # pip judges environment markers by its own Python: redis needs this one below 3.11.3.
    command += ["--python-version", version, "--only-binary", ":all:", "async-timeout", "pip", *packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoDaemon("pip download failed: " + done.stderr[-400:])


def give_wheels(root: Path, wheels: Path) -> None:
    """To a project whose worker image is built from them."""
    (root / "worker" / "wheelhouse").mkdir()
    for wheel in wheels.iterdir():
        (root / "worker" / "wheelhouse" / wheel.name).hardlink_to(wheel)
