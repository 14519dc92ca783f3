"""Runs one file of load tests and prints its result as a Check suite does: suite.py FILE [TEST...]"""

import importlib
import pathlib
import sys
import unittest

path = pathlib.Path(sys.argv[1])
sys.path[:0] = [str(path.parent), "tests"]
module = importlib.import_module(path.stem)
loader = unittest.defaultTestLoader
tests = loader.loadTestsFromModule(module)
if sys.argv[2:]:
    loader.testNamePatterns = [f"*{name}*" for name in sys.argv[2:]]
    tests = loader.loadTestsFromModule(module)

result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)
failures, errors = len(result.failures), len(result.errors)
checks = result.testsRun
print(f"Running suite(s): {path.stem}")
good = (checks - failures - errors) * 100 // max(checks, 1)
print(f"{good}%: Checks: {checks}, Failures: {failures}, Errors: {errors}")
sys.exit(not result.wasSuccessful())
