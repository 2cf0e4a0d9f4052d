# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:LocalServer`."""

from __future__ import annotations

from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class LocalServer(PrefectResource):
    """A Prefect server on this machine, with its own database. It outlives the command that started it.

    Example: `LocalServer("server", directory=".infra/dev/server", port=4200)`
    """

    pulumi_type = "prefect:index:LocalServer"
    _wire_names = MappingProxyType(
        {
            "directory": "directory",
            "host": "host",
            "port": "port",
            "api_url": "apiUrl",
            "ui_url": "uiUrl",
            "status": "status",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        directory: pulumi.Input[str],
        host: pulumi.Input[str] | None = None,
        port: pulumi.Input[int] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param directory: Folder of its database and logs, relative to the project's root. A change replaces the
        object.
        :param host: Address it listens on. Default: "127.0.0.1".
        :param port: Port it listens on. Default: 4200.
        """
        self._begin(resource_name, {"directory": directory, "host": host, "port": port}, opts)

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> LocalServer:
        """The existing object of that `id`: the server's UUID. Pulumi does not manage it."""
        return read(LocalServer, resource_name, id, opts)

    @property
    @pulumi.getter(name="directory")
    def directory(self) -> pulumi.Output[str]:
        """Folder of its database and logs, relative to the project's root. A change replaces the object."""
        return self._output("directory")

    @property
    @pulumi.getter(name="host")
    def host(self) -> pulumi.Output[str]:
        """Address it listens on. Default: "127.0.0.1"."""
        return self._output("host")

    @property
    @pulumi.getter(name="port")
    def port(self) -> pulumi.Output[int]:
        """Port it listens on. Default: 4200."""
        return self._output("port")

    @property
    @pulumi.getter(name="apiUrl")
    def api_url(self) -> pulumi.Output[str]:
        """Address of its API."""
        return self._output("apiUrl")

    @property
    @pulumi.getter(name="uiUrl")
    def ui_url(self) -> pulumi.Output[str]:
        """Address of its dashboard."""
        return self._output("uiUrl")

    @property
    @pulumi.getter(name="status")
    def status(self) -> pulumi.Output[str]:
        """'running'; a server that stopped is started again by the next update."""
        return self._output("status")
