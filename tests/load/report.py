"""The figures that a load test has measured."""


def report(line):
    print(f"report: {line}", flush=True)
