#!/usr/bin/python3
"""Holds JSON documents against a JSON schema: validate_json.py SCHEMA FILE...

A schema that is published leaves room for members to come; here a member that it does not name is an error, or
documents and documentation would drift apart. The interpreter is Debian's, which has python3-jsonschema.
"""
import json
import sys

import jsonschema


def close(schema):
    """Forbids further members wherever members are listed."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            close(part)
    elif isinstance(schema, list):
        for part in schema:
            close(part)


def unique(pairs):
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"members stand twice: {', '.join(twice)}")
    return dict(pairs)


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: validate_json.py SCHEMA FILE...")
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    close(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failed = False
    for name in sys.argv[2:]:
        with open(name, encoding="utf-8") as file:
            document = json.load(file, object_pairs_hook=unique)
        for error in sorted(validator.iter_errors(document), key=lambda e: list(map(str, e.path))):
            print(f"{name}: /{'/'.join(map(str, error.path))}: {error.message[:300]}")
            failed = True
    sys.exit(1 if failed else 0)


main()
