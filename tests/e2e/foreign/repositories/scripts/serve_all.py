import sys

from etl import etl
from prefect import serve
from prefect.schedules import Cron
from reports.weekly import report

if __name__ == "__main__":
    serve(
        etl.to_deployment(name="nightly", schedules=[Cron("0 2 * * *", timezone="Europe/Berlin")]),
        report.to_deployment(name="to-me", parameters={"recipients": ["me@acme.example"]}),
        report.to_deployment(name=f"to-{sys.argv[-1]}"),
    )
