"""`infra schema` and `infra explain`."""

from __future__ import annotations

import shutil
import sys
import textwrap
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_text_command

if TYPE_CHECKING:
    from prefect_pulumi.app.explanation import Explanation


def register(commands: Any, options: Options) -> None:
    about = "print the JSON schema of stack files and of every kind"
    schema = add_text_command(commands, "schema", _schema, about)
    schema.add_argument("kind", nargs="?", default="", help="only the inputs of this kind, such as WorkPool")
    about = "explain a kind, a field of it, or a key of a stack file"
    explain = add_text_command(commands, "explain", _explain, about, options.json)
    path = "such as WorkPool, WorkPool.type or environment.pools.*.job; if omitted, all that there is"
    explain.add_argument("path", nargs="?", default="", help=path)


def _schema(arguments: Namespace) -> None:
    from prefect_pulumi.app.config_schema import config_schema
    from prefect_pulumi.cli.output.text import print_json

    print_json(config_schema(arguments.kind))


def _explain(arguments: Namespace) -> None:
    from prefect_pulumi.app.explanation import explain
    from prefect_pulumi.cli.output.text import print_json

    explanation = explain(arguments.path)
    if arguments.json:
        print_json(explanation.document())
    else:
        sys.stdout.write(_text(explanation))


def _text(explanation: Explanation) -> str:
    """On a terminal folded to its width."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    facts = {
        "type": explanation.type,
        "default": explanation.default,
        "a change": explanation.change,
        "since": explanation.since,
    }
    blocks = [
        [explanation.path, *_folded(explanation.description, "  ", width)],
        [line for name, text in facts.items() if text for line in _folded(text, f"  {name:10}", width)],
        _members(explanation, width),
        ["  example", *textwrap.indent(explanation.example, "    ").splitlines()] if explanation.example else [],
    ]
    return "\n\n".join("\n".join(filter(None, lines)) for lines in blocks if any(lines)) + "\n"


def _members(explanation: Explanation, width: int) -> list[str]:
    longest = max((len(name) for name, _, _ in explanation.members), default=0)
    lines = []
    for name, type, description in explanation.members:
        lines += _folded(f"{description} ({type})".strip(), f"  {name:{longest}}  ", width)
    return lines


def _folded(text: str, head: str, width: int) -> list[str]:
    """`head` and the text; further lines begin below the text. `width` 0: one line."""
    if width <= len(head) + 20:
        return [head + text]
    return textwrap.wrap(text, width, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False)
