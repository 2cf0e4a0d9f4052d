"""A canary in every secret: it is in nothing that is written or shown, by either engine."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psutil
import pytest

from tests.support.mixed_project import ProjectState

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PROGRAM = """
import base64, json, logging, os, sys, urllib.parse
import pulumi
from prefect_pulumi.resources import *

given = os.environ["CANARY_TOKEN"]
token = pulumi.Output.secret(given)
config = pulumi.Config()
name, mode = config.require("name"), os.environ.get("CANARY_MODE", "quiet")
configured = config.require_secret("password")

def shout(text):
    print("raw", text, json.dumps({"k": text}), repr([text]), urllib.parse.quote(text, safe=""))
    print(base64.b64encode(b"user:" + text.encode()).decode(), file=sys.stderr)
    for part in (text[:7], text[7:], chr(10)):
        sys.stdout.write(part)
        sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    logging.getLogger("program").warning("log %s", text)
    pulumi.log.warn("engine log " + text)

shout(given)
configured.apply(shout)
variable = Variable(f"v_{name}", value=token)
SecretBlock(f"s-{name}", value=configured, opts=pulumi.ResourceOptions(depends_on=[variable]))
pulumi.export("token", token)
pulumi.export("echo", pulumi.Output.concat("it is ", token))
if mode == "raise":
    raise ValueError(f"cannot use {given}")
if mode == "exit":
    sys.exit(f"ended by {given}")
"""


class Canary:
    """Two secrets with characters that get escaped; `where` they or a part of them are found."""

    def __init__(self) -> None:
        self.token = f'cnry/{uuid4().hex}"+tail'
        self.password = f"pass wd\\{uuid4().hex}&end"

    def where(self, text: str) -> list[str]:
        found = []
        for secret in (self.token, self.password):
            core = re.search(r"[0-9a-f]{32}", secret)
            assert core is not None
            codes = [base64.b64encode(b"x" * shift + secret.encode()).decode()[4:-8] for shift in range(3)]
            for part in (secret, core[0], core[0][:16], quote(secret, safe="")[:20], *codes):
                if part in text:
                    found.append(text[max(0, text.index(part) - 60) : text.index(part) + 80])
        return found

    def in_files(self, root: Path) -> list[str]:
        paths = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
        assert paths
        return [f"{path}: {each}" for path in paths for each in self.where(path.read_bytes().decode("latin-1"))]


@pytest.fixture
def canary() -> Canary:
    return Canary()


@pytest.fixture
def nest(small: Any, canary: Canary, proxy: Any, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    small.edit("Pulumi.dev.yaml", prefect_server, proxy.api)
    small.write(PROGRAM)
    monkeypatch.setenv("CANARY_TOKEN", canary.token)
    small.infra("config", "set", "name", uuid4().hex[:8])
    secret = small.root / "secret.txt"
    secret.write_text(canary.password)
    with secret.open() as stream:
        command = [sys.executable, "-m", "prefect_pulumi.cli.main", "config", "set", "--secret", "password"]
        subprocess.run(command, cwd=small.root, stdin=stream, check=True)
    secret.unlink()
    return small


@contextlib.contextmanager
def watched(canary: Canary) -> Iterator[list[str]]:
    """What of the canary stands in the command lines of this process's descendants meanwhile."""
    seen: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for process in psutil.Process(os.getpid()).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    seen.extend(canary.where("\n".join(process.cmdline())))
            time.sleep(0.05)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def refuses(path: str) -> Any:
    return lambda method, route: method == "POST" and path in route


@pytest.fixture
def world(nest: Any) -> Any:
    return ProjectState(nest)


@pytest.mark.state_files
def test_the_embedded_engine_keeps_it(world: Any, warm: Any, canary: Canary, proxy: Any) -> None:
    root = world.project.root

    def run(*words: str, code: int = 0, mode: str = "quiet", fail: str = "") -> str:
        proxy.plan.once = [(refuses(fail), "422")] if fail else []
        done = warm.infra(world, *words, env={"CANARY_MODE": mode, "CANARY_TOKEN": canary.token})
        assert done["code"] == code, done["output"]
        assert canary.where(done["output"]) == []
        if "--json" in words:
            json.loads(done["stdout"])
        return str(done["output"])

    with watched(canary) as seen:
        assert run("preview").count("[secret]") > 10
        assert "ValueError: cannot use [secret]" in run("preview", mode="raise", code=1)
        run("preview", "--json", mode="raise", code=1)
        run("up", "--yes", mode="exit", code=1)
        assert "cannot take" in run("up", "--yes", fail="/variables/", code=1)
        assert "cannot take" in run("up", "--yes", "--json", fail="/block_documents/", code=1)
        assert canary.in_files(root) == []
        run("up", "--yes", "--json")
        assert "[secret]" in run("outputs")
        run("refresh", "--yes")
        run("preview", "--json", "--refresh")
        run("stack", "export")
        assert canary.in_files(root) == []
        looked_at = {path.name for path in (root / ".infra/state/.pulumi").iterdir()}
        assert looked_at >= {"stacks", "history", "backups", "locks"}
        run("destroy", "--yes")
    assert seen == []
    assert canary.in_files(root) == []


def test_the_journal_of_a_killed_run_keeps_it(world: Any, canary: Canary, warm: Any) -> None:
    answer = warm.infra(world, "up", "--yes", kill=35, env={"CANARY_TOKEN": canary.token})
    assert answer["code"] == -9
    assert canary.where(answer["output"]) == []
    assert world.journal.exists()
    assert canary.in_files(world.project.root) == []


def test_the_official_cli_keeps_it(
    nest: Any, canary: Canary, proxy: Any, official: Any, official_up_apart: Any
) -> None:
    """The program's own prints are the CLI's affair; what the provider says and what is stored is ours."""
    (nest.root / "infra" / "__main__.py").write_text(PROGRAM.replace("shout(given)", "").replace(".apply(shout)", ""))
    for route in ("/variables/", "/block_documents/"):
        proxy.plan.once = [(refuses(route), "422")]
        with watched(canary) as seen, official_up_apart() as running:
            shown, _ = running.communicate(timeout=120)
        assert running.returncode != 0
        assert "cannot take" in shown
        assert seen == []
        assert canary.where(shown) == []
    official.up()
    assert canary.in_files(nest.root) == []
    official.destroy()
    assert canary.in_files(nest.root) == []
