from prefect import flow


@flow(name="Weekly report")
def report(recipients: tuple[str, ...] = ()) -> None:
    print(f"sent to {len(recipients)}")


if __name__ == "__main__":
    report.serve("weekly", cron="0 7 * * 1", description="Mails the numbers", limit=3)
