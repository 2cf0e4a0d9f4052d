"""The exception tree of the toolkit and the exit codes of `infra`: one place for both.

    PrefectPulumiError                exit 1   an operation failed
    ├── ManyErrors                             several failures of one run; exit code of the gravest
    ├── InputError                    exit 2   bad input; nothing was touched
    │   ├── ConfigError                        Pulumi.yaml, Pulumi.<stack>.yaml, a missing setting or secret
    │   ├── PassphraseError                    no passphrase, or a wrong one
    │   ├── PreflightError                     prefect.yaml: all its faults at once
    │   ├── CheckError                         a resource's inputs were refused
    │   ├── PluginError                        a package's plugin is missing, cannot be fetched or started
    │   ├── PortInUseError                     the local server's port belongs to another program
    │   └── UnsupportedError                   something that the embedded engine leaves to the official CLI
    ├── OperationError                exit 1
    │   ├── ProgramError                       the Pulumi program raised
    │   ├── ProviderError                      a provider call failed
    │   │   └── PartialFailureError            ... after it had created the object
    │   ├── ApiError                           the server refused a request (status, server's own words)
    │   │   ├── NotFoundError
    │   │   └── ConflictError
    │   ├── DeployError                        `prefect deploy` failed
    │   ├── LocalProcessError                  a local server or worker did not start or stop
    │   ├── FlowRunError                       a flow run did not end Completed
    │   ├── GateError                          a release may not be promoted: nothing was touched
    │   └── PromotionError                     a release could not be deployed; the message names the release that runs
    ├── ChangesFound                  exit 3   changes or drift where none were expected
    │   └── StalePlanError                     something changed since the plan was approved: nothing was touched
    ├── CannotCheckError              exit 4   nothing could be compared
    │   ├── ServerUnavailableError             no answer within the time limit
    │   │   └── UnexpectedAnswerError          an answer, but not of a Prefect API
    │   ├── StateError                         the state file is broken or cannot be written
    │   └── StateLockedError                   another update holds the lock
    └── InterruptedRun                exit 130

Every message is complete by itself: what is wrong, where (file, key), and the remedy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from prefect_pulumi.core.diagnostics import Diagnostic


class ExitCode(IntEnum):
    """What `infra` returns to the shell."""

    DONE = 0
    FAILED = 1
    BAD_INPUT = 2
    CHANGES_FOUND = 3
    CANNOT_CHECK = 4
    INTERRUPTED = 130


class PrefectPulumiError(Exception):
    """Root of all errors that the toolkit raises on purpose.

    `message` says what is wrong, `where` the file and key (or URN), `remedy` what to do.
    """

    exit_code: ExitCode = ExitCode.FAILED
    diagnostics: Sequence[Diagnostic] = ()
    """What it says of single places of a file, where these are known."""

    def __init__(self, message: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy
        self.outcome_unknown = isinstance(self, CannotCheckError)
        """Whether what was asked for may have been done all the same: no answer, or one of a server that failed."""

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  -> {self.remedy}" if self.remedy else text

    @property
    def first_line(self) -> str:
        """The first line of the message, or the error's name when there is none."""
        return self.message.splitlines()[0] if self.message else type(self).__name__


class InputError(PrefectPulumiError):
    """Bad input, found before anything was touched."""

    exit_code = ExitCode.BAD_INPUT


class ConfigError(InputError):
    """A project or stack file is wrong, or a setting or secret is missing."""


class PassphraseError(InputError):
    """The stack's passphrase is missing or wrong."""


class PreflightError(InputError):
    """`prefect.yaml` has faults; `faults` lists them all."""

    def __init__(
        self,
        faults: Sequence[str],
        *,
        where: str = "prefect.yaml",
        remedy: str = "",
        diagnostics: Sequence[Diagnostic] = (),
    ) -> None:
        self.faults = tuple(faults)
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(faults), where=where, remedy=remedy)


class CheckError(InputError):
    """A provider refused the inputs of one or more resources."""


class PluginError(InputError):
    """The plugin of another package is missing, cannot be fetched or cannot be started."""


class PortInUseError(InputError):
    """Another program listens on the local server's port."""


class UnsupportedError(InputError):
    """The embedded engine does not do this; the message names what the official CLI does."""


class OperationError(PrefectPulumiError):
    """An operation had begun and failed."""


class ProgramError(OperationError):
    """The Pulumi program raised; `details` is its traceback, cut to the user's own frames."""

    def __init__(self, message: str, *, details: str = "", where: str = "", remedy: str = "") -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.details = details


class ProviderError(OperationError):
    """A provider's call failed."""


class PartialFailureError(ProviderError):
    """The object exists but is not as asked (protocol message `ErrorResourceInitFailed`)."""

    def __init__(self, message: str, *, id: str, outputs: dict[str, Any], reasons: Sequence[str]) -> None:
        super().__init__(message)
        self.id = id
        self.outputs = outputs
        self.reasons = tuple(reasons)


class ApiError(OperationError):
    """The server refused a request. `status` is the HTTP status, `detail` the server's own words."""

    def __init__(self, message: str, *, status: int, detail: str = "", where: str = "", remedy: str = "") -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.status = status
        self.detail = detail


class NotFoundError(ApiError):
    """404."""


class ConflictError(ApiError):
    """409: an object of that name exists already."""


class DeployError(OperationError):
    """`prefect deploy` failed. `results`: `flow/deployment` -> how it ended, as in the output of that name."""

    def __init__(
        self, message: str, *, where: str = "", remedy: str = "", results: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.results = dict(results or {})


class LocalProcessError(OperationError):
    """A local server or worker did not start or stop in time; the message ends with its last log lines."""


class FlowRunError(OperationError):
    """A flow run did not end Completed."""


class GateError(OperationError):
    """Gates of a promotion are not passed. Nothing was touched."""


class PromotionError(OperationError):
    """A release could not be deployed, or a verification failed; the message names the release that runs now."""


class ChangesFound(PrefectPulumiError):
    """Changes or drift where none were expected."""

    exit_code = ExitCode.CHANGES_FOUND


class StalePlanError(ChangesFound):
    """Something changed since the plan was approved. Nothing was touched."""


class CannotCheckError(PrefectPulumiError):
    """Nothing could be compared, so neither "in sync" nor "changed" can be said."""

    exit_code = ExitCode.CANNOT_CHECK


class ServerUnavailableError(CannotCheckError):
    """The Prefect server gave no usable answer within the time limit."""


class UnexpectedAnswerError(ServerUnavailableError):
    """Something answers, but not as a Prefect API does: a gateway's page, an empty body, JSON of another shape."""


class StateError(CannotCheckError):
    """The state file is broken, or cannot be read or written."""


class StateLockedError(CannotCheckError):
    """Another update holds the stack's lock."""


class InterruptedRun(PrefectPulumiError):
    """Ctrl-C: what was in flight ended and was saved."""

    exit_code = ExitCode.INTERRUPTED


class ManyErrors(PrefectPulumiError):
    """Several failures of one run (`errors`); the exit code is the gravest one's."""

    def __init__(self, errors: Sequence[PrefectPulumiError]) -> None:
        super().__init__("\n".join(dict.fromkeys(str(error) for error in errors)))
        self.errors = tuple(errors)
        self.diagnostics = tuple(diagnostic for error in errors for diagnostic in error.diagnostics)
        # An operation that failed outranks bad input: something may have been touched.
        gravity = {1: 0, 4: 1, 2: 2, 3: 3, 130: 4}
        self.exit_code = min((error.exit_code for error in errors), key=lambda code: gravity[int(code)])
