"""The files of a project, as texts: the program, the project file, the stack files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from prefect_pulumi.app.init.repository import PREFECT_FILE, TOOLS, Repository
from prefect_pulumi.project.passphrase import NO_SALT

TEMPLATES = Path(__file__).parent / "templates"
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")
PROGRAM = ("__main__.py",)
UNKNOWN_SERVER = "https://prefect.example.com/api"
PLACEHOLDER = "OWNER/REPO"
"""In the workflows: the repository that has the reusable ones."""
WORKFLOWS = {"github": ".github/workflows/infra.yml", "gitlab": ".gitlab-ci.yml"}
"""Code host -> the file of its jobs."""
GITIGNORE = (".infra/", "__pycache__/")
GITATTRIBUTES = ("Pulumi.dev.yaml filter=pulumi-local-salt",)


def project_files(repository: Repository, port: int) -> Iterator[tuple[str, str]]:
    """Name and text of each file that a project needs, in the order in which a reader meets them."""
    yield "Pulumi.yaml", render("Pulumi.yaml.j2", repository)
    for name in PROGRAM:
        yield f"infra/{name}", (TEMPLATES / "infra" / name).read_text("utf-8")
    yield "Pulumi.dev.yaml", render("Pulumi.dev.yaml.j2", repository, port=port, no_salt=NO_SALT)
    yield "Pulumi.prod.yaml", render("Pulumi.prod.yaml.j2", repository, server=repository.server or UNKNOWN_SERVER)
    if not repository.prefect_files:
        yield PREFECT_FILE, render("prefect.yaml.j2", repository)


def workflow_file(repository: Repository, host: str) -> Iterator[tuple[str, str]]:
    """Name and text of the jobs for a code host; nothing for ""."""
    if host:
        install = TOOLS[repository.tool][1]
        yield WORKFLOWS[host], render(f"{host}.yml.j2", repository, install=install, placeholder=PLACEHOLDER)


def render(template: str, repository: Repository, **values: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(  # noqa: S701 - YAML; each value goes through `key` or `json`
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {"variable": environment_variable, "key": _key, "json": _json, "yaml": _yaml}
    return templates.get_template(template).render(repository=repository, **values)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)


def _key(name: str) -> str:
    """A key of a mapping, quoted where YAML would take it for something else than a text."""
    return name if yaml.safe_load(name) == name and PLAIN.fullmatch(name) else _json(name)


def environment_variable(block: str) -> str:
    """The variable that gives a Secret block its value: `orders-api-token` -> `ORDERS_API_TOKEN`."""
    name = re.sub(r"\W+", "_", block).upper()
    return f"_{name}" if name[:1].isdigit() else name
