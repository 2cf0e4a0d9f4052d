"""The server's default result storage (prefect/server/api/admin.py, `/admin/storage`)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from prefect_pulumi.models.base import Kind


class ResultStorage(Kind):
    """The block where flow runs keep results when neither their flow nor their pool names one. A server has one."""

    kind: ClassVar[str] = "ResultStorage"
    faults: ClassVar[tuple[str, ...]] = (
        "A server that has another one already: refused when it is made, for another program may rely on it.",
        "A block that cannot store results is refused by the server; its words are shown.",
        "Prefect Cloud has none: refused at preview.",
    )
    example: ClassVar[str] = 'ResultStorage("results", block_document_id=bucket.id)'
    on_server: ClassVar[bool] = False
    import_id: ClassVar[str] = ""

    block_document_id: str = Field(description="UUID of a block that can store results, such as an S3 bucket.")
