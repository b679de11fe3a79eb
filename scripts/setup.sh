# Makes the environment in the folder named by $1. Says in one line what is missing.
set -eu
venv=$1

fail() { echo "trailhound: $1" >&2; exit 2; }

python=
for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
  if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$name
    break
  fi
done
[ -n "$python" ] || fail "needs Python 3.11 or newer; install it, or name it: make setup PYTHON=/path/to/python3"

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1) || true
[ -n "$version" ] || fail "needs Java 17 or newer and finds none; install a JDK (for example openjdk-17-jre-headless), or set JAVA_HOME"
[ "$version" -ge 17 ] || fail "needs Java 17 or newer and finds Java $version; install one and set JAVA_HOME"

"$python" -c 'import ensurepip, venv' 2>/dev/null || fail "$python lacks the venv module; install it (for example python3-venv)"

echo "trailhound: setting up $venv (once; some minutes)" >&2
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable .
"$venv/bin/python" -m trailhound.runtime.jars
