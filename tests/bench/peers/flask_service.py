"""The service as one would write it with Flask: math.factorial, the contract's answers."""

import math
import sys

from flask import Flask, Response, request

sys.set_int_max_str_digits(0)
app = Flask(__name__)


def refuse(text):
    return Response(text, 400, mimetype="text/plain")


@app.get("/api/v1/factorial")
def factorial():
    given = request.args.get("number")
    if given is None:
        return refuse("Please supply number parameter")
    try:
        number = int(given)
    except ValueError:
        return refuse("Invalid value")
    if number < 0:
        return refuse("Invalid value")
    if number > 10_000_000:
        return refuse("Number too large: the maximum is 10000000")
    text = request.accept_mimetypes.best_match(("application/json", "text/plain")) == "text/plain"
    digits = math.factorial(number)
    body = f"{digits}\n" if text else f'{{"factorial":{digits}}}\n'
    answer = Response(body, mimetype="text/plain" if text else "application/json")
    answer.headers["Vary"] = "Accept"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.set_etag(f"{number}-{'text' if text else 'json'}-1")
    return answer.make_conditional(request)


@app.get("/status")
def status():
    return Response("UP", mimetype="text/plain")
