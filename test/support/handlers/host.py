"""Runs a handler as Lambda's runtime does: an event a line on standard input, an answer a line on descriptor 3."""
import importlib.util
import json
import os
import sys

spec = importlib.util.spec_from_file_location("function", sys.argv[1])
function = importlib.util.module_from_spec(spec)
spec.loader.exec_module(function)

with os.fdopen(3, "w") as answers:
    for line in sys.stdin:
        try:
            answer = {"returned": function.lambda_handler(json.loads(line), None)}
        except Exception as error:
            answer = {"thrown": {"errorType": type(error).__name__, "errorMessage": str(error)}}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
