"""Moving a verified release from stack to stack: stages, gates, the plan and its checksum, the rollout.

Plain data, no I/O. May import `core`, `models`, `review` and `state.entries`.
"""
