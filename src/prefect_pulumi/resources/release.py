# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:Release`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class Release(PrefectResource):
    """The release that a stack runs. Declared last, it is recorded when the rest of the update has succeeded.

    A tree that is not exactly a commit makes no release: its deploy could not be repeated.

    Example: `Release("release", deployments=flows.fingerprints)`
    """

    pulumi_type = "prefect:index:Release"
    _wire_names = MappingProxyType(
        {
            "deployments": "deployments",
            "images": "images",
            "pinned": "pinned",
            "promoted": "promoted",
            "keep": "keep",
            "commit": "commit",
            "infrastructure": "infrastructure",
            "record": "record",
            "kept": "kept",
            "verifications": "verifications",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        deployments: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        images: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        pinned: pulumi.Input[str] | None = None,
        promoted: pulumi.Input[Mapping[str, Any]] | None = None,
        keep: pulumi.Input[int] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param deployments: 'flow/deployment' -> its fingerprint.
        :param images: Work pool -> image of its workers and flow runs, by digest or id.
        :param pinned: The commit that the stack's config pins; empty: none. Default: "".
        :param promoted: Where a pinned release comes from: stage, release, plan, and what was forced with which
        reason.
        :param keep: How many releases are kept to go back to. Default: 10.
        """
        self._begin(
            resource_name,
            {"deployments": deployments, "images": images, "pinned": pinned, "promoted": promoted, "keep": keep},
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Release:
        """The existing object of that `id`: the server's UUID. Pulumi does not manage it."""
        return read(Release, resource_name, id, opts)

    @property
    @pulumi.getter(name="deployments")
    def deployments(self) -> pulumi.Output[dict[str, str]]:
        """'flow/deployment' -> its fingerprint."""
        return self._output("deployments")

    @property
    @pulumi.getter(name="images")
    def images(self) -> pulumi.Output[dict[str, str]]:
        """Work pool -> image of its workers and flow runs, by digest or id."""
        return self._output("images")

    @property
    @pulumi.getter(name="pinned")
    def pinned(self) -> pulumi.Output[str]:
        """The commit that the stack's config pins; empty: none. Default: ""."""
        return self._output("pinned")

    @property
    @pulumi.getter(name="promoted")
    def promoted(self) -> pulumi.Output[dict[str, Any]]:
        """Where a pinned release comes from: stage, release, plan, and what was forced with which reason."""
        return self._output("promoted")

    @property
    @pulumi.getter(name="keep")
    def keep(self) -> pulumi.Output[int]:
        """How many releases are kept to go back to. Default: 10."""
        return self._output("keep")

    @property
    @pulumi.getter(name="commit")
    def commit(self) -> pulumi.Output[str]:
        """Git commit of the program and the flows; empty when the tree was not exactly one."""
        return self._output("commit")

    @property
    @pulumi.getter(name="infrastructure")
    def infrastructure(self) -> pulumi.Output[str]:
        """SHA-256 of the inputs of every resource declared with the same provider, no secrets."""
        return self._output("infrastructure")

    @property
    @pulumi.getter(name="record")
    def record(self) -> pulumi.Output[dict[str, Any]]:
        """The release: id, commit, time, by, deployments, infrastructure, images, versions, promoted."""
        return self._output("record")

    @property
    @pulumi.getter(name="kept")
    def kept(self) -> pulumi.Output[list[Any]]:
        """Releases that the stack can go back to, newest first."""
        return self._output("kept")

    @property
    @pulumi.getter(name="verifications")
    def verifications(self) -> pulumi.Output[dict[str, Any]]:
        """Release id -> evidence of its verification."""
        return self._output("verifications")
