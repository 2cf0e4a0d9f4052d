"""Signals, a full disk, a folder that cannot be written: stopped or refused, with the state intact."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.fault_proxy import FaultPlan
from tests.support.wait import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
SIZE = 40


def slow(late: float) -> Any:
    return FaultPlan(share=1.0, faults=("late",), late=late)


wait_for = partial(until, seconds=60, interval=0.01)


def healed(world: Any, warm: Any, proxy: Any) -> None:
    proxy.plan = FaultPlan()
    done = warm.infra(world, "up", "--yes")
    assert done["code"] == 0, done["output"]
    world.check(SIZE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_what_is_in_flight_and_saves(
    faulty: Any, warm: Any, started: Any, proxy: Any, number: signal.Signals
) -> None:
    world = faulty(SIZE)
    proxy.plan = slow(0.1)
    with started("up", "--yes") as running:
        wait_for(lambda: len(proxy.calls) > 10)
        running.send_signal(number)
        shown, _ = running.communicate(timeout=60)
    assert running.returncode == 130, shown
    assert "operations in progress end and are saved" in shown
    assert "Traceback" not in shown
    made = len(world.state())
    assert 0 < made < SIZE
    world.check(made)
    healed(world, warm, proxy)


@pytest.mark.state_files
def test_two_signals_stop_at_once_and_the_journal_heals(faulty: Any, warm: Any, started: Any, proxy: Any) -> None:
    world = faulty(SIZE)
    proxy.plan = slow(1.0)
    with started("up", "--yes") as running:
        wait_for(lambda: len(proxy.calls) > 3)
        running.send_signal(signal.SIGINT)
        time.sleep(0.3)
        running.send_signal(signal.SIGINT)
        shown, _ = running.communicate(timeout=10)
    assert running.returncode == 130, shown
    assert "stopped at once" in shown
    assert world.journal.exists()
    assert list((world.folder / "locks/organization/prefect-infra/dev").iterdir()) == []
    healed(world, warm, proxy)


def limited(size: int) -> Any:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.state_files
@pytest.mark.parametrize("size", [3_000, 20_000])
def test_a_file_that_may_not_grow(faulty: Any, warm: Any, started: Any, proxy: Any, size: int) -> None:
    """What a full disk does, at two places: in the journal's first lines and after many of them."""
    world = faulty(SIZE)
    with started("up", "--yes", preexec_fn=limited(size)) as running:
        shown, _ = running.communicate(timeout=120)
    assert running.returncode == 4, shown
    assert "cannot be written" in shown
    assert "Traceback" not in shown
    healed(world, warm, proxy)


@pytest.mark.state_files
def test_a_full_disk(faulty: Any, warm: Any, started: Any, proxy: Any, small: Any) -> None:
    """A file system of 64 KiB for the state: it fills in the middle of the update; with room again the run goes on."""
    world = faulty(SIZE)
    folder = small.root / ".infra" / "state"
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    try:
        with started("up", "--yes") as running:
            shown, _ = running.communicate(timeout=120)
        assert running.returncode == 4, shown
        assert os.strerror(28) in shown
        assert "Traceback" not in shown
        subprocess.run(["mount", "-o", "remount,size=8m", str(folder)], check=True)
        healed(world, warm, proxy)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.state_files
def test_a_state_folder_that_cannot_be_written(faulty: Any, warm: Any, started: Any, small: Any) -> None:
    world = faulty(SIZE)
    folder = small.root / ".infra" / "state"
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting a file system that is read-only needs root")
    try:
        for words in (["up", "--yes"], ["destroy", "--yes"], ["refresh", "--yes"]):
            with started(*words) as running:
                shown, _ = running.communicate(timeout=60)
            assert running.returncode == 4, shown
            assert os.strerror(30) in shown
            assert "Traceback" not in shown
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert warm.infra(world, "up", "--yes")["code"] == 0
    world.check(SIZE)


@pytest.mark.state_files
def test_a_broken_state_is_refused_with_its_place_and_a_good_copy(faulty: Any, warm: Any) -> None:
    world = faulty(SIZE)
    assert warm.infra(world, "up", "--yes")["code"] == 0
    file = world.folder / "stacks/prefect-infra/dev.json"
    good = file.read_bytes()
    entry = good.index(b'"urn"', len(good) // 2)
    for broken, place in (
        (good[:-200], "the state is not JSON"),
        (good[:entry] + b'"nru"' + good[entry + 5 :], "resources["),
    ):
        file.write_bytes(broken)
        for words in (["up", "--yes"], ["preview"], ["destroy", "--yes"], ["outputs"]):
            refused = warm.infra(world, *words)
            assert refused["code"] == 4, refused["output"]
            assert place in refused["output"]
            assert "the newest good copy is of" in refused["output"]
        assert file.read_bytes() == broken
    copy = Path(refused["output"].split("the newest good copy is of ")[1].split(": ", 1)[1].split(";")[0])
    file.write_bytes(copy.read_bytes())
    seen = warm.infra(world, "preview", "--refresh", "--expect-no-changes")
    assert seen["code"] == 0, seen["output"]
