# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:DeploymentSchedule`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class DeploymentSchedule(PrefectResource):
    """A schedule of a deployment: one of cron, interval or rrule.

    Example: `DeploymentSchedule("nightly", deployment_id=daily.id, cron="0 6 * * *", slug="nightly")`
    """

    pulumi_type = "prefect:index:DeploymentSchedule"
    _wire_names = MappingProxyType(
        {
            "deployment_id": "deploymentId",
            "cron": "cron",
            "interval": "interval",
            "rrule": "rrule",
            "timezone": "timezone",
            "anchor_date": "anchorDate",
            "day_or": "dayOr",
            "active": "active",
            "max_scheduled_runs": "maxScheduledRuns",
            "catchup": "catchup",
            "max_active_runs": "maxActiveRuns",
            "parameters": "parameters",
            "slug": "slug",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        deployment_id: pulumi.Input[str],
        cron: pulumi.Input[str] | None = None,
        interval: pulumi.Input[float] | None = None,
        rrule: pulumi.Input[str] | None = None,
        timezone: pulumi.Input[str] | None = None,
        anchor_date: pulumi.Input[str] | None = None,
        day_or: pulumi.Input[bool] | None = None,
        active: pulumi.Input[bool] | None = None,
        max_scheduled_runs: pulumi.Input[int] | None = None,
        catchup: pulumi.Input[bool] | None = None,
        max_active_runs: pulumi.Input[int] | None = None,
        parameters: pulumi.Input[Mapping[str, Any]] | None = None,
        slug: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param deployment_id: UUID of its deployment. A change replaces the object.
        :param cron: Cron expression.
        :param interval: Seconds between two runs.
        :param rrule: Recurrence rule (RFC 5545).
        :param timezone: IANA name of the time zone. Left out: UTC.
        :param anchor_date: Moment (RFC 3339) from which an interval counts. Left out: when it is made.
        :param day_or: For cron: whether day of month and day of week are joined by or (else by and). Default: true.
        :param active: Whether it makes runs. Default: true.
        :param max_scheduled_runs: Most runs that it may have planned ahead. Taking it away replaces the object.
        :param catchup: Whether runs whose time went by are made up for. Prefect Cloud only. Default: false.
        :param max_active_runs: Most runs of it that may be active. Prefect Cloud only. Taking it away replaces the
        object.
        :param parameters: Parameters of its runs, over those of the deployment.
        :param slug: Name of the schedule, unique in its deployment; a rename keeps the schedule. Taking it away
        replaces the object.
        """
        self._begin(
            resource_name,
            {
                "deploymentId": deployment_id,
                "cron": cron,
                "interval": interval,
                "rrule": rrule,
                "timezone": timezone,
                "anchorDate": anchor_date,
                "dayOr": day_or,
                "active": active,
                "maxScheduledRuns": max_scheduled_runs,
                "catchup": catchup,
                "maxActiveRuns": max_active_runs,
                "parameters": parameters,
                "slug": slug,
            },
            opts,
        )

    @staticmethod
    def get(
        resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> DeploymentSchedule:
        """The existing object of that `id`: the server's UUID or flow/deployment/slug. Pulumi does not manage it."""
        return read(DeploymentSchedule, resource_name, id, opts)

    @property
    @pulumi.getter(name="deploymentId")
    def deployment_id(self) -> pulumi.Output[str]:
        """UUID of its deployment. A change replaces the object."""
        return self._output("deploymentId")

    @property
    @pulumi.getter(name="cron")
    def cron(self) -> pulumi.Output[str | None]:
        """Cron expression."""
        return self._output("cron")

    @property
    @pulumi.getter(name="interval")
    def interval(self) -> pulumi.Output[float | None]:
        """Seconds between two runs."""
        return self._output("interval")

    @property
    @pulumi.getter(name="rrule")
    def rrule(self) -> pulumi.Output[str | None]:
        """Recurrence rule (RFC 5545)."""
        return self._output("rrule")

    @property
    @pulumi.getter(name="timezone")
    def timezone(self) -> pulumi.Output[str | None]:
        """IANA name of the time zone. Left out: UTC."""
        return self._output("timezone")

    @property
    @pulumi.getter(name="anchorDate")
    def anchor_date(self) -> pulumi.Output[str | None]:
        """Moment (RFC 3339) from which an interval counts. Left out: when it is made."""
        return self._output("anchorDate")

    @property
    @pulumi.getter(name="dayOr")
    def day_or(self) -> pulumi.Output[bool]:
        """For cron: whether day of month and day of week are joined by or (else by and). Default: true."""
        return self._output("dayOr")

    @property
    @pulumi.getter(name="active")
    def active(self) -> pulumi.Output[bool]:
        """Whether it makes runs. Default: true."""
        return self._output("active")

    @property
    @pulumi.getter(name="maxScheduledRuns")
    def max_scheduled_runs(self) -> pulumi.Output[int | None]:
        """Most runs that it may have planned ahead. Taking it away replaces the object."""
        return self._output("maxScheduledRuns")

    @property
    @pulumi.getter(name="catchup")
    def catchup(self) -> pulumi.Output[bool]:
        """Whether runs whose time went by are made up for. Prefect Cloud only. Default: false."""
        return self._output("catchup")

    @property
    @pulumi.getter(name="maxActiveRuns")
    def max_active_runs(self) -> pulumi.Output[int | None]:
        """Most runs of it that may be active. Prefect Cloud only. Taking it away replaces the object."""
        return self._output("maxActiveRuns")

    @property
    @pulumi.getter(name="parameters")
    def parameters(self) -> pulumi.Output[dict[str, Any]]:
        """Parameters of its runs, over those of the deployment."""
        return self._output("parameters")

    @property
    @pulumi.getter(name="slug")
    def slug(self) -> pulumi.Output[str | None]:
        """Name of the schedule, unique in its deployment; a rename keeps the schedule. Taking it away replaces the
        object."""
        return self._output("slug")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
