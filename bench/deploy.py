"""Times the deploy step against plain `prefect deploy --all`, and counts its calls; writes docs/deploy-performance.md.

    python -m bench.deploy [DEPLOYMENTS]

The step runs as the provider's own calls (check, diff, update), so that what it adds to a preview is what is seen.
Starts its own server. Ratios count: all rows of one table are from one run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.fixtures import objects
from prefect_pulumi.core.provider_protocol import CheckRequest, CreateRequest, DiffRequest, ReadRequest, UpdateRequest
from prefect_pulumi.deploy.run import runner as deploy_run
from prefect_pulumi.local.server import ServerSpec, start, stop
from prefect_pulumi.provider.provider import PrefectProvider
from prefect_pulumi.testing.ports import free_port
from tests.support.hosts import SilentHost
from tests.support.projects import REPOSITORY as ROOT

COUNT = objects(100)
URN = "urn:pulumi:dev::bench::prefect:index:Deployments::"
FLOW = "from prefect import flow\n\n\n@flow\ndef hello(name: str = 'x') -> None:\n    pass\n"
PULL = "pull:\n  - prefect.deployments.steps.set_working_directory: {directory: .}\n"


def entries(prefix: str, changed: int = -1) -> str:
    lines = [
        f"  - {{name: {prefix}-{i}, entrypoint: flow.py:hello, tags: ['{'new' if i == changed else 'old'}'],\n"
        f"     work_pool: {{name: bench}}, schedules: [{{slug: daily, cron: 0 6 * * *}}]}}\n"
        for i in range(COUNT)
    ]
    return f"name: bench\n{PULL}deployments:\n{''.join(lines)}"


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = call()
    return time.perf_counter() - began, result


class Bench:
    def __init__(self, root: Path, api_url: str) -> None:
        self.root, self.api_url = root, api_url
        self.provider = PrefectProvider(root, SilentHost())
        self.provider.configure({"apiUrl": api_url})
        self.calls: Counter[str] = Counter()
        client = self.provider.connection.client()
        (root / "flow.py").write_text(FLOW)
        client.request("POST", "/work_pools/", json={"name": "bench", "type": "process"})
        plain = client.request

        def counted(method: str, path: str, **options: Any) -> Any:
            self.calls[f"{method} {'/'.join(path.split('/')[:2])}"] += 1
            return plain(method, path, **options)

        client.request = counted  # type: ignore[method-assign]
        paged = client.paged

        def counted_pages(path: str, body: Any = None) -> Any:
            rows = paged(path, body)
            self.calls[f"POST {path}"] += 1 + len(rows) // 200
            return rows

        client.paged = counted_pages  # type: ignore[method-assign]

    def write(self, text: str) -> None:
        (self.root / "prefect.yaml").write_text(text)

    def plain(self) -> None:
        env = {**os.environ, "PREFECT_API_URL": self.api_url, "PREFECT_HOME": str(self.root / ".home")}
        command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
        subprocess.run(command, cwd=self.root, env=env, check=True, capture_output=True)

    def step(self, name: str, olds: Any, outputs: Any) -> tuple[Any, Any, bool]:
        """Check, diff and, if there is something to do, the update: new inputs and outputs, whether it ran. `name`: of
        the resource."""
        inputs = self.provider.check(
            CheckRequest(URN + name, old_inputs=olds, new_inputs={"workPools": ["bench"]})
        ).inputs
        if not outputs:
            return inputs, self.provider.create(CreateRequest(URN + name, inputs)).outputs, True
        change = {"old_inputs": olds, "old_outputs": outputs, "new_inputs": inputs}
        if self.provider.diff(DiffRequest(URN + name, "prefect.yaml", **change)).changes.name == "NONE":
            return inputs, outputs, False
        return inputs, self.provider.update(UpdateRequest(URN + name, "prefect.yaml", **change)), True

    def called(self) -> str:
        found = ", ".join(f"{route} x {count}" for route, count in self.calls.most_common())
        self.calls.clear()
        return found or "none"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        spec = ServerSpec(Path(folder) / "server", port=free_port())
        project = Path(folder) / "project"
        project.mkdir()
        bench = Bench(project, start(spec).api_url)
        try:
            write(*measure(bench))
        finally:
            bench.provider.close()
            stop(spec)


def measure(bench: Bench) -> tuple[list[tuple[str, float, str]], float]:
    bench.write(entries("plain"))
    base, _ = timed(bench.plain)
    print(f"{COUNT} new, plain: {base:.1f} s", flush=True)
    rows = [(f"plain `prefect deploy --all`, {COUNT} new", base, "")]
    bench.write(entries("one"))
    deploy_run.PARALLEL = 4
    alone, _ = timed(lambda: bench.step("one", {}, {}))
    rows.append((f"the step, {COUNT} new, four concurrently", alone, bench.called()))
    print(f"{COUNT} new, the step, four concurrently: {alone:.1f} s", flush=True)
    deploy_run.PARALLEL = 1
    bench.write(entries("step"))
    seconds, (inputs, outputs, _) = timed(lambda: bench.step("step", {}, {}))
    rows.append((f"the step, {COUNT} new", seconds, bench.called()))
    seconds, (inputs, outputs, ran) = timed(lambda: bench.step("step", inputs, outputs))
    if ran:
        raise AssertionError("nothing had changed")
    rows.append(("the step, nothing changed", seconds, bench.called()))
    seconds, read = timed(lambda: bench.provider.read(ReadRequest(URN + "step", "prefect.yaml", inputs, outputs)))
    if read.outputs["drift"]:
        raise AssertionError("nothing had drifted")
    rows.append(("its read", seconds, bench.called()))
    bench.write(entries("step", changed=COUNT // 2))
    seconds, (_, _, ran) = timed(lambda: bench.step("step", inputs, outputs))
    if not ran:
        raise AssertionError("one had changed")
    rows.append(("the step, one changed", seconds, bench.called()))
    return rows, base


def write(rows: list[tuple[str, float, str]], base: float) -> None:
    lines = "\n".join(f"| {name} | {seconds:.1f} | {seconds / base:.2f} | {calls} |" for name, seconds, calls in rows)
    text = f"""# Speed of the deploy step

{COUNT} deployments of one flow, each with a schedule, on a self-hosted server. Measured by
`python -m bench.deploy`. Calls are the step's own; where it deploys something, those of Prefect's own code are added.

| case | seconds | times plain | calls |
|---|---|---|---|
{lines}

The step creates one TLS context, where plain `prefect deploy` creates four for each deployment, and reads the pool, its
workers and the flow once. Four concurrent deployments are slower on SQLite, whose writers wait for one another. When
nothing changed, no process is started and no deployment is read.
"""
    (ROOT / "docs" / "deploy-performance.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
