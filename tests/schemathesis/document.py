"""Whether a document is OpenAPI 3.1, and each example in it keeps to the schema beside it.

    python document.py FILE

The first is said by openapi-spec-validator, the second by jsonschema."""

import json
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

NAME = "urn:document"

with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
registry = Registry().with_resource(NAME, Resource(document, DRAFT202012))
mistakes = 0
examples = 0


def mistake(path, message):
    """Tells it at once, for what is broken enough ends the validator."""
    global mistakes
    mistakes += 1
    print(f"{pointer(path)}: {message}", file=sys.stderr)


def pointer(path):
    """A place in the document, by RFC 6901 in the form of a fragment."""
    names = (str(name).replace("~", "~0").replace("/", "~1") for name in path)
    return "#/" + "/".join(name.replace("%", "%25").replace("{", "%7B").replace("}", "%7D") for name in names)


def check(path, schema_path, example):
    """An example against the schema at another place."""
    global examples
    examples += 1
    schema = {"$ref": NAME + pointer(schema_path)}
    for error in Draft202012Validator(schema, registry=registry).iter_errors(example):
        mistake(path, error.message)


def resolved(value):
    """What a reference within the document leads to."""
    while isinstance(value, dict) and "$ref" in value:
        found = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name.replace("~1", "/").replace("~0", "~")]
        value = found
    return value


def walk(path, value):
    """Checks the examples of media types, parameters and headers, which have a schema, and of schemas."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            walk([*path, index], item)
    if not isinstance(value, dict):
        return
    if "schema" in value:
        if "example" in value:
            check([*path, "example"], [*path, "schema"], value["example"])
        for name, example in value.get("examples", {}).items():
            check([*path, "examples", name], [*path, "schema"], resolved(example)["value"])
    elif isinstance(value.get("examples"), list):
        for index, example in enumerate(value["examples"]):
            check([*path, "examples", index], path, example)
    for name, inner in value.items():
        # What is within an example is data.
        if name not in ("example", "examples", "default", "enum", "const"):
            walk([*path, name], inner)


for error in OpenAPIV31SpecValidator(document).iter_errors():
    mistake(error.absolute_path, error.message)
walk([], document)
if examples < 100:
    mistake([], f"only {examples} examples")
print(f"OpenAPI {document['openapi']}: {examples} examples, {mistakes} mistakes")
sys.exit(1 if mistakes else 0)
