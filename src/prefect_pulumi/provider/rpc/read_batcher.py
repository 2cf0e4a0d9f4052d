"""Batches reads that come one by one at the same time, as the official engine sends them, into shared list calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.core.provider_protocol import ReadRequest, ReadResult

QUIET_SECONDS = 0.02
"""A batch is closed when no further read has come for this long."""
LONGEST_SECONDS = 0.2

Answer = ReadResult | PrefectPulumiError


@dataclass
class _Batch:
    requests: list[ReadRequest] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    failure: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


class ReadBatcher:
    """`read` blocks until its batch was answered by `read_many`. Nothing is kept between batches."""

    def __init__(self, read_many: Callable[[Sequence[ReadRequest]], list[Answer]]) -> None:
        self._read_many = read_many
        self._changed = threading.Condition()
        self._open: _Batch | None = None

    def read(self, request: ReadRequest) -> ReadResult:
        """Raises what the provider answered for this read."""
        with self._changed:
            leads = self._open is None
            batch = self._open or _Batch()
            self._open = batch
            index = len(batch.requests)
            batch.requests.append(request)
            self._changed.notify_all()
        if leads:
            self._answer(batch)
        batch.done.wait()
        if batch.failure is not None:
            raise batch.failure
        answer = batch.answers[index]
        if isinstance(answer, PrefectPulumiError):
            raise answer
        return answer

    def _answer(self, batch: _Batch) -> None:
        with self._changed:
            for _ in range(int(LONGEST_SECONDS / QUIET_SECONDS)):
                if not self._changed.wait(QUIET_SECONDS):
                    break
            self._open = None
        try:
            batch.answers = self._read_many(batch.requests)
        except BaseException as error:
            batch.failure = error
            raise
        finally:
            batch.done.set()
