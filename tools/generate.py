"""Writes what is derived from the models, the typed classes of `resources/` and `docs/reference/`, and from what `infra
init` writes, `templates/project`.

python tools/generate.py            write
python tools/generate.py --check    only compare; exit code 1 when a file is stale
"""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from kind_pages import (  # noqa: E402
    function_name,
    module_name,
    notes,
    optional,
    python_name,
    reference_page,
    support_page,
)
from reference_pages import reference_pages  # noqa: E402

from prefect_pulumi.app.init.initialization import PORT  # noqa: E402
from prefect_pulumi.app.init.project_files import GITATTRIBUTES, GITIGNORE, project_files  # noqa: E402
from prefect_pulumi.app.init.repository import Repository  # noqa: E402
from prefect_pulumi.deploy.file.model import PrefectFile  # noqa: E402
from prefect_pulumi.engine.sdk import capabilities  # noqa: E402
from prefect_pulumi.models import FUNCTIONS, KINDS, READ_ONLY, FieldSpec, Kind, ProviderConfig  # noqa: E402

INDEX = """# Reference

Written from the code by `make docs`.

- [Command line](cli.md): every command with its options; [exit codes](exit-codes.md); [outputs](outputs.md).
- Keys of [a stack file](stack-file.md), of [prefect.yaml](prefect-yaml.md), of [review.yaml](review-yaml.md).

## Kinds

"""
RESOURCES = Path("src/prefect_pulumi/resources")
REFERENCE = Path("docs/reference")
PROJECT = Path("templates/project")
PYTHON = {"str": "str", "int": "int", "float": "float", "bool": "bool", "any": "Any", "dict": "dict[str, Any]"}


def input_type(spec: FieldSpec) -> str:
    if spec.type == "list" and spec.item == "dict":
        return "pulumi.Input[Sequence[Mapping[str, Any]]]"
    if spec.type == "list":
        return f"pulumi.Input[Sequence[pulumi.Input[{PYTHON[spec.item]}]]]"
    if spec.type == "dict":
        return f"pulumi.Input[Mapping[str, {'Any' if spec.item == 'any' else f'pulumi.Input[{PYTHON[spec.item]}]'}]]"
    return f"pulumi.Input[{PYTHON[spec.type]}]"


def output_type(spec: FieldSpec) -> str:
    if spec.type == "list":
        name = f"list[{PYTHON[spec.item]}]"
    elif spec.type == "dict":
        name = f"dict[str, {PYTHON[spec.item]}]"
    else:
        name = PYTHON[spec.type]
    optional = spec.nullable and name != "Any" and not spec.meta.output
    return f"pulumi.Output[{f'{name} | None' if optional else name}]"


def wrapped(text: str, indent: int) -> str:
    pad = " " * indent
    return "\n".join(textwrap.wrap(text, 118, initial_indent=pad, subsequent_indent=pad, break_on_hyphens=False))


def resource_module(model: type[Kind]) -> str:
    """The typed class of one kind, or of the provider."""
    inputs = [spec for spec in model.fields() if spec.from_program]
    source = TEMPLATES.get_template("resource.py.j2").render(
        model=model,
        is_provider=model is ProviderConfig,
        doc=textwrap.indent(inspect.cleandoc(model.__doc__ or ""), " " * 4).strip(),
        fields=model.fields(),
        inputs=inputs,
        parameters=sorted(inputs, key=optional),
        secret_names=[spec.wire for spec in inputs if spec.meta.secret],
        imports=IMPORTS,
    )
    return source.replace(IMPORTS, standard_imports(source))


def standard_imports(source: str) -> str:
    """Imports of what a class uses of the standard library, in ruff's order, with blank lines around."""
    abstract = [name for name in ("Mapping", "Sequence") if re.search(rf"\b{name}\[", source)]
    lines = [f"from collections.abc import {', '.join(abstract)}"] if abstract else []
    lines += ["from types import MappingProxyType"] if "MappingProxyType(" in source else []
    lines += ["from typing import Any"] if re.search(r"\bAny\b", source) else []
    return "\n".join(["", *lines, ""]) if lines else ""


def package_module(models: list[type[Kind]]) -> str:
    kinds = sorted(model.kind for model in models)
    functions = sorted(function_name(function) for function in FUNCTIONS.values())
    modules = {module_name(kind): [kind] for kind in kinds} | {"functions": functions}
    return TEMPLATES.get_template("package.py.j2").render(modules=modules, exported=[*kinds, *functions])


def functions_module() -> str:
    """One Python function for each of the package's."""
    models = [function.model for function in FUNCTIONS.values() if function.model]
    kinds = sorted({model.kind for model in models if model.token() in KINDS})
    return TEMPLATES.get_template("functions.py.j2").render(
        kinds=kinds, read_only=READ_ONLY.values(), functions=FUNCTIONS.values()
    )


def wire_names(model: type[Kind]) -> str:
    """The mapping of a kind's properties: that of its class, or that of what is only read."""
    return f"{model.kind}._wire_names" if model.token() in KINDS else f"_{module_name(model.kind).upper()}"


IMPORTS = "# imports"
"""Stands in the rendered class until it is known what the class uses."""

TEMPLATES = Environment(  # noqa: S701 - the templates are Python source, not HTML
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
TEMPLATES.filters |= {
    "python_name": python_name,
    "module_name": module_name,
    "function_name": function_name,
    "input_type": input_type,
    "output_type": output_type,
    "optional": optional,
    "notes": notes,
    "wire_names": wire_names,
    "wrapped": wrapped,
}


def generated() -> dict[Path, str]:
    """Path relative to the repository -> text, after ruff's format."""
    models: list[type[Kind]] = [*KINDS.values(), ProviderConfig]
    files = {RESOURCES / f"{module_name(model.kind)}.py": resource_module(model) for model in models}
    files[RESOURCES / "__init__.py"] = package_module(models)
    files[RESOURCES / "functions.py"] = functions_module()
    files = {path: formatted(path, text) for path, text in files.items()}
    files |= {REFERENCE / f"{module_name(model.kind)}.md": reference_page(model) for model in models}
    index = "".join(
        f"- [{model.kind}]({module_name(model.kind)}.md): {(model.__doc__ or '').strip().splitlines()[0]}\n"
        for model in sorted(models, key=lambda model: model.kind)
    )
    files[REFERENCE / "README.md"] = f"{INDEX}{index}"
    files |= {REFERENCE / name: text for name, text in reference_pages().items()}
    files[Path("docs/support.md")] = support_page()
    files[REFERENCE / "prefect.yaml.schema.json"] = file_schema()
    files |= project_template()
    files[Path("docs/semantics.md")] = semantics_page()
    return files


def file_schema() -> str:
    """JSON schema of `prefect.yaml`, for editors."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "prefect.yaml"}
    schema |= {key: value for key, value in PrefectFile.model_json_schema().items() if key not in schema}
    return json.dumps(_untitled(schema), indent=1) + "\n"


def _untitled(value: Any, *, names: bool = False) -> Any:
    """Without the titles and defaults that pydantic gives to each key, which say nothing. `names`: the keys are those
    of the file."""
    if isinstance(value, dict):
        return {
            key: _untitled(item, names=key in ("properties", "$defs") and not names)
            for key, item in value.items()
            if names or key == "$schema" or key not in ("title", "default")
        }
    return [_untitled(item) for item in value] if isinstance(value, list) else value


def semantics_page() -> str:
    """What the embedded engine does of the official one, from the table that it refuses by."""

    def table(heads: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
        lines = [f"| {first} | {second} |" for first, second in (heads, ("---", "---"), *rows)]
        return "\n".join(lines) + "\n"

    def items(rows: Iterable[capabilities.Item]) -> Iterable[tuple[str, str]]:
        return ((f"`{row.name}`", f"{'yes' if row.supported else 'refused'}: {row.note}") for row in rows)

    options = ((words, "refused") for _, words, _ in capabilities.OPTIONS)
    return f"""# Semantics of the embedded engine

Generated from `src/prefect_pulumi/engine/sdk/capabilities.py` by `tools/generate.py`. `infra` and the official CLI
leave the same state: `tests/e2e/engine/test_options.py` and `test_semantics.py` run both through the same programs
and compare the states after every step, `tests/e2e/engine/test_state_machine.py` does so with random ones.
Unsupported features are refused by name, with exit code 2, in the preview and therefore before anything is changed.

## Programs

{table(("feature", "support"), capabilities.RESOURCES)}
## Operations

{table(("command or option", "details"), capabilities.OPERATIONS)}
## Differences

- `up` and `destroy` always preview first and stop at the first error of the preview, so that an error that was
  predictable never leaves an update half done.
- A target may be a resource's bare name.
- A resource that is needed and that `--exclude` leaves out is refused, as with `--target`.
- An object that a failed replacement has already deleted is not deleted again.
- A resource that was found by an alias and then failed is in the state under its new name.
- A property path that cannot be parsed is refused; the official engine ignores it silently.
- A part of an input that becomes secret becomes secret in the state's outputs too, at any depth, without an update.
- A refresh of a resource that is only read (`.get()`) never changes its inputs: they are the program's.

## Plugins

The provider `prefect` runs in the engine's process, stack references need no plugin. The official plugin of every
other package (`docker`, `random`, ...) runs as a process of its own; the engine calls it over gRPC. The engine looks
for it in `plugins.providers` of Pulumi.yaml, on `PATH`, and in `$PULUMI_HOME/plugins`, which the official CLI fills
too. A missing one is downloaded from its release (GitHub, or the address that the SDK or
`PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES` gives), and run only when its SHA-256 is the one that the SDK pins or the
release's checksum file lists. `PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true` forbids the download; the error then
names the command that installs the plugin. `PULUMI_DEBUG_PROVIDERS=name:port` attaches to a running one. Plugins end
with the run: they are asked to end, then interrupted, and killed after 5 seconds with all processes that they have
started, also when the engine itself is killed.

## Refusals

{table(("feature", ""), options)}
{table(("feature", "note"), capabilities.BESIDE)}
## The resource monitor's methods

{table(("method", "support"), items(capabilities.METHODS))}
## The resource monitor's feature flags

{table(("flag", "support"), items(capabilities.FEATURES))}"""


def formatted(path: Path, text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(ROOT / path), "-"]
    return subprocess.run(command, input=text, text=True, capture_output=True, check=True, cwd=ROOT).stdout


def project_template() -> dict[Path, str]:
    """What `infra init` writes into an empty folder, for `pulumi new` and copier: both put the project's name in the
    place of `${PROJECT}`."""
    files = {PROJECT / name: text for name, text in project_files(Repository(ROOT / PROJECT, "${PROJECT}"), PORT)}
    # `pulumi new` ends the name with a line end; a key without a namespace is the project's.
    files = {path: text.replace("${PROJECT}:environment", "environment") for path, text in files.items()}
    files[PROJECT / "Pulumi.yaml"] += """\
template:
  displayName: Prefect
  description: The Prefect of a team, with its work pools, blocks, workers and deployments
  quickstart: infra up
"""
    for name, lines in ((".gitignore", GITIGNORE), (".gitattributes", GITATTRIBUTES)):
        files[PROJECT / name] = "".join(f"{line}\n" for line in lines)
    files[PROJECT / "requirements.txt"] = "prefect-pulumi[local]\n"
    return files


def main() -> int:
    check = "--check" in sys.argv[1:]
    stale = 0
    for path, text in generated().items():
        target = ROOT / path
        if target.is_file() and target.read_text() == text:
            continue
        stale += 1
        print(f"{'stale' if check else 'wrote'} {path}")
        if not check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
