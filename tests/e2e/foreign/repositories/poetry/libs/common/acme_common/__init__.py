from prefect.variables import Variable


def currency() -> str:
    return str(Variable.get("currency", default="EUR"))
