"""Which resources live on a server of the stack itself, by the address of their provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.app.session.local_server import StackServers
from prefect_pulumi.core.values import UNKNOWN, Secret
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.entries import ResourceEntry, make_urn

API = "http://127.0.0.1:4200/api"
SERVER = make_urn("dev", "p", "prefect:index:LocalServer", "server")
DEFAULT = make_urn("dev", "p", "pulumi:providers:prefect", "default")
OTHER = make_urn("dev", "p", "pulumi:providers:other", "default")
VARIABLE = make_urn("dev", "p", "prefect:index:Variable", "v")


def provider(
    api_url: object, urn: str = DEFAULT, type: str = "pulumi:providers:prefect", **fields: object
) -> ResourceEntry:
    inputs = {} if api_url is None else {"apiUrl": api_url}
    return ResourceEntry(urn, type, True, id="1", inputs=inputs, **fields)  # type: ignore[arg-type]


def server(**fields: object) -> ResourceEntry:
    fields = {"outputs": {"apiUrl": API}, **fields}
    return ResourceEntry(SERVER, "prefect:index:LocalServer", True, id="d", provider=f"{DEFAULT}::1", **fields)  # type: ignore[arg-type]


def variable(used: str = DEFAULT, **fields: object) -> ResourceEntry:
    return ResourceEntry(VARIABLE, "prefect:index:Variable", True, id="x", provider=f"{used}::1", **fields)  # type: ignore[arg-type]


CASES = {
    "its address": ([provider(API), server(), variable()], True),
    "spelled otherwise": ([provider("http://localhost:4200/api/"), server(), variable()], True),
    "a secret": ([provider(Secret(API)), server(), variable()], True),
    "from the environment": ([provider(None), server(), variable()], True),
    "another port": ([provider("http://127.0.0.1:4201/api"), server(), variable()], False),
    "another host": ([provider("https://prefect.example.com/api"), server(), variable()], False),
    "no address": ([provider(""), server(), variable()], False),
    "not known yet": ([provider(UNKNOWN), server(outputs={"apiUrl": UNKNOWN}), variable()], False),
    "no port": ([provider("http://[/api"), server(), variable()], False),
    "no server": ([provider(API), variable()], False),
    "another package": ([provider(API, OTHER, "pulumi:providers:other"), server(), variable(OTHER)], False),
    "refers to it already": ([server(), provider(API, dependencies=[SERVER]), variable()], False),
    "the server uses it": ([provider(API), variable(), server(dependencies=[VARIABLE])], False),
}


@pytest.mark.parametrize("case", CASES)
def test_who_lives_on_it(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries, lives = CASES[case]
    if case == "from the environment":
        monkeypatch.setenv("PREFECT_API_URL", API)
    hosts = StackServers(Stack(tmp_path, "dev"), print).hosts(entries)
    assert hosts == ({VARIABLE: SERVER} if lives else {})
