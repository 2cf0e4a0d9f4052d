"""`infra init` in a repository of flows whose objects a server has already: what the server has is declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect_pulumi.app.imports.deployments_file import prefect_file
from prefect_pulumi.app.imports.environment import environment, schema_files
from prefect_pulumi.app.imports.foreign_state import read_state
from prefect_pulumi.app.imports.layout import Layout
from prefect_pulumi.app.imports.live_objects import LeftOut, LiveObject, Selection, read_objects
from prefect_pulumi.app.imports.program_modules import program_modules
from prefect_pulumi.app.imports.project_folder import DEPLOYMENTS_DEPTH, STACK_FILE_DEPTH, render, schemas_file
from prefect_pulumi.app.imports.secret_fields import Placeholders
from prefect_pulumi.app.imports.source import source_of
from prefect_pulumi.app.imports.yaml_text import yaml_text
from prefect_pulumi.app.init.initialization import InitRequest, InitResult, initialize
from prefect_pulumi.app.init.project_files import render as init_file
from prefect_pulumi.app.init.repository import PREFECT_FILE, Repository
from prefect_pulumi.models.work_pool import cloud_only
from prefect_pulumi.project.passphrase import NO_SALT

Json = dict[str, Any]


def init_from_server(request: InitRequest, state: Path | None = None) -> InitResult:
    """As `initialize`, with everything that the server has, or what another tool's `state` has of it: in both stack
    files and as Python, the deployments in a `prefect.yaml` that is not there yet. Nothing is taken over before
    `infra up -s prod --adopt`.

    Raises `InputError` when no server is configured, or the file is no such state.
    """
    source = source_of(None, request.server)
    ids = None if state is None else frozenset(resource.id for resource in read_state(state).resources)
    objects, left_out = read_objects(request.folder, source, Selection(ids=ids))
    content = _Content(objects, left_out, source.server_settings)
    result = initialize(replace(request, server=source.api_url), content.files)
    return replace(result, notes=(*_own_notes(result), *content.notes))


def _own_notes(result: InitResult) -> Sequence[str]:
    """Without those about values that the server has told."""
    return [
        note
        for note in result.notes
        if not note.startswith(("Pulumi.", "prefect.yaml:", "the values of secrets", "infra/:"))
    ]


class _Content:
    def __init__(self, objects: Sequence[LiveObject], left_out: Sequence[LeftOut], server: Json) -> None:
        self.api_url = server["api_url"]
        self.deployments, without_entry = prefect_file(objects, "")
        refused = {item.human for item in without_entry}
        files = [item for item in objects if item.kind == "Deployment" and item.human not in refused]
        deployed = {item.id for item in files}
        kept = [item for item in objects if not _comes_with_deploys(item) and item.owner not in deployed]
        self.left_out = [item for item in (*left_out, *without_entry) if item.id or item.kind == PREFECT_FILE]
        self.names = sorted(item.human for item in files)
        self.layout = Layout(kept, files)
        self.blocks = [
            place for place in self.layout.modules["blocks"] if place.item.kind in ("BlockDocument", "SecretBlock")
        ]
        own = [item.human for item in self.layout.in_settings if item.kind == "SecretBlock"]
        placeholders = Placeholders(own)
        self.settings = environment(self.layout.in_settings, server, placeholders, self.layout.others)
        taken = {*own, *placeholders.values}
        self.modules = program_modules(self.layout, (place.item.id for place in self.blocks), taken)
        self.secrets = sorted({*taken, *self.modules.secrets})

    def files(self, repository: Repository, port: int) -> Iterator[tuple[str, str]]:
        yield "Pulumi.yaml", init_file("Pulumi.yaml.j2", repository)
        modules = {*self.modules.texts, "deployments"}
        yield "infra/__main__.py", render("__main__.py.j2", modules=sorted(modules), release=True)
        yield "infra/server.py", render("server.py.j2", protect=False, schemas=bool(self.modules.schemas))
        for module, text in self.modules.texts.items():
            yield f"infra/{module}.py", text
        yield "infra/deployments.py", render("flows.py.j2", blocks=[place.variable for place in self.blocks])
        if self.modules.schemas:
            yield "infra/schemas.json", schemas_file(self.modules.schemas)
        yield from schema_files(self.layout.in_settings)
        live = self.settings
        key = f"{repository.name}:environment"
        scripts = self._of_scripts(repository)
        pools = {entry["work_pool"]["name"]: {"type": "process"} for entry in scripts} | live.get("pools", {})
        live = live | ({"pools": pools} if pools else {})
        folders: Json = {"directories": {folder: {} for folder in repository.folders}} if repository.folders else {}
        dev = {**live, "server": {"embedded": True, "port": port}, "pools": _on_this_machine(pools)}
        dev |= {"deploy": folders} if folders else {}
        yield "Pulumi.dev.yaml", yaml_text({"config": {key: dev}, "encryptionsalt": NO_SALT}, STACK_FILE_DEPTH)
        deploy = folders | ({"adopt": self.names} if self.names else {})
        prod = {**live, **({"deploy": deploy} if deploy else {})}
        yield "Pulumi.prod.yaml", yaml_text({"config": {key: prod}}, STACK_FILE_DEPTH)
        if not repository.prefect_files:
            entries = [*self.deployments["deployments"], *scripts]
            document = {**self.deployments, "name": repository.name, "deployments": entries}
            yield PREFECT_FILE, yaml_text(document, DEPLOYMENTS_DEPTH)

    def _of_scripts(self, repository: Repository) -> list[Json]:
        """Entries of what only scripts of the repository make: on the server it has no work pool."""
        listed = {(entry["name"], entry["entrypoint"]) for entry in self.deployments["deployments"]}
        entries = [script.entry for script in repository.scripts if not repository.prefect_files]
        return [entry for entry in entries if (entry["name"], entry["entrypoint"]) not in listed]

    @property
    def notes(self) -> Iterator[str]:
        for item in self.left_out:
            yield f"left out: {item.kind} {item.human}: {item.reason}"
        for name in self.secrets:
            yield f"a secret needs its value in each stack: infra config set --secret {name} -s STACK"
        yield f"infra preview -s prod --adopt shows what taking over {self.api_url} would change"


OF_THE_JOB = frozenset({"base_job_template", "job", "template_patch"})
"""Settings of a pool that are about its type's template."""


def _comes_with_deploys(item: LiveObject) -> bool:
    return item.kind in ("Flow", "Deployment", "DeploymentSchedule")


def _on_this_machine(pools: Json) -> Json:
    """With workers for the pools of processes, which those that only Prefect Cloud runs become."""
    return {name: {**_as_process(pool), "workers": 1} if _is_process(pool) else pool for name, pool in pools.items()}


def _is_process(pool: Json) -> bool:
    return pool.get("type") == "process" or cloud_only(str(pool.get("type")))


def _as_process(pool: Json) -> Json:
    """Its job is that of another type."""
    if pool.get("type") == "process":
        return pool
    return {**{key: value for key, value in pool.items() if key not in OF_THE_JOB}, "type": "process"}
