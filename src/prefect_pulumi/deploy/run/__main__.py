"""The process of a deploy: `python -m prefect_pulumi.deploy.run FD < job.json`, as `child.py` describes it.

It ends with `DIFFERS`, and the reason as its only line, where the installed Prefect is not what `child` reaches into.
"""

from __future__ import annotations

import sys

from prefect_pulumi.deploy.run import prefect_interface


def main() -> int:
    refusal = prefect_interface.refusal()
    if refusal:
        print(refusal)
        return prefect_interface.DIFFERS
    from prefect_pulumi.deploy.run import child

    return child.main()


if __name__ == "__main__":
    sys.exit(main())
