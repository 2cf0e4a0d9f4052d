"""Block classes that flows load."""

from typing import Any

from prefect.blocks.core import Block
from pydantic import Field


class JSON(Block):
    """A JSON value. The infrastructure program declares the documents: `JSON.load("app-config").value`."""

    _block_type_name = "JSON"
    _block_type_slug = "json"

    value: Any = Field(default=..., description="A JSON-compatible value.")
