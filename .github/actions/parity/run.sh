#!/usr/bin/env bash
# The step of the composite action. Inputs come as variables, so that none of them is run as shell.
set -euo pipefail

venv="${RUNNER_TEMP:-/tmp}/parity-venv"
if [[ ! -x "$venv/bin/parity" ]]; then
  "$PARITY_PYTHON" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet "$GITHUB_ACTION_PATH/../../.."
fi

case "$PARITY_COMMAND" in
  run | check) ;;
  *) echo "::error title=parity::command must be run or check"; exit 2 ;;
esac

# Options are words: no quotes, no globs, no substitution.
set -f
read -r -d '' -a options <<<"$PARITY_ARGS" || true
set +f

code=0
"$venv/bin/parity" "$PARITY_COMMAND" "$PARITY_PATH" --format github \
  --report "json=$PARITY_JSON" --report "sarif=$PARITY_SARIF" "${options[@]}" || code=$?

"$venv/bin/python" - "$code" "$PARITY_JSON" >>"$GITHUB_OUTPUT" <<'PY'
import json
import sys

report = {}
if sys.argv[1] in ("0", "1", "3"):
    with open(sys.argv[2], encoding="utf-8") as file:
        report = json.load(file)
print(f"exit-code={sys.argv[1]}")
print(f"verdict={report.get('verdict') or ''}")
print(f"symptom={report.get('symptom') or ''}")
PY

if [[ "$code" == 3 && "$PARITY_FAIL_ON_UNKNOWN" != true ]]; then
  code=0
fi
exit "$code"
