#!/bin/sh
# Drive an emulator of Globus with curl, as a program in any language can. PYTHON has globus-async[emulator].
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}
lab=0d6a1b9e-3f2c-4f1e-9a57-6b1a1f3f7a10 vault=5b3ff5a1-8c27-4c2f-8d0f-2f4f1f0d9c22
scopes=urn:globus:auth:scope

# start: with the same seeds, every run has the same ids
log=$(mktemp)
"$python" -m globus_async.testing --seed seed.toml --clock manual --id-seed 1 > "$log" &
emulator=$!
trap 'kill $emulator; rm -f "$log"' EXIT
until grep -q '# control' "$log"; do kill -0 $emulator; sleep 0.05; done
url=$(sed -n 's/^# status page: \(.*\)\/$/\1/p' "$log")
groups=$url/v2
search=$url/v1

member() { "$python" -c "import json, sys; print(json.load(sys.stdin)$1)"; }
control() { curl -sS --fail-with-body -H 'X-Emulator-Control: 1' -H 'Content-Type: application/json' "$@"; }
call() { curl -sS --fail-with-body -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"; }
as_ada() { token=$(control "$url/emulator/tokens" -d "{\"identity\": \"ada@example.org\", \"scopes\": [\"$1\"]}" | member '["access_token"]'); }

# transfer: tasks move as the clock is advanced
as_ada "$scopes:transfer.api.globus.org:all"
id=$(call "$url/v0.10/submission_id" | member '["value"]')
task=$(call "$url/v0.10/transfer" -d "{\"submission_id\": \"$id\", \"source_endpoint\": \"$lab\", \"destination_endpoint\": \"$vault\",
  \"DATA\": [{\"source_path\": \"/run/\", \"destination_path\": \"/run/\", \"recursive\": true}]}" | member '["task_id"]')
echo "transfer: $(call "$url/v0.10/task/$task" | member '["status"]')"
control "$url/emulator/clock/advance" -d '{"seconds": 60}' > /dev/null
echo "a minute later: $(call "$url/v0.10/task/$task" | member '["status"]'), $(call "$url/v0.10/operation/endpoint/$vault/ls?path=/run/" | member '["total"]') files"

# group
as_ada "$scopes:groups.api.globus.org:all"
group=$(call "$groups/groups" -d '{"name": "Physics", "description": "Ours"}' | member '["id"]')
echo "groups: $(call "$groups/groups/my_groups" | member '[0]["name"]')"

# search: an entry that the group sees
as_ada "$scopes:search.api.globus.org:all"
index=$(call "$search/index" -d '{"display_name": "Runs", "description": "Ours"}' | member '["id"]')
call "$search/index/$index/ingest" -d "{\"ingest_type\": \"GMetaEntry\", \"ingest_data\": {\"subject\": \"run 1\",
  \"visible_to\": [\"urn:globus:groups:id:$group\"], \"content\": {\"rows\": 3}}}" > /dev/null
control "$url/emulator/clock/advance" -d '{"seconds": 60}' > /dev/null
echo "search: $(call "$search/index/$index/search?q=*" | member '["gmeta"][0]["subject"]')"

# faults: of one request by its header, of requests to come by the control plane
status() { curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" "$@"; }
echo "fault by a header: $(status -H 'X-Emulator-Fault: {"fault": "status", "arguments": {"code": 503}}' "$search/index/$index")"
control "$url/emulator/faults" -d '{"path": "/v1/index/*", "fault": "status", "arguments": {"code": 429, "retry_after": 1}}' > /dev/null
echo "fault of the next request: $(status "$search/index/$index"), then $(status "$search/index/$index")"

# seed and reset
control "$url/emulator/seed" | member '["groups"][0]["name"]' | sed 's/^/saved with the group /'
control -X POST "$url/emulator/reset"
echo "after a reset: $(control "$url/emulator/seed" | member '["groups"]') groups, token: $(status "$search/index_list")"
