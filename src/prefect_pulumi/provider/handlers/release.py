"""The release as a resource: its check looks at git, its update writes the record."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
import socket
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from typing_extensions import override

from prefect_pulumi.api.cloud import server_version
from prefect_pulumi.core.provider_protocol import DiffResult, ProviderHost, ReadResult
from prefect_pulumi.core.values import UNKNOWN, has_unknown, mask, unwrap
from prefect_pulumi.models import Fault, Release
from prefect_pulumi.models.release_record import ReleaseRecord
from prefect_pulumi.project import git
from prefect_pulumi.provider import schema
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call, HostHandler
from prefect_pulumi.provider.handlers.diff import diff
from prefect_pulumi.provider.run import ProgramRun

ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR")
"""Variables in which continuous integration says on whose behalf it runs."""

ELSEWHERE = "Deployments"
"""Its inputs are the release's own `deployments`."""


class ReleaseHandler(HostHandler):
    """Its id is the stack's name."""

    def __init__(self, root: Path, connection: Connection, host: ProviderHost, run: ProgramRun) -> None:
        super().__init__(Release, host)
        self.root = root
        self.connection = connection
        self.run = run

    @override
    def check(self, call: Call) -> tuple[dict[str, Any], list[Fault]]:
        """A tree that is not exactly a commit leaves nothing of the release in the inputs, so that further edits of
        it are no change."""
        inputs, faults = super().check(call)
        if faults:
            return inputs, faults
        revision = git.revision(self.root)
        pinned = unwrap(inputs.get("pinned", ""))
        if pinned and not has_unknown(pinned) and revision.exact != pinned:
            return inputs, [Fault("pinned", mismatch(_stack(call.urn), pinned, revision))]
        if not revision.exact:
            if not call.inputs or call.inputs.get("commit"):
                self.host.log("warning", f"no release will be recorded: {revision.unclean}", call.urn)
            return {key: value for key, value in inputs.items() if key == "keep"}, []
        return {**inputs, "commit": revision.commit, "infrastructure": self._fingerprint()}, []

    def _fingerprint(self) -> Any:
        facts = {}
        for urn, inputs in list(self.run.inputs.items()):
            kind, name = urn.split("::", 3)[2:]
            kind = kind.rsplit("$", 1)[-1]
            if kind.endswith(f":{ELSEWHERE}"):
                continue
            if has_unknown(dict(inputs)):
                return UNKNOWN
            facts[f"{kind}::{name}"] = mask(dict(inputs))
        return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()

    @override
    def diff(self, call: Call) -> DiffResult:
        return diff(self.model, call)

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        known = {name: call.outputs[name] for name in ("kept", "verifications") if name in call.outputs}
        return {**call.news, **known, "record": UNKNOWN}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        news = unwrap(dict(call.news))
        kept: list[dict[str, Any]] = list(unwrap(call.outputs.get("kept", [])))
        record: dict[str, Any] = {}
        if news.get("commit"):
            record = ReleaseRecord(
                id=f"{_stack(call.urn)}-{_number(kept) + 1}",
                commit=news["commit"],
                time=datetime.now(UTC).isoformat(timespec="seconds"),
                by=who(),
                deployments=news.get("deployments", {}),
                infrastructure=news.get("infrastructure", ""),
                images=news.get("images", {}),
                versions=self._versions(),
                promoted=news.get("promoted", {}),
            ).document()
            kept = [record, *kept][: news.get("keep", 10)]
        ids = {release["id"] for release in kept}
        verified = unwrap(call.outputs.get("verifications", {}))
        outputs = {
            **call.news,
            "record": record,
            "kept": kept,
            "verifications": {id: evidence for id, evidence in verified.items() if id in ids},
        }
        return _stack(call.urn), outputs

    def _versions(self) -> dict[str, str]:
        server = server_version(self.connection.client(), cloud=self.connection.cloud) or "unknown"
        return {
            "prefect": version("prefect"),
            "server": server,
            "provider": schema.version(),
            "python": platform.python_version(),
        }

    @override
    def update(self, call: Call) -> dict[str, Any]:
        return self.create(call)[1]

    @override
    def read(self, call: Call) -> ReadResult:
        """The record is the state's own: there is nothing live to compare it with."""
        return ReadResult(call.id, dict(call.inputs), dict(call.outputs))

    @override
    def delete(self, call: Call) -> None:
        """The record goes with the state."""


def mismatch(stack: str, pinned: str, revision: git.Revision) -> str:
    """Why a pinned stack refuses this program, and how it is deployed instead."""
    here = revision.unclean or f"this program is of {revision.commit[:12]}"
    return (
        f"stack {stack} is pinned to the release of commit {pinned[:12]}, and {here}; `infra up -s {stack}` deploys "
        f"the release, with the official CLI: pulumi -C $(infra release checkout -s {stack}) up -s {stack}"
    )


def who() -> str:
    """On whose behalf this runs: the forge's actor, else user@host."""
    actor = next((os.environ[name] for name in ACTORS if os.environ.get(name)), "")
    return actor or f"{getpass.getuser()}@{socket.gethostname()}"


def _stack(urn: str) -> str:
    return urn.split("::", 1)[0].rsplit(":", 1)[-1]


def _number(kept: list[dict[str, Any]]) -> int:
    """Number of the newest kept release; 0 when there is none."""
    text = str(kept[0]["id"]).rsplit("-", 1)[-1] if kept else ""
    return int(text) if text.isdigit() else 0
