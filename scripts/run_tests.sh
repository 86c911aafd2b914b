#!/usr/bin/env bash
# Runs the tests in two workers, and once more, one after the other, those that failed beside the other worker: a deadline
# that two workers missed passes then, a defect does not. A file's tests share what is set up for them, so they go to one
# worker; the order is that of tests/conftest.py. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=.venv/bin/python

if ! "$python" -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder "$@"; then
    echo "What failed runs once more, by itself."
    "$python" -m pytest --last-failed --last-failed-no-failures none "$@"
fi
