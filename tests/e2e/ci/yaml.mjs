// YAML files as values.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/** A YAML file as a value, every scalar but numbers a text: "on" of a workflow is true in YAML 1.1. A key stands once. */
export function readYaml(file) {
    const done = spawnSync('/usr/bin/python3', ['-c', `
import json, sys, yaml
class Loader(yaml.SafeLoader): pass
Loader.yaml_implicit_resolvers = {k: [(t, r) for t, r in v if t != 'tag:yaml.org,2002:bool'] for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()}
def unique(loader, node):
    keys = [loader.construct_object(k) for k, _ in node.value]
    assert len(keys) == len(set(keys)), f'a key stands twice: {keys}'
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)
Loader.add_constructor('tag:yaml.org,2002:map', unique)
json.dump(yaml.load(open(sys.argv[1]), Loader), sys.stdout)`, file], { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    return JSON.parse(done.stdout);
}
