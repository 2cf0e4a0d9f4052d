"""The files of an imported project."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefect_pulumi.app.imports.deployments_file import prefect_file
from prefect_pulumi.app.imports.environment import environment, schema_files
from prefect_pulumi.app.imports.layout import Layout
from prefect_pulumi.app.imports.live_objects import LeftOut, LiveObject
from prefect_pulumi.app.imports.program_modules import ABOUT, ProgramModules, program_modules
from prefect_pulumi.app.imports.secret_fields import Placeholders, as_text
from prefect_pulumi.app.imports.yaml_text import yaml_text
from prefect_pulumi.project import layout as folders
from prefect_pulumi.review.renderers.escape import fenced

TEMPLATES = Path(__file__).parent / "templates"
STACK_FILE_DEPTH, DEPLOYMENTS_DEPTH = 4, 3
"""Levels of YAML that stand on lines of their own: to the objects of a section, to the keys of a deployment."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ImportedProject:
    """`secrets`: config key -> value. `left_out`: what the program, or its `prefect.yaml`, does not declare."""

    name: str
    stack: str
    api_url: str
    layout: Layout
    modules: ProgramModules
    settings: Json
    deployments: Json
    left_out: Sequence[LeftOut]
    protect: bool = True
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @staticmethod
    def of(
        objects: Sequence[LiveObject],
        left_out: Sequence[LeftOut],
        *,
        name: str,
        stack: str,
        server: Json,
        protect: bool,
    ) -> ImportedProject:
        layout = Layout(objects)
        own = {item.human: as_text(item.inputs["value"]) for item in layout.in_settings if item.kind == "SecretBlock"}
        placeholders = Placeholders(own)
        settings = environment(layout.in_settings, server, placeholders, layout.others)
        modules = program_modules(layout, taken={*own, *placeholders.values})
        deployments, without_entry = prefect_file(objects, name)
        literals = [
            LeftOut(
                "reference", layout.places[id].resource, f"its UUID {id} stands in the program: a circle of references"
            )
            for id in sorted(modules.literals)
        ]
        return ImportedProject(
            name=name,
            stack=stack,
            api_url=server["api_url"],
            layout=layout,
            modules=modules,
            settings=settings,
            deployments=deployments,
            left_out=(*left_out, *without_entry, *literals),
            protect=protect,
            secrets={**own, **placeholders.values, **modules.secrets},
        )

    @property
    def stack_file(self) -> str:
        return folders.stack_file(Path(), self.stack).name

    def files(self) -> Iterator[tuple[str, str]]:
        """Name and text of each."""
        from prefect_pulumi.app.init.project_files import render as init_file
        from prefect_pulumi.app.init.repository import Repository

        yield folders.PROJECT_FILES[0], init_file("Pulumi.yaml.j2", Repository(Path(), self.name))
        yield self.stack_file, yaml_text({"config": {f"{self.name}:environment": self.settings}}, STACK_FILE_DEPTH)
        yield from schema_files(self.layout.in_settings)
        yield ".gitignore", f"{folders.WORK_FOLDER}/\n.venv/\n__pycache__/\n"
        yield "infra/__main__.py", render("__main__.py.j2", modules=sorted(self.modules.texts), release=False)
        yield "infra/server.py", render("server.py.j2", protect=self.protect, schemas=bool(self.modules.schemas))
        for module, text in self.modules.texts.items():
            yield f"infra/{module}.py", text
        if self.modules.schemas:
            yield "infra/schemas.json", schemas_file(self.modules.schemas)
        if self.deployments["deployments"]:
            yield "prefect.yaml", yaml_text(self.deployments, DEPLOYMENTS_DEPTH)
        yield "README.md", self._readme()

    def _readme(self) -> str:
        return render(
            "README.md.j2",
            name=self.name,
            count=len(self.layout.places),
            api_url=self.api_url,
            stack=self.stack,
            stack_file=self.stack_file,
            modules={module: ABOUT[module] for module in self.modules.texts},
            has_types=any(item.kind == "BlockSchema" for item in self.layout.in_settings),
            has_schemas=bool(self.modules.schemas),
            has_left_out=bool(self.left_out),
            has_prefect_file=bool(self.deployments["deployments"]),
            protect=self.protect,
            secrets=sorted(self.secrets),
            left_out=fenced("\n".join(f"{item.kind} {item.human}: {item.reason}" for item in self.left_out), "text"),
        )


def render(template: str, **values: Any) -> str:
    """A file of `templates`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(  # noqa: S701 - Python and Markdown; what comes from the server stands in a fence
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return templates.get_template(template).render(**values)


def schemas_file(schemas: Json) -> str:
    """One line for each, so that a change of one shows as one."""
    rows = [
        f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(schemas[name], ensure_ascii=False)}" for name in schemas
    ]
    return "{\n" + ",\n".join(rows) + "\n}\n"
