"""`infra config` and `infra env`."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_group
from prefect_pulumi.core.errors import ExitCode

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project


def register(commands: Any, options: Options) -> None:
    env = commands.add_parser(
        "env", parents=[options.stack], help='exports for the official CLI: eval "$(infra env -s dev)"'
    )
    env.set_defaults(handler=_env)
    config = add_group(commands, "config", "read and write the stack's config")
    setter = config.add_parser("set", parents=[options.stack], help="set a value")
    setter.add_argument("key", help="name, or namespace:name")
    setter.add_argument("value", nargs="?", help="left out: read from standard input, so that no shell keeps it")
    setter.add_argument("--secret", action="store_true", help="encrypt the value with the stack's passphrase")
    setter.add_argument("--path", action="store_true", help="the key is a path into a structured value")
    setter.set_defaults(handler=_set)
    getter = config.add_parser("get", parents=[options.stack], help="print a value")
    getter.add_argument("key", help="name, or namespace:name")
    getter.set_defaults(handler=_get)


def _get(arguments: Namespace, project: Project) -> ExitCode:
    sys.stdout.write(project.stack(arguments.stack).get_config(arguments.key) + "\n")
    return ExitCode.DONE


def _set(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.config import SetConfigRequest

    value = arguments.value if arguments.value is not None else sys.stdin.read().rstrip("\n")
    request = SetConfigRequest(arguments.key, value, secret=arguments.secret, path=arguments.path)
    project.stack(arguments.stack).set_config(request)
    return ExitCode.DONE


def _env(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.cli.output.text import as_json, write_out
    from prefect_pulumi.project import layout

    exports = project.stack(arguments.stack).official_cli_environment()
    if arguments.json:
        write_out(as_json(exports))
        return ExitCode.DONE
    for name, value in exports.items():
        write_out(f"export {name}={shlex.quote(value)}")
    folders = [layout.tools_folder(project.root), Path(sys.executable).parent]
    write_out(f'export PATH={":".join(shlex.quote(str(folder)) for folder in folders)}:"$PATH"')
    return ExitCode.DONE
