"""`infra config` and `infra env`."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_command, add_group, request_of

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project


def register(commands: Any, options: Options) -> None:
    about = 'exports for the official CLI: eval "$(infra env -s dev)"'
    add_command(commands, "env", _env, about, options.stack)
    config = add_group(commands, "config", "read and write the stack's config")
    setter = add_command(config, "set", _set, "set a value", options.stack)
    setter.add_argument("key", help="name, or namespace:name")
    setter.add_argument("value", nargs="?", help="if omitted, read from standard input, which no shell history keeps")
    setter.flag("--secret", help="encrypt the value with the stack's passphrase")
    setter.flag("--path", help="the key is a path into a structured value")
    getter = add_command(config, "get", _get, "print a value", options.stack)
    getter.add_argument("key", help="name, or namespace:name")


def _get(arguments: Namespace, project: Project) -> None:
    print(project.stack(arguments.stack).get_config(arguments.key))


def _set(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.config import SetConfigRequest

    value = arguments.value if arguments.value is not None else sys.stdin.read().rstrip("\n")
    project.stack(arguments.stack).set_config(request_of(SetConfigRequest, arguments, value=value))


def _env(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.cli.output.text import print_json
    from prefect_pulumi.project import layout

    exports = project.stack(arguments.stack).official_cli_environment()
    if arguments.json:
        print_json(exports)
        return
    print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in exports.items()))
    folders = [layout.tools_folder(project.root), Path(sys.executable).parent]
    print(f'export PATH={":".join(shlex.quote(str(folder)) for folder in folders)}:"$PATH"')
