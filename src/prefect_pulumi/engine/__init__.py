"""The embedded engine: runs a Pulumi program in this process against providers and a file-backend state.

It knows nothing of Prefect: providers come through `core.provider_protocol`. It refuses by name (`UnsupportedError`)
what it does not support, and the official CLI remains the reference for every semantic. May import `core` and `state`.
"""
