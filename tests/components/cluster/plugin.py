"""`objects.ClusterProvider` as a plugin process of package `kubernetes`, on the cluster of KUBECONFIG."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from prefect_pulumi.provider.rpc.read_batcher import ReadBatcher
from prefect_pulumi.provider.rpc.servicer import PrefectServicer
from tests.components.cluster.objects import ClusterProvider
from tests.components.docker_plugin import serve

MODULE = __spec__.name


class ClusterServicer(PrefectServicer):
    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.provider: Any = ClusterProvider(Path(os.environ["KUBECONFIG"]))
        self._reads = ReadBatcher(self.provider.read_many)


if __name__ == "__main__":
    serve(ClusterServicer(Path.cwd()))
