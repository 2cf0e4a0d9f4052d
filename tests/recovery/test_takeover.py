"""Two engines, one state: locks both ways, history, what is sound, and what the official CLI's crash leaves."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from prefect_pulumi.state import checkpoint
from tests.support.buckets import CHOICE
from tests.support.fault_proxy import FaultPlan
from tests.support.wait import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
SIZE = 40


def cli(official: Any, exports: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(official.cli.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    home = official.project.root / ".infra" / "pulumi-home"
    return subprocess.run(
        [str(official.cli), *words, "--non-interactive"],
        cwd=official.project.root,
        env={**os.environ, **exports, "PATH": path, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"},
        capture_output=True,
        text=True,
        timeout=120,
    )


wait_for = partial(until, seconds=90, interval=0.02)


def plugin_of(process: Any) -> psutil.Process | None:
    for child in psutil.Process(process.pid).children(recursive=True):
        if "pulumi-resource-prefect" in " ".join(child.cmdline()):
            return child
    return None


def test_a_killed_provider_leaves_no_orphan_and_no_conflict(
    faulty: Any, proxy: Any, official: Any, official_up_apart: Any, warm: Any
) -> None:
    """The objects whose creation was under way are taken over by the next `pulumi up`."""
    world = faulty(SIZE)
    proxy.plan = FaultPlan(share=1.0, faults=("late",), late=0.2)
    with official_up_apart() as running:
        wait_for(lambda: len([call for call in proxy.calls if call.method == "POST"]) > 8)
        plugin = plugin_of(running)
        assert plugin is not None
        plugin.kill()
        running.communicate(timeout=120)
    assert running.returncode != 0
    proxy.plan = FaultPlan()
    official.up()
    world.check(SIZE)
    assert warm.infra(world, "preview", "--refresh", "--expect-no-changes")["code"] == 0


def test_a_killed_cli_is_healed_by_the_embedded_engine(
    faulty: Any, proxy: Any, official: Any, official_up_apart: Any, warm: Any
) -> None:
    world = faulty(SIZE)
    proxy.plan = FaultPlan(share=1.0, faults=("late",), late=0.2)
    with official_up_apart() as running:
        wait_for(lambda: len([call for call in proxy.calls if call.method == "POST"]) > 8)
        family = psutil.Process(running.pid).children(recursive=True)
        plugin = plugin_of(running)
        for process in family:
            if process.name() == "pulumi":
                process.kill()
        running.kill()
        running.communicate()
    assert plugin is not None
    wait_for(lambda: not plugin.is_running() or plugin.status() == psutil.STATUS_ZOMBIE)  # it notices by itself
    proxy.plan = FaultPlan()
    if CHOICE in os.environ:  # a process number of the CLI's lock says nothing of another machine
        refused = warm.infra(world, "up", "--yes")
        assert (refused["code"], "infra cancel -s dev" in refused["output"]) == (4, True)
        assert warm.infra(world, "cancel", "-s", "dev")["code"] == 0
    done = warm.infra(world, "up", "--yes")
    assert done["code"] == 0, done["output"]
    world.check(SIZE)
    assert official.changes(refresh=True) == {}


@pytest.mark.state_files
def test_the_cli_goes_on_from_a_dead_run_that_nobody_settled(faulty: Any, official: Any, warm: Any) -> None:
    """`pulumi cancel` and `pulumi up`, with the embedded engine's journal out of reach."""
    world = faulty(SIZE)
    assert warm.infra(world, "up", "--yes", kill=300)["code"] == -9
    world.journal.clear()
    for lock in (world.folder / "locks/organization/prefect-infra/dev").iterdir():
        lock.unlink()
    official.up()
    world.check(SIZE)
    assert official.changes(refresh=True) == {}


@pytest.mark.state_files
def test_locks_both_ways_and_history(
    faulty: Any, proxy: Any, official: Any, official_up_apart: Any, started: Any, warm: Any
) -> None:
    world = faulty(SIZE)
    proxy.plan = FaultPlan(share=1.0, faults=("late",), late=0.5)
    with started("up", "--yes") as running:
        wait_for(lambda: len(proxy.calls) > 2)
        second = warm.infra(world, "up", "--yes")
        assert second["code"] == 4
        assert f"(pid {running.pid}) since 20" in second["output"]
        cancelled = warm.infra(world, "cancel")
        assert cancelled["code"] == 4
        assert f"still running on this machine (pid {running.pid})" in cancelled["output"]
        with official_up_apart() as other:
            shown, _ = other.communicate(timeout=60)
        assert other.returncode != 0
        assert str(running.pid) in shown
        proxy.plan = FaultPlan()
        shown, _ = running.communicate(timeout=60)
    assert running.returncode == 0, shown
    world.check(SIZE)
    small = official.project
    text = (small.root / "infra" / "__main__.py").read_text()
    small.write(text.replace("limit=2)", "limit=3)"))
    proxy.plan = FaultPlan(share=1.0, faults=("late",), late=3.0)
    calls = len(proxy.calls)
    with official_up_apart() as other:
        wait_for(lambda: len(proxy.calls) > calls)
        refused = warm.infra(world, "up", "--yes")
        assert refused["code"] == 4
        assert "is locked by" in refused["output"]
        other.communicate(timeout=60)
    assert other.returncode == 0
    proxy.plan = FaultPlan()
    small.write(text + "raise SystemExit(3)\n")
    assert warm.infra(world, "up", "--yes")["code"] == 1
    small.write(text)
    assert warm.infra(world, "destroy", "--yes")["code"] == 0
    exports = json.loads(small.infra("env", "--json").stdout)
    history = json.loads(cli(official, exports, "stack", "history", "-s", "dev", "--json").stdout)
    kinds = [(entry["kind"], entry["result"]) for entry in history]
    assert kinds == [("destroy", "succeeded"), ("update", "succeeded"), ("update", "succeeded")]
    assert history[2]["resourceChanges"]["create"] == SIZE + 1
    assert history[0]["resourceChanges"]["delete"] == SIZE + 1
    backups = sorted((world.folder / "backups/prefect-infra/dev").glob("dev.*.json"))
    assert len(backups) >= 2


Edit = Callable[[dict[str, Any]], Any]
MUTATIONS: dict[str, Edit] = {
    "sound": lambda d: None,
    "magic": lambda d: d["manifest"].update(magic="0" * 64),
    "no urn": lambda d: d["resources"][3].pop("urn"),
    "no type": lambda d: d["resources"][3].pop("type"),
    "component with id": lambda d: d["resources"][0].update(id="x"),
    "unknown provider": lambda d: d["resources"][3].update(provider=d["resources"][3]["provider"] + "x"),
    "not a provider": lambda d: d["resources"][3].update(provider="x"),
    "unknown provider, to be made again": lambda d: d["resources"][-1].update(
        provider=d["resources"][3]["provider"] + "x", pendingReplacement=True
    ),
    "missing parent": lambda d: d["resources"][3].update(parent=d["resources"][0]["urn"] + "x"),
    "missing dependency": lambda d: d["resources"][3].update(dependencies=[d["resources"][0]["urn"] + "x"]),
    "missing property dependency": lambda d: d["resources"][3].update(
        propertyDependencies={"a": [d["resources"][0]["urn"] + "x"]}
    ),
    "missing deletedWith": lambda d: d["resources"][3].update(deletedWith=d["resources"][0]["urn"] + "x"),
    "wrong order": lambda d: d["resources"].reverse(),
    "twice": lambda d: d["resources"].append(copy.deepcopy(d["resources"][3])),
    "twice, one to be deleted": lambda d: d["resources"].append({**copy.deepcopy(d["resources"][3]), "delete": True}),
    "bad time": lambda d: d["resources"][3].update(created="yesterday"),
    "unknown signature": lambda d: d["resources"][3]["inputs"].update(
        x={"4dabf18193072939515e22adb298388d": "nothing known", "value": 1}
    ),
    "provider without id": lambda d: d["resources"][1].pop("id"),
}


@pytest.mark.state_files
def test_what_is_sound_is_what_the_cli_reads(faulty: Any, warm: Any, official: Any) -> None:
    """Every rule, broken once: the CLI and this engine accept and refuse the same."""
    world = faulty(SIZE)
    assert warm.infra(world, "up", "--yes")["code"] == 0
    file = world.folder / "stacks/prefect-infra/dev.json"
    whole = json.loads(file.read_text())
    exports = json.loads(official.project.infra("env", "--json").stdout)
    differ = {}
    for name, edit in MUTATIONS.items():
        document = copy.deepcopy(whole)
        edit(document["checkpoint"]["latest"])
        file.write_text(json.dumps(document))
        ours = checkpoint.sound(file.read_bytes())
        repair = cli(official, exports, "state", "repair", "-s", "dev", "--yes")
        shown = repair.stdout + repair.stderr
        if ours != ("already valid" in shown):
            differ[name] = (ours, repair.returncode, shown[-300:])
    assert differ == {}
    assert checkpoint.sound(json.dumps(whole).encode())
