from prefect import flow


@flow(name="build-marts")
def build_marts(full_refresh: bool = False) -> None:
    print("full" if full_refresh else "incremental")
