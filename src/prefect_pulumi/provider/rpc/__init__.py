"""The provider over gRPC: the only part of the provider that knows protobuf.

May import `provider`.
"""
