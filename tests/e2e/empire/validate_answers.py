#!/usr/bin/python3
"""Holds answers against an OpenAPI document: validate_answers.py DOCUMENT < answers

One answer per line: {"method","path" (as in the document),"status","headers","body"}. Checked are status, type,
headers and body; and that every status that the document gives an operation was seen, but 500, which stands for an
error of the service. A 405 is none of an operation: it is held against components/responses.
"""
import json
import sys

import jsonschema

UNSEEN_ALLOWED = {"500"}


def check_type(answer, response, found):
    """The schema of the body, None for an answer without one."""
    kinds = response.get("content")
    kind = answer["headers"].get("content-type", "")
    if kinds is None:
        if answer["body"]:
            found.append("has a body")
        return None
    bare = kind.replace("; charset=utf-8", "")
    if bare not in kinds:
        found.append(f"is of type {kind}")
        return None
    return kinds[bare]["schema"]


def check_headers(answer, response, resolve, validator, found):
    for name, part in response.get("headers", {}).items():
        header = resolve(part)
        value = answer["headers"].get(name.lower())
        if value is None:
            if header.get("required"):
                found.append(f"lacks {name}")
            continue
        if header["schema"].get("type") == "integer":
            value = int(value)
        found.extend(f"{name}: {e.message}" for e in validator(header["schema"]).iter_errors(value))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    components = {"components": document["components"]}

    def resolve(part):
        while "$ref" in part:
            at = document
            for word in part["$ref"].split("/")[1:]:
                at = at[word]
            part = at
        return part

    def validator(schema):
        return jsonschema.Draft202012Validator({**schema, **components})

    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    seen, failed, count = set(), 0, 0
    for line in sys.stdin:
        answer = json.loads(line)
        count += 1
        status, found = str(answer["status"]), []
        where = f'{answer["method"]} {answer["path"]} {status}'
        operation = document["paths"][answer["path"]].get(answer["method"].lower(), {"responses": {}})
        response = operation["responses"].get(status)
        if status == "405":
            response = document["components"]["responses"]["MethodNotAllowed"]
        if response is None:
            found.append("is not described")
        else:
            response = resolve(response)
            seen.add((answer["method"], answer["path"], status))
            schema = check_type(answer, response, found)
            check_headers(answer, response, resolve, validator, found)
            if schema is not None:
                body = json.loads(answer["body"]) if "json" in answer["headers"]["content-type"] else answer["body"]
                found.extend(f'/{"/".join(map(str, e.path))}: {e.message[:200]}' for e in validator(schema).iter_errors(body))
        for message in found:
            failed += 1
            print(f"{where}: {message}")
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for status in operation["responses"]:
                if (method.upper(), path, status) not in seen and status not in UNSEEN_ALLOWED:
                    failed += 1
                    print(f"{method.upper()} {path} {status}: never seen")
    print(f"{count} answers, {failed} faults")
    sys.exit(1 if failed or not count else 0)


main()
