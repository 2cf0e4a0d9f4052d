"""What is shown at the end of each command's help: command lines that can be typed as they are."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "infra init": ("infra init --dry-run", "infra init --name orders --server https://prefect.example.com/api"),
    "infra completion": (
        'eval "$(infra completion bash)"',
        "infra completion zsh",
        "infra completion fish",
    ),
    "infra doctor": ("infra doctor -s prod", "infra doctor --json"),
    "infra up": ("infra up", "infra up -s prod --refresh", "infra up --yes --target 'WorkPool etl'"),
    "infra preview": ("infra preview -s prod --expect-no-changes", "infra preview --annotations github"),
    "infra refresh": ("infra refresh -s prod --expect-no-changes",),
    "infra destroy": ("infra destroy -s dev", "infra destroy --yes --target etl --target-dependents"),
    "infra outputs": ("infra outputs --json", "infra outputs ui -s prod"),
    "infra import": ("infra import WorkPool etl", "infra import --all --out imported -s prod"),
    "infra run": ("infra run 'load/daily' -s prod", "infra run 'load/daily' --param day='\"2026-01-31\"'"),
    "infra status": ("infra status", "infra status -s prod", "infra status --out status.html --format html"),
    "infra drift": ("infra drift -s prod", "infra drift --out drift.html --out drift.json"),
    "infra history": ("infra history -s prod", "infra history -s prod --limit 100 --json"),
    "infra review": ("infra review -s dev -s prod --base main", "infra review --from review.json --post"),
    "infra adopt": ("infra adopt --out drift.patch", "infra adopt 'WorkPool etl' -s prod"),
    "infra accept": ("infra accept 'WorkPool etl' -s prod --owner ana --reason 'month end' --expires 2026-12-31",),
    "infra release show": ("infra release show -s prod",),
    "infra release list": ("infra release list -s prod --json",),
    "infra release checkout": ("infra release checkout -s prod",),
    "infra verify": ("infra verify -s staging", "infra verify -s staging --once"),
    "infra promote": ("infra promote staging prod --preview", "infra promote staging prod --apply --yes"),
    "infra rollback": ("infra rollback -s prod", "infra rollback -s prod --to staging-12"),
    "infra config set": ("infra config set region eu", "infra config set --secret orders-api-token -s prod"),
    "infra config get": ("infra config get region -s prod",),
    "infra config ls": ("infra config ls", "infra config ls -s prod --show-secrets --json"),
    "infra config rm": ("infra config rm region", "infra config rm environment.pools.etl --path"),
    "infra config cp": ("infra config cp --dest prod", "infra config cp region -s dev --dest prod"),
    "infra env": ('eval "$(infra env -s dev)"',),
    "infra cancel": ("infra cancel -s prod",),
    "infra state delete": ("infra state delete etl", "infra state delete etl --target-dependents"),
    "infra state rename": ("infra state rename etl etl-eu",),
    "infra state unprotect": ("infra state unprotect etl", "infra state unprotect --all"),
    "infra state move": ("infra state move --to s3://states/orders -s prod",),
    "infra stack ls": ("infra stack ls", "infra stack ls --json"),
    "infra stack init": ("infra stack init staging", "infra stack init eu --copy-config-from prod"),
    "infra stack select": ("infra stack select prod",),
    "infra stack rm": ("infra stack rm staging", "infra stack rm staging --yes --preserve-config"),
    "infra stack rename": ("infra stack rename eu -s prod",),
    "infra stack history": ("infra stack history -s prod --page-size 50",),
    "infra stack export": ("infra stack export -s prod --file prod.json",),
    "infra stack import": ("infra stack import -s prod --file prod.json",),
    "infra schema": ("infra schema", "infra schema WorkPool"),
    "infra explain": ("infra explain WorkPool.type", "infra explain environment.pools.etl.workers --json"),
}
"""Command -> command lines."""


def examples(command: str) -> str:
    """The end of the command's help. A group of commands shows the first example of each."""
    lines = EXAMPLES.get(command) or [own[0] for name, own in EXAMPLES.items() if name.startswith(f"{command} ")]
    return "\n  ".join(["examples:", *lines])
