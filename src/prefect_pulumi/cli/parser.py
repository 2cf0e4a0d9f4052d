"""The argument parser of `infra`: options that commands share, and errors that say what may have been meant."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from typing_extensions import override

from prefect_pulumi.cli.examples import examples
from prefect_pulumi.core.errors import ExitCode, InputError
from prefect_pulumi.core.suggestions import suggestion, with_hint

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project

EPILOG = """exit codes:
  0    done
  1    an operation failed
  2    bad input; nothing was changed
  3    changes or drift found where none were expected
  4    could not check: server unreachable, state locked
  130  interrupted

environment variables:
  PULUMI_BACKEND_URL                        where states are kept
  PULUMI_STACK                              stack, where -s names none
  PULUMI_CONFIG_PASSPHRASE[_<STACK>],
  PULUMI_CONFIG_PASSPHRASE_FILE[_<STACK>]   passphrase of the secrets
  PREFECT_API_URL, PREFECT_API_KEY,
  PREFECT_API_AUTH_STRING                   the server, where the stack names none"""

Handler = Callable[[argparse.Namespace, "Project"], ExitCode | None]
"""What a command does; no exit code is `ExitCode.DONE`."""
Printer = Callable[[argparse.Namespace], None]
"""A command that needs no project and none of its modules: it only prints."""
Request = TypeVar("Request")


class Parser(argparse.ArgumentParser):
    """Raises `InputError` in place of printing to stderr and exiting."""

    def flag(self, *names: str, help: str) -> None:
        self.add_argument(*names, action="store_true", help=help)

    def many(self, *names: str, metavar: str, help: str) -> None:
        """An option that may be repeated."""
        self.add_argument(*names, action="append", default=[], metavar=metavar, help=help)

    def error(self, message: str) -> NoReturn:
        hint = ""
        if message.startswith("unrecognized arguments"):
            _refuse_options_of_the_cli(message)
            words = [word.partition("=")[0] for word in message.split(": ", 1)[1].split() if word.startswith("-")]
            options = [option for action in self._all_actions() for option in action.option_strings]
            hint = suggestion(words[0], options) if words else ""
        elif match := re.match(r"argument (?:COMMAND|ACTION): invalid choice: '([^']*)' \(choose from (.*)\)", message):
            message = f"unknown command {match[1]!r}"
            hint = suggestion(match[1], re.findall(r"[\w-]+", match[2]))
        raise InputError(with_hint(message, hint), where="infra", remedy=f"{self.prog} --help")

    def _all_actions(self) -> list[argparse.Action]:
        """Its own and those of its commands: argparse reports an unknown option at the top."""
        actions = list(self._actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                actions += [inner for parser in action.choices.values() for inner in parser._all_actions()]
        return actions


class GroupedParser(Parser):
    """A parser whose help lists its commands in groups, in the order in which they were begun."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **settings)
        self._groups: dict[str, list[str]] = {}
        self.commands = self.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """The commands that the block adds are a group."""
        before = set(self.commands.choices)
        yield
        self._groups[title] = [name for name in self.commands.choices if name not in before]

    @override
    def format_help(self) -> str:
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        formatter.add_text(self.description)
        listed = {action.dest: action for action in self.commands._choices_actions}
        for title, names in self._groups.items():
            formatter.start_section(title)
            formatter.add_arguments([listed[name] for name in names])
            formatter.end_section()
        formatter.start_section("options")
        formatter.add_arguments([action for action in self._actions if action.option_strings])
        formatter.end_section()
        formatter.add_text(self.epilog)
        return formatter.format_help()


class Version(argparse.Action):
    """Prints the toolkit's version and ends; it is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version

        print(f"{parser.prog} {version('prefect-pulumi')}")
        parser.exit()


def _refuse_options_of_the_cli(message: str) -> None:
    from prefect_pulumi.engine.sdk.capabilities import OPTIONS_OF_THE_CLI, refusal

    for word in message.split():
        if feature := OPTIONS_OF_THE_CLI.get(word.partition("=")[0]):
            raise refusal(f"{feature} ({word.partition('=')[0]})", "infra")


def request_of(kind: type[Request], arguments: argparse.Namespace, **more: Any) -> Request:
    """A frozen request from the arguments of its fields' names; `more` are fields that have no argument."""
    given = {field.name: getattr(arguments, field.name) for field in fields(kind) if hasattr(arguments, field.name)}  # type: ignore[arg-type]
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return kind(**{name: value for name, value in given.items() if value is not None} | more)


DEFAULT = "dev"
"""The stack that commands work on where none is named or selected."""
STACK_HELP = f"stack (default: the selected one, else {DEFAULT})"


class Options:
    """Parsers of the options that several commands share. `root`: the parser of the whole command line."""

    def __init__(self, root: Parser) -> None:
        self.root = root
        self.json = Parser(add_help=False)
        self.json.flag("--json", help="one JSON document on stdout")
        self.stack = Parser(add_help=False, parents=[self.json])
        self.stack.add_argument("-s", "--stack", help=STACK_HELP)

        self.scope = Parser(add_help=False)
        self.scope.many("-t", "--target", metavar="URN", help="only this URN, pattern, name or flow/deployment")
        self.scope.many("--exclude", metavar="URN", help="all but this URN, pattern or name")
        self.scope.flag("--target-dependents", help="include what uses the targets")
        self.scope.flag("--exclude-dependents", help="exclude what uses the excluded ones, too")
        parallel = "maximum concurrent operations (default: 16)"
        self.scope.add_argument("--parallel", type=int, default=16, metavar="N", help=parallel)

        self.expect = Parser(add_help=False)
        self.expect.flag("--expect-no-changes", help="exit 3 when there is a change")

        self.yes = Parser(add_help=False)
        self.yes.flag("-y", "--yes", help="skip the confirmation")

        self.refresh = Parser(add_help=False)
        self.refresh.flag("-r", "--refresh", help="read the live objects first")

        self.replace = Parser(add_help=False)
        self.replace.many("--replace", metavar="URN", help="force replacement of this resource")
        self.replace.many("--target-replace", metavar="URN", help="--target and --replace in one")


def add_group(commands: Any, name: str, help: str) -> Any:
    """A command with commands of its own."""
    group = _add_parser(commands, name, help, ())
    return group.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=Parser)


def add_command(group: Any, name: str, handler: Handler, help: str, *parents: Parser, **defaults: Any) -> Parser:
    """A command of a group; `defaults` are further values of its namespace. `in_project=False`: it needs none;
    a function of the namespace decides it by the arguments."""
    parser = _add_parser(group, name, help, parents)
    parser.set_defaults(handler=handler, printer=None, **{"in_project": True, **defaults})
    return parser


def add_text_command(group: Any, name: str, printer: Printer, help: str, *parents: Parser, **defaults: Any) -> Parser:
    """As `add_command`, for a command that only prints."""
    parser = _add_parser(group, name, help, parents)
    parser.set_defaults(printer=printer, **defaults)
    return parser


def _add_parser(group: Any, name: str, help: str, parents: Sequence[Parser]) -> Parser:
    parser: Parser = group.add_parser(
        name, parents=parents, help=help, description=help, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.epilog = examples(parser.prog)
    return parser
