"""Other packages' providers: their official binaries found or fetched, run as processes, called over gRPC.

May import `core`.
"""
