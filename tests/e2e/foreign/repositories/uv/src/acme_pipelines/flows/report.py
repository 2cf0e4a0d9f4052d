from prefect import flow


@flow
def weekly_report(region: str) -> str:
    return f"report of {region}"
