"""Variables (prefect/server/api/variables.py, `/variables`)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from prefect_pulumi.models.base import Kind, Meta
from prefect_pulumi.models.names import VariableName, VariableValue


class Variable(Kind):
    """A named JSON value that flows read with `Variable.get`."""

    kind: ClassVar[str] = "Variable"
    faults: ClassVar[tuple[str, ...]] = (
        "A name with anything but lower-case letters, digits, dashes and underscores is refused at preview.",
        "A value of more than 5000 bytes of JSON is refused at preview.",
    )
    example: ClassVar[str] = 'Variable("region", value="eu-west-1", tags=["infra"])'

    name: Annotated[VariableName, Meta(logical_name=True)] = Field(
        description="Lower-case letters, digits, dashes and underscores, at most 255."
    )
    value: Annotated[VariableValue, Meta()] = Field(description="Any JSON value, at most 5000 bytes as text.")
    tags: list[str] = Field(default_factory=list, description="Free labels.")
    created: Annotated[str | None, Meta(output=True)] = Field(default=None, description="When it was made (RFC 3339).")
