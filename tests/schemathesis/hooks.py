"""What is generated, changed where otherwise little would be tried.

With LANTERN_MEMBER, half of the requests are about that member and a few keys: otherwise hardly one
would get past 404. The other half are as they are generated."""

import os
import random

import schemathesis

MEMBER = os.environ.get("LANTERN_MEMBER")
KEYS = ["city", "mood", "a", "Z9", "k" * 255]

choice = random.Random(1)


@schemathesis.hook
def filter_case(context, case):
    """Control characters are no part of a header (RFC 9110 section 5.5): hyper refuses the request
    before there is anybody to answer it."""
    values = "".join(str(value) for value in (case.headers or {}).values())
    return not any((letter < " " and letter != "\t") or letter == "\x7f" for letter in values)


@schemathesis.hook
def before_call(context, case, **kwargs):
    parameters = case.path_parameters
    if not MEMBER or not parameters or "id" not in parameters or choice.random() < 0.5:
        return
    parameters["id"] = MEMBER
    if "key" in parameters and choice.random() < 0.8:
        parameters["key"] = choice.choice(KEYS)
