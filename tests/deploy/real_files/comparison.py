"""What we say of the real files, and what plain `prefect deploy` makes of them, both for one copy of the project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect_pulumi.core.errors import PreflightError
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.deploy.checks.steps import functions
from prefect_pulumi.deploy.checks.suite import check_all, entrypoints, resolved
from prefect_pulumi.deploy.file.document import Document, parse, plain
from prefect_pulumi.deploy.file.environment import DeployEnvironment
from prefect_pulumi.deploy.file.fields import Fields, changes, live_fields
from prefect_pulumi.deploy.file.loader import modelled, normal
from prefect_pulumi.deploy.file.resolved import StackValues, resolve_file
from prefect_pulumi.deploy.flows.inspector import FlowInspector, ImportResult
from prefect_pulumi.provider.deploy_step.checked_file import CheckedFile
from tests.deploy.real_files import CONTEXT, ENV, POOLS, PROJECT, VARIABLES
from tests.support.projects import REPOSITORY

Json = dict[str, Any]
SHARED = '"""A flow beside the project."""\n\nfrom prefect import flow\n\n\n@flow\ndef shared() -> None:\n    pass\n'
NOWHERE = "http://127.0.0.1:9/api"


def make_project(folder: Path) -> Path:
    """A copy of the project, with a flow that lies beside it."""
    (folder / "shared_flows.py").write_text(SHARED)
    return Path(shutil.copytree(PROJECT, folder / "project", ignore=shutil.ignore_patterns("__pycache__"))).resolve()


def plain_deploy(files: Mapping[str, str], root: Path, api_url: str = "") -> Json:
    """`{"files": ..., "schema": ...}` of `tests.support.plain_deploy`; with canned answers where there is no server."""
    request = {"files": files, "pools": POOLS, "variables": VARIABLES, "live": bool(api_url)}
    settings = {"PREFECT_API_URL": api_url or NOWHERE, "PREFECT_HOME": str(root.parent / "prefect")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.plain_deploy"],
        input=json.dumps(request),
        cwd=root,
        env={
            **os.environ,
            **ENV,
            **settings,
            "PYTHONPATH": str(REPOSITORY),
            "COLUMNS": "400",
            "PYTHONWARNINGS": "ignore",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: Json = json.loads(done.stdout.splitlines()[-1])
    return answer


@dataclass(frozen=True)
class Verdict:
    """`fields`: full name -> what the file declares; empty where there are faults."""

    faults: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    fields: Mapping[str, Fields] | None = None


def own_verdicts(files: Mapping[str, str], root: Path) -> dict[str, Verdict]:
    """What the step says of each file; its flows and steps are imported by one child."""
    documents: dict[str, Document | PreflightError] = {}
    flows: dict[str, None] = {}
    steps: dict[str, None] = {}
    for name, text in files.items():
        try:
            documents[name] = document = parse(text, Path("prefect.yaml"))
        except PreflightError as error:
            documents[name] = error
            continue
        raw = plain(normal(document.data))
        flows |= dict.fromkeys(entrypoints(resolved(raw, ENV), root))
        steps |= dict.fromkeys(functions(raw))
    imported = FlowInspector(root, root / ".infra" / "flows.json", {**os.environ, **ENV}).inspect(flows, steps)
    return {name: _verdict(document, root, imported) for name, document in documents.items()}


def _verdict(document: Document | PreflightError, root: Path, imported: Mapping[str, ImportResult]) -> Verdict:
    if isinstance(document, PreflightError):
        return Verdict(tuple(document.faults))
    report = check_all(document, document.data, root, flows=imported, context=CONTEXT, env=ENV)
    if report.faults:
        return Verdict(report.faults, report.warnings)
    names = {name: result.flow for name, result in imported.items()}
    file = resolve_file(modelled(document), root, StackValues({}), ENV, names)
    checked_file = CheckedFile(root, document.path, DeployEnvironment(ENV), file, imported, {}, {})
    return Verdict((), report.warnings, {name: unwrap(fields) for name, fields in checked_file.declared().items()})


def is_deployed(result: Json, text: str) -> bool:
    """Whether plain Prefect deploys all of a file: nothing is skipped, nothing fails."""
    return not result["skipped"] and not result["errors"] and len(result["deployments"]) == text.count("entrypoint:")


def stored_differences(result: Json, name: str, declared: Fields) -> dict[str, tuple[Any, Any]]:
    """Field -> (what plain Prefect stores, what the file declares), for those that are not the same; `name` is that of
    the deployment alone."""
    (body,) = result["deployments"][name]
    row = {
        **body,
        "global_concurrency_limit": {"limit": body.get("concurrency_limit")},
        "work_queue_name": body.get("work_queue_name") or "default",
        "schedules": [{"id": str(number), **schedule} for number, schedule in enumerate(body["schedules"] or [])],
    }
    automations = {automation["name"]: automation for automation in result["automations"].get(name, [])}
    live = live_fields(row, (), automations, declared["schedules"]) | {"triggers": declared.get("triggers")}
    return {".".join(path): change for path, change in changes(live, declared).items()}
