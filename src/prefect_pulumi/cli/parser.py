"""The argument parser of `infra`: options that commands share, errors that say what may have been meant."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from prefect_pulumi.core.errors import InputError
from prefect_pulumi.core.suggestions import suggestion, with_hint

EPILOG = """exit codes: 0 done; 1 an operation failed; 2 bad input, nothing was touched; 3 changes or drift found where
none were expected; 4 could not check (server unreachable, state locked); 130 interrupted

environment variables: PULUMI_BACKEND_URL (where states are kept), PULUMI_CONFIG_PASSPHRASE[_<STACK>] and
PULUMI_CONFIG_PASSPHRASE_FILE[_<STACK>] (passphrase of the secrets), PREFECT_API_URL, PREFECT_API_KEY and
PREFECT_API_AUTH_STRING (the server, where the stack names none)"""

FORMATS = ("text", "json", "markdown", "html", "junit")


class Parser(argparse.ArgumentParser):
    """Raises `InputError` in place of printing to stderr and exiting."""

    def error(self, message: str) -> NoReturn:
        hint = ""
        if message.startswith("unrecognized arguments"):
            self._refuse_options_of_the_cli(message)
            words = [word.partition("=")[0] for word in message.split(": ", 1)[1].split() if word.startswith("-")]
            known = [option for action in self._all_actions() for option in action.option_strings]
            hint = suggestion(words[0], known) if words else ""
        elif match := re.match(r"argument (?:COMMAND|ACTION): invalid choice: '([^']*)' \(choose from (.*)\)", message):
            known = re.findall(r"[\w-]+", match[2])
            message = f"unknown command {match[1]!r}"
            hint = suggestion(match[1], known)
        raise InputError(with_hint(message, hint), where="infra", remedy=f"{self.prog} --help")

    @staticmethod
    def _refuse_options_of_the_cli(message: str) -> None:
        from prefect_pulumi.engine.sdk.capabilities import OPTIONS_OF_THE_CLI, refusal

        for word in message.split():
            if feature := OPTIONS_OF_THE_CLI.get(word.partition("=")[0]):
                raise refusal(f"{feature} ({word.partition('=')[0]})", "infra")

    def _all_actions(self) -> list[argparse.Action]:
        """Its own and those of its commands: argparse reports an unknown option at the top."""
        actions = list(self._actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    actions += parser._all_actions()
        return actions


Handler = Callable[[argparse.Namespace, Any], int]


@dataclass(frozen=True)
class Options:
    """Parsers of the options that several commands share, for `parents=`."""

    stack: Parser
    scope: Parser
    expect: Parser
    yes: Parser
    refresh: Parser
    replace: Parser


def shared_options() -> Options:
    stack = Parser(add_help=False)
    stack.add_argument("-s", "--stack", default="dev", help="stack (default: dev)")
    stack.add_argument("--json", action="store_true", help="one JSON document on stdout")

    scope = Parser(add_help=False)
    scope.add_argument(
        "-t", "--target", action="append", default=[], metavar="URN", help="only this URN, pattern or name"
    )
    scope.add_argument(
        "--exclude", action="append", default=[], metavar="URN", help="all but this URN, pattern or name"
    )
    scope.add_argument("--target-dependents", action="store_true", help="include what uses the targets")
    scope.add_argument("--exclude-dependents", action="store_true", help="exclude what uses the excluded ones, too")
    scope.add_argument(
        "--parallel", type=int, default=16, metavar="N", help="maximum concurrent operations (default: 16)"
    )

    expect = Parser(add_help=False)
    expect.add_argument("--expect-no-changes", action="store_true", help="exit 3 when there is a change")

    yes = Parser(add_help=False)
    yes.add_argument("-y", "--yes", action="store_true", help="skip the confirmation")

    refresh = Parser(add_help=False)
    refresh.add_argument("-r", "--refresh", action="store_true", help="read the live objects first")

    replace = Parser(add_help=False)
    replace.add_argument(
        "--replace", action="append", default=[], metavar="URN", help="force replacement of this resource"
    )
    replace.add_argument(
        "--target-replace", action="append", default=[], metavar="URN", help="--target and --replace in one"
    )
    return Options(stack, scope, expect, yes, refresh, replace)


def add_group(commands: Any, name: str, help: str) -> Any:
    """A command with commands of its own."""
    return commands.add_parser(name, help=help).add_subparsers(
        dest="action", required=True, metavar="ACTION", parser_class=Parser
    )
