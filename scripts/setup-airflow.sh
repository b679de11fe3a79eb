# Makes Airflow's environment in the folder named by $1. Says in one line what is missing.
set -eu
venv=$1

fail() { echo "trailhound: $1" >&2; exit 2; }

python=
for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
  if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
    python=$name
    break
  fi
done
[ -n "$python" ] || fail "Airflow needs Python 3.11 to 3.14; install one, or name it: make airflow PYTHON=/path/to/python3"
"$python" -c 'import ensurepip, venv' 2>/dev/null || fail "$python lacks the venv module; install it (for example python3-venv)"

echo "trailhound: setting up $venv (once; a minute or two)" >&2
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
# What is never imported need not be compiled.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps \
  --require-hashes -r requirements-airflow.lock
