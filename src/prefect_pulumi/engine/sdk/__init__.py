"""The Pulumi SDK's side: resource monitor, program, assets; the only part of the engine that knows protobuf and
`pulumi.runtime`.

May import `engine.run` and `engine.plan`.
"""
