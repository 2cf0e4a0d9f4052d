"""The embedded engine: runs a Pulumi program in this process against providers and a file-backend state.

It knows nothing of Prefect: providers come through the Protocol of `core.provider_protocol`. What it does not support it
refuses by name (`UnsupportedError`), and the official CLI remains the reference for every semantic.
"""
