"""What is recorded of a release: the record in a stack's state, the pin in its config, and the evidence of checks.

These are the stored shapes: the names of the fields are the keys in states, stack files and documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """One release of one stack. `time`: RFC 3339. `promoted`: stage, release, plan and forced gates of its pin."""

    id: str
    commit: str
    time: str = ""
    by: str = ""
    deployments: Mapping[str, str] = field(default_factory=dict)
    infrastructure: str = ""
    images: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    promoted: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def parse(raw: Mapping[str, Any]) -> ReleaseRecord:
        known = {name: raw[name] for name in ReleaseRecord.__dataclass_fields__ if raw.get(name) is not None}
        return ReleaseRecord(**known)

    @property
    def origin(self) -> str:
        """The release that this one is of, by the name that it had in its first stage."""
        return str(self.promoted.get("release") or self.id)

    def pin(self, stage: str, *, plan: str = "", forced: Mapping[str, str] | None = None) -> ReleasePin:
        """The pin that deploys this release. `stage` is the stack whose record it is."""
        return ReleasePin(
            id=self.id,
            commit=self.commit,
            stage=stage,
            images=dict(self.images),
            plan=plan,
            forced=dict(forced or {}),
        )

    def is_of(self, pin: ReleasePin) -> bool:
        """Whether a stack with this record runs what `pin` asks for."""
        if self.commit != pin.commit:
            return False
        own = (self.promoted.get("release"), self.promoted.get("stage"), self.promoted.get("plan"))
        return tuple(str(value or "") for value in own) == (pin.id, pin.stage, pin.plan)

    def document(self) -> dict[str, Any]:
        return asdict(self)


class ReleasePin(BaseModel):
    """The release that a stack deploys, whatever the checkout holds: `environment.release` of its config.
    `infra promote` and `infra rollback` write it.

    `images`: work pool -> image by digest or id, in place of what the stack would build. `plan` is the checksum of
    the approved plan, `forced` names the gates that were overruled, with the reasons.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(description="The release's name in the stack that it comes from.", examples=["staging-12"])
    commit: str = Field(
        pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$", description="Its commit, the whole name.", examples=["0" * 40]
    )
    stage: str = Field(description="The stack that it comes from.", examples=["staging"])
    images: dict[str, str] = Field(default={}, description="Work pool -> image by digest or id.")
    plan: str = Field(default="", description="Checksum of the approved plan.")
    forced: dict[str, str] = Field(default={}, description="Gate that was overruled -> reason.")

    def document(self) -> dict[str, Any]:
        """As a stack file has it: empty parts are left out."""
        return {key: value for key, value in self.model_dump().items() if value}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One declared check and what was seen. `evidence`: plain data such as run ids and times."""

    name: str
    passed: bool
    text: str
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def parse(raw: Mapping[str, Any]) -> CheckResult:
        return CheckResult(str(raw["name"]), bool(raw["passed"]), str(raw["text"]), dict(raw.get("evidence") or {}))


@dataclass(frozen=True, slots=True)
class Verification:
    """The evidence for one release. Times: RFC 3339. `approval`: the pull request of it and its reviewers."""

    release: str
    began: str
    ended: str
    by: str
    checks: tuple[CheckResult, ...] = ()
    approval: str = ""

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if not check.passed)

    @staticmethod
    def parse(raw: Mapping[str, Any]) -> Verification:
        return Verification(
            str(raw.get("release", "")),
            str(raw.get("began", "")),
            str(raw.get("ended", "")),
            str(raw.get("by", "")),
            tuple(CheckResult.parse(check) for check in raw.get("checks", ())),
            str(raw.get("approval") or ""),
        )

    def document(self) -> dict[str, Any]:
        document = asdict(self)
        return {**document, "checks": list(document["checks"]), "passed": self.passed}
