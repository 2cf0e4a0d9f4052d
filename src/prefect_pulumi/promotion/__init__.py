"""Moving a verified release from stack to stack: records, stages, gates, the plan and its checksum. No I/O."""
