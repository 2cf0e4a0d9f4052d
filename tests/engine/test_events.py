"""What one command tells."""

from __future__ import annotations

from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.values import MASK
from prefect_pulumi.engine.run.events import CommandSink, Event, Message


class Recorder:
    def __init__(self) -> None:
        self.told: list[Event] = []

    def emit(self, event: Event) -> None:
        self.told.append(event)


def test_a_warning_is_said_once_and_all_else_as_often_as_it_comes() -> None:
    recorder, masker = Recorder(), Masker()
    masker.learn_text("hunter2-hunter2")
    sink = CommandSink(recorder, masker)
    warning = Message("warning", "hunter2-hunter2 is old", "urn:one")
    others = [Message("warning", "hunter2-hunter2 is old", "urn:two"), Message("info", "x"), Message("info", "x")]
    for each in (warning, warning, *others):
        sink.emit(each)
    masked = [Message(each.severity, each.text.replace("hunter2-hunter2", MASK), each.urn) for each in others]
    assert recorder.told == [Message("warning", f"{MASK} is old", "urn:one"), *masked]
