#!/usr/bin/env bash
# Runs the tests in two workers, and once more, one after the other, those that failed beside the other worker: a deadline
# that two workers missed passes then, a defect does not. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=.venv/bin/python

if ! "$python" -m pytest --numprocesses 2 --dist loadgroup "$@"; then
    echo "What failed runs once more, by itself."
    "$python" -m pytest --last-failed --last-failed-no-failures none "$@"
fi
