"""The embedded engine beside the REST floor, the official CLI and, where its provider is found, Terraform.

Starts its own Prefect server (SQLite) and writes docs/engine-speed.md and docs/engine-speed.svg. Seconds depend on the
machine; what counts are the ratios within one run.

    python -m bench.compare [--sizes 10,1000,10000] [--without cli,terraform] [--repeat 3]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from bench.fixtures import INFRA, Proxy, project
from bench.workload import TERRAFORM, counts, floor
from prefect_pulumi.local.server import ServerSpec, start, stop
from prefect_pulumi.testing.ports import free_port
from tests.support import official_engine
from tests.support.engines import Official, find_pulumi
from tests.support.projects import REPOSITORY as ROOT
from tests.support.projects import Project


@dataclass(frozen=True)
class Sample:
    """Wall and processor seconds, and the peak of the whole process tree's memory in MiB."""

    wall: float
    cpu: float
    memory: float


def measured(command: list[str], folder: Path, env: dict[str, str]) -> Sample:
    began, before = time.perf_counter(), os.times()
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            total = 0
            try:
                root = psutil.Process(process.pid)
                # A child that is not yet the program it will run still shares its parent's memory.
                own = root.cmdline()
                total = root.memory_info().rss
                for each in root.children(recursive=True):
                    total += each.memory_info().rss if each.cmdline() != own else 0
            except psutil.Error:
                continue
            peak[0] = max(peak[0], total / 2**20)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    done.set()
    watcher.join()
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{output.decode()[-2000:]}")
    after = os.times()
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return Sample(time.perf_counter() - began, cpu, peak[0])


class Embedded:
    name = "infra"

    def __init__(self, folder: Path, api: str, size: int) -> None:
        self.folder = folder
        self.api = api
        self.env = project(folder, api, size)
        (folder / ".venv").mkdir()
        (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
        private = folder / ".infra" / "dev"
        private.mkdir(parents=True)
        (private / "passphrase").write_text("of a folder that is deleted at the end\n")

    def run(self, *words: str) -> Sample:
        return measured([*INFRA, *words, "-s", "dev"], self.folder, self.env)

    def calls(self, port: int) -> int:
        """HTTP calls of `preview --refresh`, counted by a proxy."""
        proxy = Proxy(port)
        config = self.folder / "Pulumi.dev.yaml"
        text = config.read_text()
        config.write_text(text.replace(f"http://127.0.0.1:{port}/api", proxy.url))
        try:
            self.run("up", "--yes")  # the state names the address too
            proxy.forget()
            self.run("preview", "--refresh")
            return proxy.calls.total()
        finally:
            config.write_text(text)
            self.run("up", "--yes")
            proxy.close()


def official(cli: Path, embedded: Embedded, words: str) -> Sample:
    command = official_engine.command(Official(Project(embedded.folder), cli), words)
    return measured(command, ROOT, embedded.env)


def median(samples: list[Sample]) -> Sample:
    """The middle one by wall time, with the highest peak of memory of all."""
    middle = sorted(samples, key=lambda each: each.wall)[len(samples) // 2]
    return replace(middle, memory=max(each.memory for each in samples))


def rounds(embedded: Embedded, size: int, repeat: int) -> dict[str, dict[str, Sample]]:
    """`up` and `destroy`, each time right after the floor: a server grows slower with what it has recorded."""
    found: dict[tuple[str, str], list[Sample]] = {}
    for _ in range(repeat):
        made, deleted = asyncio.run(floor(embedded.api, size))
        found.setdefault(("up", "floor"), []).append(Sample(made, 0, 0))
        found.setdefault(("destroy", "floor"), []).append(Sample(deleted, 0, 0))
        for words in ("up", "destroy"):
            found.setdefault((words, "infra"), []).append(embedded.run(words, "--yes"))
    medians: dict[str, dict[str, Sample]] = {}
    for (words, tool), samples in found.items():
        medians.setdefault(words, {})[tool] = median(samples)
    return medians


def compare(folder: Path, server: ServerSpec, size: int, repeat: int, cli: Path | None) -> dict[str, dict[str, Sample]]:
    """Operation -> tool -> sample, at one size, from an empty server back to one."""
    embedded = Embedded(folder / f"embedded-{size}", server.api_url, size)
    found = rounds(embedded, size, repeat)
    found = {name: found.get(name, {}) for name in ("up", "preview", "preview --refresh", "destroy")}
    embedded.run("up", "--yes")
    embedded.run("preview")  # bytecode and page cache
    for words in ("preview", "preview --refresh"):
        found[words]["infra"] = median([embedded.run(*words.split()) for _ in range(repeat)])
    if cli is not None:
        for words, name in (("preview", "preview"), ("preview-refresh", "preview --refresh")):
            found[name]["pulumi"] = official(cli, embedded, words)
        found["destroy"]["pulumi"] = official(cli, embedded, "destroy")
        found["up"]["pulumi"] = official(cli, embedded, "up")
    found["calls"] = {"infra": Sample(embedded.calls(server.port), 0, 0)}
    embedded.run("destroy", "--yes")
    return found


def preview_only(folder: Path, server: ServerSpec, size: int, repeat: int) -> dict[str, dict[str, Sample]]:
    """As `compare`, for a size where the previews are what is asked; what it makes is left to the server's end."""
    embedded = Embedded(folder / f"embedded-{size}", server.api_url, size)
    found = {"up": {"infra": embedded.run("up", "--yes")}}
    embedded.run("preview")
    found["preview"] = {"infra": median([embedded.run("preview") for _ in range(repeat)])}
    return found


def terraform(folder: Path, server: ServerSpec, size: int) -> dict[str, Sample] | str:
    """Samples by operation, or why there are none: the peer's own words.

    `TF_CLI_CONFIG_FILE` names a file with a `filesystem_mirror`, where the provider cannot be downloaded.
    """
    program = shutil.which("terraform")
    if program is None:
        return "terraform is not installed"
    folder.mkdir()
    (folder / "main.tf").write_text(TERRAFORM.format(api=server.api_url, **counts(size)))
    env = {**os.environ, "TF_IN_AUTOMATION": "1"}
    ready = subprocess.run([program, "init", "-input=false"], cwd=folder, env=env, capture_output=True, text=True)
    if ready.returncode != 0:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", ready.stderr)
        faults = re.findall(r"Error: (.*)", plain)
        return f"terraform init failed: {'; '.join(faults) or plain.strip()[:200]}"
    yes = ["-input=false", "-auto-approve"]
    found = {"up": measured([program, "apply", *yes], folder, env)}
    found["preview"] = measured([program, "plan", "-input=false", "-refresh=false"], folder, env)
    found["preview --refresh"] = measured([program, "plan", "-input=false"], folder, env)
    found["destroy"] = measured([program, "destroy", *yes], folder, env)
    return found


def report(results: dict[int, dict[str, dict[str, Sample]]], notes: list[str], share: str, repeat: int) -> str:
    lines = [
        "# Speed of the engines",
        "",
        "Measured by `make bench-engines`, on a self-hosted server (SQLite) on the same machine: 10 % work pools, 20 %",
        "queues, 30 % variables, 20 % secret blocks, 20 % limits. `floor` is a bare async HTTP client with two",
        "concurrent requests. Seconds depend on the machine; compare the ratios. Memory is the peak of the process",
        f"tree without the server. Floor and `infra` are medians of {repeat} rounds, in each of which both `up` and",
        "`destroy` follow the floor's own.",
        "",
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end of the run.",
        "",
        "| objects | operation | tool | seconds | processor s | MiB | times floor |",
        "|---|---|---|---|---|---|---|",
    ]
    for size, operations in results.items():
        for operation, tools in operations.items():
            base = tools.get("floor")
            for tool, sample in tools.items():
                if operation == "calls":
                    continue
                times = f"{sample.wall / base.wall:.2f}" if base is not None and tool != "floor" else ""
                cpu = f"{sample.cpu:.1f}" if sample.cpu else ""
                memory = f"{sample.memory:.0f}" if sample.memory else ""
                lines.append(f"| {size} | {operation} | {tool} | {sample.wall:.2f} | {cpu} | {memory} | {times} |")
    lines += ["", "| objects | calls of `infra preview --refresh` |", "|---|---|"]
    lines += [f"| {size} | {found['calls']['infra'].wall:.0f} |" for size, found in results.items() if "calls" in found]
    sizes = sorted(results)
    if len(sizes) > 2:
        small, big = (results[size]["preview"]["infra"] for size in sizes[-2:])
        base = results[sizes[0]]["preview"]["infra"]
        per = [(each.wall - base.wall) / size for each, size in zip((small, big), sizes[-2:], strict=True)]
        room = [(each.memory - base.memory) / size for each, size in zip((small, big), sizes[-2:], strict=True)]
        lines += [
            "",
            f"Beyond its start a preview costs {per[0] * 1000:.2f} ms and {room[0] * 1000:.0f} kB per object at "
            f"{sizes[-2]} objects, {per[1] * 1000:.2f} ms and {room[1] * 1000:.0f} kB at {sizes[-1]}.",
        ]
    lines += ["", share, "", *(f"Not measured: {note}." for note in notes), "", "![seconds](engine-speed.svg)", ""]
    return "\n".join(lines)


def plot(operations: dict[str, dict[str, Sample]], size: int) -> str:
    """Horizontal bars, one group an operation."""
    colours = {"floor": "#9aa0a6", "infra": "#1a73e8", "pulumi": "#8a4fff", "terraform": "#5c4ee5"}
    bars = [(o, tool, s.wall) for o, tools in operations.items() if o != "calls" for tool, s in tools.items()]
    longest = max(seconds for _, _, seconds in bars)
    parts, y = [], 40
    for index, (operation, tool, seconds) in enumerate(bars):
        if index and bars[index - 1][0] != operation:
            y += 12
        width = 440 * seconds / longest
        parts += [
            f'<text x="8" y="{y + 13}">{operation}</text><text x="130" y="{y + 13}">{tool}</text>',
            f'<rect x="200" y="{y}" width="{width:.1f}" height="16" fill="{colours[tool]}"/>',
            f'<text x="{206 + width:.1f}" y="{y + 13}">{seconds:.1f} s</text>',
        ]
        y += 20
    size_of = f'width="720" height="{y + 10}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size_of} font-family="sans-serif" font-size="12">'
    title = f'<text x="8" y="20" font-size="14">{size} objects, seconds</text>'
    return "\n".join([head, title, *parts, "</svg>", ""])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="10,1000,10000")
    parser.add_argument("--without", default="", help="cli, terraform")
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    main_size = 1000 if 1000 in sizes else sizes[-1]
    cli = None if "cli" in arguments.without else find_pulumi()
    notes = [] if cli else ["the official CLI (left out, or not here)"]
    results: dict[int, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        server = ServerSpec(Path(folder) / "server", port=free_port())
        start(server)
        try:
            for size in sizes:
                tools = cli if size == main_size else None
                if size > main_size:
                    results[size] = preview_only(Path(folder), server, size, arguments.repeat)
                else:
                    results[size] = compare(Path(folder), server, size, arguments.repeat, tools)
                sys.stderr.write(f"{size} objects measured\n")
            if "terraform" not in arguments.without:
                peer = terraform(Path(folder) / "terraform", server, main_size)
                if isinstance(peer, str):
                    notes.append(f"Terraform ({peer})")
                else:
                    for operation, sample in peer.items():
                        results[main_size][operation]["terraform"] = sample
        finally:
            stop(server)
    share = [sys.executable, "-m", "bench.sdk_share", str(main_size)]
    said = subprocess.run(share, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()
    whole = results[main_size]["preview"]["infra"].cpu
    text = report(results, notes, f"Processor time of a preview: {whole:.2f} s in all; {said}.", arguments.repeat)
    (ROOT / "docs" / "engine-speed.md").write_text(text)
    (ROOT / "docs" / "engine-speed.svg").write_text(plot(results[main_size], main_size))
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
