#!/usr/bin/env bash
# check_documents.sh MAKE_PAGE ROOT: the files of every kind of run against what reads them: JSON against
# docs/result.schema.json, JUnit against what CI servers expect, Markdown against the limit of a comment.
set -euo pipefail
readonly make_page=$1 root=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for kind in good bad hostile empty ramp spike soak compared many; do
    "$make_page" "$kind" "$folder"
done
"$root/tests/support/validate_json.py" "$root/docs/result.schema.json" "$folder"/*.json
# The check itself must be able to fail: a level that does not exist, a member that nobody documented.
sed 's/"level": "excellent"/"level": "splendid"/' "$folder/good.json" > "$folder/level.bad"
sed 's/"schema":/"surprise": 1, "schema":/' "$folder/good.json" > "$folder/member.bad"
for bad in "$folder"/*.bad; do
    if "$root/tests/support/validate_json.py" "$root/docs/result.schema.json" "$bad" >/dev/null; then
        echo "not noticed: $bad"
        exit 1
    fi
done
xmllint --noout --schema "$root/tests/support/junit.xsd" "$folder"/*.xml 2>"$folder/xmllint" || {
    cat "$folder/xmllint"
    exit 1
}
for markdown in "$folder"/*.md; do
    [ "$(wc -c < "$markdown")" -le 60000 ] || { echo "too long: $markdown"; exit 1; }
done
echo "$(find "$folder" -name '*.json' | wc -l) documents are valid"
