# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""The provider `prefect`."""

from __future__ import annotations

import pulumi


class Provider(pulumi.ProviderResource):
    """Which Prefect API the resources live on. Each falls back to the variable that Prefect itself reads.

    Example: `Provider("local", api_url=server.api_url)`
    """

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        api_url: pulumi.Input[str] | None = None,
        api_key: pulumi.Input[str] | None = None,
        auth_string: pulumi.Input[str] | None = None,
        custom_headers: pulumi.Input[str] | None = None,
        cert_file: pulumi.Input[str] | None = None,
        skip_verify: pulumi.Input[str] | None = None,
        cloud: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param api_url: Address of the API, ending with /api; else PREFECT_API_URL.
        :param api_key: Key of Prefect Cloud; else PREFECT_API_KEY. Secret.
        :param auth_string: 'user:password' of a self-hosted server; else PREFECT_API_AUTH_STRING. Secret.
        :param custom_headers: JSON object of texts: headers of every request, over those of
        PREFECT_CLIENT_CUSTOM_HEADERS. Secret.
        :param cert_file: PEM file of the authorities that certificates are checked with, relative to the project's
        folder; else PREFECT_API_SSL_CERT_FILE.
        :param skip_verify: 'true': certificates are not checked; else PREFECT_API_TLS_INSECURE_SKIP_VERIFY.
        :param cloud: 'true': the address is one of Prefect Cloud on a host of the customer's; else what the address
        and PREFECT_CLOUD_API_URL say.
        """
        super().__init__(
            "prefect",
            resource_name,
            {
                "apiUrl": api_url,
                "apiKey": None if api_key is None else pulumi.Output.secret(api_key),
                "authString": None if auth_string is None else pulumi.Output.secret(auth_string),
                "customHeaders": None if custom_headers is None else pulumi.Output.secret(custom_headers),
                "certFile": cert_file,
                "skipVerify": skip_verify,
                "cloud": cloud,
            },
            opts,
        )
