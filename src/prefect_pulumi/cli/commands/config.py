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
    listing = add_command(config, "ls", _ls, "list all values", options.stack)
    listing.flag("--show-secrets", help="print secret values in plain text")
    remove = add_command(config, "rm", _rm, "remove a value", options.stack)
    remove.add_argument("key", help="name, or namespace:name")
    remove.flag("--path", help="the key is a path into a structured value")
    about = "copy values to another stack; its passphrase encrypts their secrets"
    copy = add_command(config, "cp", _cp, about, options.stack)
    copy.add_argument(
        "key", nargs="?", default="", help="name, or namespace:name (default: all but the pinned release)"
    )
    copy.add_argument("-d", "--dest", required=True, metavar="STACK", help="the stack that gets them")
    copy.flag("--path", help="the key is a path into a structured value")


def _ls(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.documents import config_document
    from prefect_pulumi.cli.output.tables import print_table
    from prefect_pulumi.cli.output.text import print_json

    values = project.stack(arguments.stack).list_config(show_secrets=arguments.show_secrets)
    if arguments.json:
        print_json(config_document(values, show_secrets=arguments.show_secrets))
        return
    own = f"{project.name}:"
    print_table(("KEY", "VALUE"), [(value.key.removeprefix(own), value.text) for value in values])


def _rm(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.config import RemoveConfigRequest

    project.stack(arguments.stack).remove_config(request_of(RemoveConfigRequest, arguments))


def _cp(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.config import CopyConfigRequest

    request = request_of(CopyConfigRequest, arguments, target=arguments.dest)
    copied = project.stack(arguments.stack).copy_config(request)
    print("\n".join(f"copied {key} to stack {arguments.dest}" for key in copied) or "nothing to copy")


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
