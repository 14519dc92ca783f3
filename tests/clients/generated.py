"""Prints what the generated client gets: the digits by each operation, one a line."""

import sys

from openapi_client import ApiClient, Configuration, FactorialApi

with ApiClient(Configuration(host=sys.argv[1])) as client:
    api = FactorialApi(client)
    for number in map(int, sys.argv[2:]):
        summary = api.get_factorial_summary(number)
        print(api.get_factorial(number).factorial)
        print(api.get_factorial_text(number).strip())
        print(summary.digits, summary.scientific)
