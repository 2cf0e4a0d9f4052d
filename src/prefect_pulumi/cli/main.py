"""Entry point of `infra`: arguments in, exit code out. Every command's module is imported when it is asked for."""

from __future__ import annotations

import argparse
import gc
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from prefect_pulumi.core.errors import ExitCode, InputError, PrefectPulumiError
from prefect_pulumi.core.masking import masking

EPILOG = """exit codes: 0 done; 1 an operation failed; 2 bad input, nothing was touched; 3 changes or drift found where
none were expected; 4 could not check (server unreachable, state locked); 130 interrupted"""

FORMATS = ("text", "json", "markdown", "html", "junit")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments"):
            from prefect_pulumi.engine.sdk.capabilities import OPTIONS_OF_THE_CLI, refusal

            for word in message.split():
                if what := OPTIONS_OF_THE_CLI.get(word.partition("=")[0]):
                    raise refusal(f"{what} ({word.partition('=')[0]})", "infra")
        raise InputError(message, where="infra", remedy=f"{self.prog} --help")


def _parser() -> _Parser:
    parser = _Parser(prog="infra", description="Infrastructure as code for Prefect.", epilog=EPILOG)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    stack = _Parser(add_help=False)
    stack.add_argument("-s", "--stack", default="dev", help="stack (default: dev)")
    stack.add_argument("--json", action="store_true", help="one JSON document on stdout")

    scope = _Parser(add_help=False)
    scope.add_argument("-t", "--target", action="append", default=[], metavar="URN", help="URN, pattern or name only")
    scope.add_argument(
        "--exclude", action="append", default=[], metavar="URN", help="all but this URN, pattern or name"
    )
    scope.add_argument("--target-dependents", action="store_true", help="and what uses the targets")
    scope.add_argument("--exclude-dependents", action="store_true", help="and what uses the excluded ones")
    scope.add_argument("--parallel", type=int, default=16, metavar="N", help="resources at one time (default: 16)")

    expect = _Parser(add_help=False)
    expect.add_argument("--expect-no-changes", action="store_true", help="exit 3 when there is a change")

    yes = _Parser(add_help=False)
    yes.add_argument("-y", "--yes", action="store_true", help="do not ask")

    also = _Parser(add_help=False)
    also.add_argument("-r", "--refresh", action="store_true", help="read the live objects first")

    anew = _Parser(add_help=False)
    anew.add_argument("--replace", action="append", default=[], metavar="URN", help="replace this one in any case")
    anew.add_argument("--target-replace", action="append", default=[], metavar="URN", help="--target and --replace")

    up = commands.add_parser("up", parents=[stack, scope, expect, yes, also, anew], help="make it so")
    up.add_argument("--staged", action="store_true", help="a stack after the first stage: only what it pins")
    up.add_argument("--continue-on-error", action="store_true", help="go on with what does not depend on a failure")
    commands.add_parser("preview", parents=[stack, scope, expect, also, anew], help="show what up would do")
    commands.add_parser("refresh", parents=[stack, scope, expect, yes], help="bring the state up to what is live")
    commands.add_parser("destroy", parents=[stack, scope, yes], help="delete everything of the stack")
    bring = commands.add_parser("import", parents=[stack], help="take existing objects into the stack")
    bring.add_argument("kind", nargs="?", metavar="KIND", help="WorkPool, Variable, ...")
    bring.add_argument("ids", nargs="*", metavar="NAME", help="names (pool/queue, slug/name, ...) or UUIDs")
    bring.add_argument("--name", help="name of the resource in the program (default: the object's)")
    bring.add_argument("--provider", help="name of the stack's provider, when it has several")
    bring.add_argument("--all", action="store_true", help="everything on the server, as a new project")
    bring.add_argument("--out", default="imported", metavar="DIR", help="folder of that project (default: imported)")
    outputs = commands.add_parser("outputs", parents=[stack], help="the stack's outputs")
    outputs.add_argument("name", nargs="?", help="only this one")
    outputs.add_argument("--show-secrets", action="store_true")
    run = commands.add_parser("run", parents=[stack], help="run a deployment and follow it to its end")
    run.add_argument("deployment", metavar="FLOW/DEPLOYMENT")
    run.add_argument("-p", "--param", action="append", default=[], metavar="NAME=JSON")
    run.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS")
    status = commands.add_parser("status", help="all stacks at a glance; -s: the pools and workers of one")
    status.add_argument("-s", "--stack", help="only this one, with its pools and workers")
    status.add_argument("--json", action="store_true", help="one JSON document on stdout")
    status.add_argument("--format", choices=("text", "json", "html"), default="text", help="of the table over all")
    status.add_argument("--out", metavar="FILE", help="write it there instead of to stdout")
    status.add_argument("--no-drift", action="store_true", help="do not run the programs to look for drift")
    drift = commands.add_parser("drift", parents=[stack], help="what was changed on the server behind the code's back")
    drift.add_argument("--format", choices=FORMATS, help="of the report (default: by the file's name, else text)")
    drift.add_argument("--out", action="append", default=[], metavar="FILE", help="write it there; may be repeated")
    drift.add_argument("--cli", action="store_true", help="ask the official CLI for code and server")
    adopt = commands.add_parser("adopt", parents=[stack], help="live values into the code, as a diff for git apply")
    adopt.add_argument("objects", nargs="*", metavar="OBJECT", help="'Kind name', patterns (default: all that drifted)")
    adopt.add_argument("--out", metavar="FILE", help="write the diff there instead of to stdout")
    accept = commands.add_parser("accept", parents=[stack], help="answer for drift until a day, in review.yaml")
    accept.add_argument("objects", nargs="+", metavar="OBJECT", help="'Kind name'")
    accept.add_argument("--owner", required=True, help="who answers for it")
    accept.add_argument("--reason", required=True, help="why it may stay")
    accept.add_argument("--expires", required=True, metavar="DAY", help="the last day on which it holds (2026-12-31)")
    review = commands.add_parser("review", help="what this branch changes in each environment, and what drifted there")
    review.add_argument("-s", "--stack", action="append", dest="stacks", metavar="STACK", help="may be repeated")
    review.add_argument("--base", default="main", metavar="REF", help="branch that is compared with (default: main)")
    review.add_argument("--format", choices=FORMATS, help="of the report (default: by the file's name, else markdown)")
    review.add_argument("--out", action="append", default=[], metavar="FILE", help="write it there; may be repeated")
    review.add_argument("--cli", action="store_true", help="ask the official CLI for code and server")
    review.add_argument("--from", dest="report", metavar="FILE", help="a report's JSON, in place of a new review")
    review.add_argument("--json", action="store_true", help="the same as --format json")
    review.add_argument("--post", action="store_true", help="put it into the pull request's comments")
    review.set_defaults(stack="dev")
    _add_promotion(commands, stack, yes)
    commands.add_parser("env", parents=[stack], help='exports for the official CLI: eval "$(infra env -s dev)"')
    cancel = commands.add_parser("cancel", parents=[stack], help="remove the lock of an update that died elsewhere")
    cancel.add_argument("--force", action="store_true", help="also one whose process seems to run on this machine")
    _add_state(commands, stack)
    config = commands.add_parser("config", help="the stack's config").add_subparsers(
        dest="action", required=True, metavar="ACTION", parser_class=_Parser
    )
    put = config.add_parser("set", parents=[stack], help="set a value")
    put.add_argument("key")
    put.add_argument("value", nargs="?", help="left out: read from standard input, so that no shell keeps it")
    put.add_argument("--secret", action="store_true", help="encrypt it with the stack's passphrase")
    put.add_argument("--path", action="store_true", help="the key is a path into a structured value")
    get = config.add_parser("get", parents=[stack], help="print a value")
    get.add_argument("key")
    return parser


def _add_state(commands: Any, stack: argparse.ArgumentParser) -> None:
    edits = commands.add_parser("state", help="edit the state by hand").add_subparsers(
        dest="action", required=True, metavar="ACTION", parser_class=_Parser
    )
    delete = edits.add_parser("delete", parents=[stack], help="forget a resource; the real object stays")
    delete.add_argument("urn", metavar="URN", help="URN, or a name that only one resource has")
    delete.add_argument("--force", action="store_true", help="even if it is protected")
    delete.add_argument("--target-dependents", action="store_true", help="and all that uses it")
    rename = edits.add_parser("rename", parents=[stack], help="give a resource another name")
    rename.add_argument("urn", metavar="URN")
    rename.add_argument("name", metavar="NEW_NAME")
    unprotect = edits.add_parser("unprotect", parents=[stack], help="take the protection away")
    unprotect.add_argument("urn", nargs="?", metavar="URN")
    unprotect.add_argument("--all", action="store_true")
    whole = commands.add_parser("stack", help="the state as one document").add_subparsers(
        dest="action", required=True, metavar="ACTION", parser_class=_Parser
    )
    export = whole.add_parser("export", parents=[stack], help="print it as the official CLI does")
    export.add_argument("--file", metavar="PATH")
    export.add_argument("--show-secrets", action="store_true")
    bring = whole.add_parser("import", parents=[stack], help="take such a document as the state")
    bring.add_argument("--file", metavar="PATH", help="left out: standard input")
    bring.add_argument("--force", action="store_true", help="even if it names another stack")


def _add_promotion(commands: Any, stack: _Parser, yes: _Parser) -> None:
    release = commands.add_parser("release", help="the release that a stack carries").add_subparsers(
        dest="action", required=True, metavar="ACTION", parser_class=_Parser
    )
    show = release.add_parser("show", parents=[stack], help="what the stack carries, and its verification")
    show.add_argument("id", nargs="?", help="another release that it keeps")
    release.add_parser("list", parents=[stack], help="the releases that the stack can go back to")
    out = release.add_parser("checkout", parents=[stack], help="the folder of the pinned release, for pulumi -C")
    out.add_argument("commit", nargs="?", help="another commit")
    verify = commands.add_parser("verify", parents=[stack], help="run the checks of the release that the stack carries")
    verify.add_argument("--once", action="store_true", help="not again when it is verified already")
    promote = commands.add_parser("promote", parents=[yes], help="move a verified release to the next stack")
    promote.add_argument("source", metavar="SOURCE")
    promote.add_argument("target", metavar="TARGET")
    promote.add_argument("--preview", action="store_true", help="only show the plan")
    promote.add_argument("--apply", action="store_true", help="and bring TARGET up at once")
    promote.add_argument("--push", metavar="BRANCH", help="commit the pin and push it there, for a pull request")
    promote.add_argument("--force", action="append", default=[], metavar="GATE=REASON", help="overrule a closed gate")
    promote.add_argument("--commit", default="", metavar="REF", help="a hotfix: a commit that no stage has carried")
    promote.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="of the plan")
    promote.add_argument("--out", metavar="FILE", help="write the plan there instead of to stdout")
    promote.add_argument("--json", action="store_true", help="the same as --format json")
    promote.set_defaults(stack="dev")
    back = commands.add_parser("rollback", parents=[stack, yes], help="bring a stack back to a release that it keeps")
    back.add_argument("--to", metavar="ID", help="one of infra release list (default: the one before)")


def run() -> NoReturn:
    """The command `infra`: a process of its own, from its start to its end."""
    # A run makes hundreds of thousands of objects that live to its end: the default thresholds would look through
    # them again and again, and so would the interpreter once more before it ends.
    gc.set_threshold(50_000, 20, 100)
    # Requests go on while the program's registrations keep the interpreter busy: each takes several turns of it.
    sys.setswitchinterval(0.0005)
    code = main()
    gc.freeze()
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code (`errors.ExitCode`)."""
    as_json = "--json" in (sys.argv[1:] if argv is None else argv)
    with masking() as masker:
        try:
            return _run(argv)
        except PrefectPulumiError as error:
            from prefect_pulumi.cli.output import render

            masker.error(error)
            render.failure(error, as_json=as_json)
            return int(error.exit_code)
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
            return int(ExitCode.INTERRUPTED)
        except BrokenPipeError:
            return int(ExitCode.DONE)
        except Exception:  # noqa: BLE001 - a fault of the toolkit itself: its traceback is shown, but masked
            sys.stderr.write(masker.text(traceback.format_exc()))
            return int(ExitCode.FAILED)


def _run(argv: Sequence[str] | None) -> int:
    arguments = _parser().parse_args(argv)
    from prefect_pulumi.project.stack import Stack, find_root

    stack = Stack(find_root(), arguments.stack or "")
    if arguments.stack:
        stack.begin()
    from prefect_pulumi.cli import commands

    return int(commands.run(arguments, stack))


if __name__ == "__main__":
    run()
