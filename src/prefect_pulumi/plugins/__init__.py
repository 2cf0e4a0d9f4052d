"""Other packages' providers: their official binaries found or fetched, run as processes, spoken to over gRPC."""
