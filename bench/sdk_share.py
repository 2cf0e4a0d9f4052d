"""How much of a preview's processor time is the Pulumi SDK's: the program against a monitor that only echoes.

python -m bench.sdk_share [1000]
"""

from __future__ import annotations

import gc
import io
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import resource_pb2

from bench.workload import PROGRAM
from prefect_pulumi.engine.sdk.capabilities import feature_numbers
from prefect_pulumi.engine.sdk.program import run_program


class Echo:
    """Answers each registration with what it was sent."""

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802
        features: Any = feature_numbers()
        return resource_pb2.DeploymentInfo(supportedFeatures=features)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        urn = f"urn:pulumi:dev::bench::{request.type}::{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, id="x", object=request.object)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    SignalAndWaitForShutdown = Log = RegisterResourceOutputs


def main() -> None:
    gc.set_threshold(200_000, 20, 100)  # as the command does
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "infra"
        program.mkdir()
        (program / "__main__.py").write_text(PROGRAM.format(size=size))
        before = time.process_time()
        run_program(
            program,
            project="bench",
            stack="dev",
            config={},
            secret_keys=(),
            monitor=Echo(),
            engine=Echo(),
            dry_run=True,
            parallel=16,
            output=io.StringIO(),
            errors=io.StringIO(),
            say=lambda text: None,
            in_progress=list,
        )
        sys.stdout.write(f"{size} resources: {time.process_time() - before:.2f} s of processor time in the SDK\n")


if __name__ == "__main__":
    main()
