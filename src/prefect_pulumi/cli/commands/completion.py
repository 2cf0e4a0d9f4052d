"""`infra completion`."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from prefect_pulumi.cli.parser import Options, Parser, add_text_command

SHELLS = ("bash", "zsh", "fish")


def register(commands: Any, options: Options) -> None:
    about = "print the completion of commands and options for a shell"
    completion = add_text_command(commands, "completion", _completion, about, root=options.root)
    completion.add_argument("shell", choices=SHELLS, help="the shell that reads it")


def _completion(arguments: Namespace) -> None:
    import shtab

    root: Parser = arguments.root
    for action in root._all_actions():
        if action.metavar in {"FILE", "PATH"}:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab reads it
        elif action.metavar == "DIR":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    sys.stdout.write(shtab.complete(root, shell=arguments.shell).rstrip("\n") + "\n")
