# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:ResultStorage`."""

from __future__ import annotations

from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class ResultStorage(PrefectResource):
    """The block where flow runs keep results when neither their flow nor their pool names one. A server has one.

    Example: `ResultStorage("results", block_document_id=bucket.id)`
    """

    pulumi_type = "prefect:index:ResultStorage"
    _wire_names = MappingProxyType({"block_document_id": "blockDocumentId"})

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        block_document_id: pulumi.Input[str],
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param block_document_id: UUID of a block that can store results, such as an S3 bucket.
        """
        self._begin(resource_name, {"blockDocumentId": block_document_id}, opts)

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> ResultStorage:
        """The existing object of that `id`: the server's UUID. Pulumi does not manage it."""
        return read(ResultStorage, resource_name, id, opts)

    @property
    @pulumi.getter(name="blockDocumentId")
    def block_document_id(self) -> pulumi.Output[str]:
        """UUID of a block that can store results, such as an S3 bucket."""
        return self._output("blockDocumentId")
