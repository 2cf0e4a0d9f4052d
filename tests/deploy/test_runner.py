"""What is handed on of the output of `prefect deploy`."""

from __future__ import annotations

import pytest

from prefect_pulumi.core.values import MASK
from prefect_pulumi.deploy.run.runner import CHATTER, DeployResult, OutputRelay


class Sink:
    def __init__(self, *secrets: str) -> None:
        self.lines: list[tuple[str, str]] = []
        self.results: list[DeployResult] = []
        self.relay = OutputRelay(
            lambda name, line: self.lines.append((name, line)), lambda result: self.results.append(result), secrets
        )


@pytest.mark.parametrize("secrets", [("hunter2", "hunter2-long"), ("hunter2-long", "hunter2")])
def test_a_secret_that_begins_with_another_leaves_no_tail(secrets: tuple[str, str]) -> None:
    sink = Sink(*secrets)
    sink.relay.line("f/a", "token hunter2-long, then hunter2.")
    end = {"event": "end", "name": "f/a", "id": "", "error": "no hunter2-long", "seconds": 1.0, "automations": {}}
    sink.relay.event(end)
    assert sink.lines == [("f/a", f"token {MASK}, then {MASK}.")]
    assert [result.error for result in sink.results] == [f"no {MASK}"]
    assert sink.relay.last_lines == (f"token {MASK}, then {MASK}.",)


def test_frames_and_advice_are_left_out() -> None:
    sink = Sink()
    for raw in ("╭────────╮", "│ deployed │", *(f"{advice} x" for advice in CHATTER), "", "  last\n"):
        sink.relay.line("", raw)
    assert sink.lines == [("", "deployed"), ("", "last")]


def test_steps_and_results_are_recorded_in_order() -> None:
    sink = Sink()
    sink.relay.event({"event": "begin", "name": "f/a"})
    sink.relay.event({"event": "steps", "digest": "d", "outputs": {"image": "x"}})
    for name, error in (("f/b", "broken"), ("f/a", "")):
        sink.relay.event(
            {"event": "end", "name": name, "id": "1", "error": error, "seconds": 0.5, "automations": {"a": "2"}}
        )
    run = sink.relay.run
    assert list(run.results) == ["f/b", "f/a"]
    assert [result.name for result in run.failures] == ["f/b"]
    assert run.step_outputs == {"d": {"image": "x"}}
