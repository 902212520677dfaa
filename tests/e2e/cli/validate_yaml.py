"""Holds YAML files against a JSON schema: validate_yaml.py SCHEMA FILE...

Prints a line a file: "valid", or "invalid: " and why.
"""
import json
import sys

import jsonschema
import yaml

with open(sys.argv[1], encoding="utf-8") as f:
    schema = json.load(f)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as f:
        errors = list(validator.iter_errors(yaml.safe_load(f)))
    print("invalid: " + errors[0].message.replace("\n", " ") if errors else "valid")
