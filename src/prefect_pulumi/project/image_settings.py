"""The image of worker and server containers, and what all settings share."""

from __future__ import annotations

from pydantic import BaseModel, Field

from prefect_pulumi.project.secret_settings import STRICT


class Settings(BaseModel):
    model_config = STRICT


class ImageSettings(Settings):
    """`image` is a reference by digest or id; left out, `dockerfile` is built, and pushed where `push_to` names a
    registry's repository.
    """

    image: str | None = Field(
        default=None,
        pattern=r"(@|^)sha256:[0-9a-f]{64}$",
        description="Image by digest or id; none: it is built.",
        examples=[f"registry.example.com/worker@sha256:{'0' * 64}"],
    )
    dockerfile: str = Field(default="worker/Dockerfile", description="What is built, from the project's folder.")
    build_args: dict[str, str] = Field(default={}, description="Arguments of the build.")
    push_to: str | None = Field(
        default=None,
        description="Repository of a registry that a built image is pushed to.",
        examples=["registry.example.com/orders/worker"],
    )
