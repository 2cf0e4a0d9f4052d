"""Where the code declares an object: file and line (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from prefect_pulumi.core import yaml_source
from prefect_pulumi.core.diffs import ABSENT
from prefect_pulumi.core.yaml_source import YamlError, YamlSource
from prefect_pulumi.review.edits.adoption import Code, config_place, entry_number
from prefect_pulumi.review.edits.python_edit import Source
from prefect_pulumi.review.edits.yaml_edit import CannotEditError


@dataclass(frozen=True)
class Place:
    """`line` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Places:
    """The places of one project's code; each file is parsed once."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._deploys: dict[str, YamlSource | None] = {}

    def find(self, kind: str, name: str, key: str) -> Place | None:
        """`name`: as reports show it; `key`: the item's. None where no file declares it by its name."""
        if "#" in key and kind == "Deployment":
            return self._entry(name, self._code.deploys_of(key))
        return self._setting(kind, name) or self._call(kind, key.rsplit("::", 1)[-1])

    def _entry(self, name: str, path: str) -> Place | None:
        if path not in self._deploys:
            self._deploys[path] = self._parsed(path)
        source = self._deploys[path]
        entries = source.data.get("deployments") if source is not None and isinstance(source.data, dict) else None
        number = entry_number(entries, name)
        if source is None or number is None:
            return None
        return Place(path, source.locate(["deployments", number, "name"])[0])

    def _setting(self, kind: str, name: str) -> Place | None:
        source, place = self._config, config_place(kind, name)
        if source is None or place is None:
            return None
        for key in (f"{self._code.project}:environment", "environment"):
            keys, value = ["config", key, *place], source.data
            for step in keys:
                value = value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
            if value is not ABSENT:
                return Place(self._code.config, source.locate(keys)[0])
        return None

    def _call(self, kind: str, logical: str) -> Place | None:
        for path, calls in self._calls.items():
            if line := calls.get((kind, logical)):
                return Place(path, line)
        return None

    @cached_property
    def _config(self) -> YamlSource | None:
        return self._parsed(self._code.config)

    def _parsed(self, path: str) -> YamlSource | None:
        try:
            return yaml_source.parse(self._code.files[path], path) if path else None
        except YamlError:
            return None

    @cached_property
    def _calls(self) -> dict[str, dict[tuple[str, str], int]]:
        found: dict[str, dict[tuple[str, str], int]] = {}
        for path in self._code.program:
            try:
                calls = Source(self._code.files[path]).resources()
            except CannotEditError:
                continue
            found[path] = {key: call.lineno for key, call in calls.items()}
        return found
