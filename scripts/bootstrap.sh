#!/usr/bin/env bash
# Makes this checkout ready to run: system packages, .venv with the locked dependencies, .env with random secrets.
# With --tests also what only tests drive: chromium, haproxy, curl, and what the examples need. Quick and silent when
# nothing is missing; may be interrupted and run again.
# Ends with 1 and one sentence on failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly LOCK=requirements-dev.lock
readonly MINIMUM_FREE_MB=1500
readonly POLICY=/usr/sbin/policy-rc.d
readonly MARK='# Forbidden by the bootstrap of mco2 while it installs'

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }
has() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; }

# Prints the interpreter to build .venv with: python3 of the PATH (which may be pyenv's), else Debian's. It must be 3.11
# or newer, be able to make a virtual environment, and have the headers that mysqlclient is compiled against.
find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 /usr/bin/python3; do
        [[ -n "$candidate" ]] && has "$candidate" && "$candidate" - 2>/dev/null <<'PYTHON' && return
import ensurepip, pathlib, sqlite3, ssl, sys, sysconfig, venv
assert sys.version_info >= (3, 11)
assert pathlib.Path(sysconfig.get_paths()["include"], "Python.h").exists()
print(sys.executable)
PYTHON
    done
    return 1
}

missing_packages() {
    has_server || say mariadb-server
    has mariadb_config || say libmariadb-dev
    has pkg-config || say pkg-config
    has gcc || say gcc
    [[ -e /usr/share/zoneinfo/UTC ]] || say tzdata
    find_python >/dev/null || printf '%s\n' python3 python3-venv python3-dev
}

has_server() {
    has mariadbd && has mariadb-install-db && compgen -G '/usr/lib*/mysql/plugin/ha_federatedx.so' >/dev/null
}

as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

# Debian's package tools: quiet unless they fail; wait two minutes for another apt-get to end.
packages() {
    local output
    output=$(as_root env DEBIAN_FRONTEND=noninteractive "$@" 2>&1 </dev/null) ||
        { printf '%s\n' "$output" | tail -n 20 >&2; return 1; }
}

# The packaged MariaDB would start its own service. While it is installed, a policy forbids service starts; a policy that
# was there before is kept aside. Our policy names what is being installed, for the run after an interrupted one.
forbid_services() {
    trap allow_services EXIT
    [[ -e $POLICY ]] && as_root mv "$POLICY" "$POLICY.mco2"
    printf '#!/bin/sh\n%s: %s\nexit 101\n' "$MARK" "$*" | as_root tee "$POLICY" >/dev/null
    as_root chmod 755 "$POLICY"
}

is_forbidding() { grep -qs "$MARK" "$POLICY"; }

# Ends the installation. A server that it brought along is not to come up at the next boot either.
allow_services() {
    is_forbidding || return 0
    if grep -q "$MARK:.* mariadb-server" "$POLICY"; then disable_service mariadb; fi
    if grep -q "$MARK:.* haproxy" "$POLICY"; then disable_service haproxy; fi
    if [[ -e $POLICY.mco2 ]]; then as_root mv "$POLICY.mco2" "$POLICY"; else as_root rm -f "$POLICY"; fi
    trap - EXIT
}

# A run was killed while it installed: what it unpacked is set up while services are still forbidden.
finish_interrupted() {
    packages dpkg --configure -a || die "An installation was interrupted: run 'dpkg --configure -a' as root, then try again."
    allow_services
}

disable_service() {
    if has systemctl; then as_root systemctl disable --quiet "$1.service" 2>/dev/null || true; fi
    if has update-rc.d; then as_root update-rc.d "$1" disable >/dev/null 2>&1 || true; fi
}

install_packages() {
    local advice="Install these packages, then try again: $*"
    local -r apt=(apt-get -o DPkg::Lock::Timeout=120)
    has apt-get || die "This machine has no apt-get. $advice"
    [[ $EUID -eq 0 ]] || has sudo || die "Installing needs root or sudo. $advice"
    say "Installing $* ..."
    forbid_services "$@"
    packages "${apt[@]}" update || die "apt-get update failed. $advice"
    packages "${apt[@]}" install -y --no-install-recommends "$@" || die "apt-get install failed. $advice"
    allow_services
}

check_space() {
    local free
    free=$(df --output=avail -m . | tail -n 1)
    ((free >= MINIMUM_FREE_MB)) ||
        die "Only $((free)) MB are free on the disk of $PWD; $MINIMUM_FREE_MB MB are needed: make room, then try again."
}

install_venv() {
    local python stamp=.venv/installed lock_hash
    lock_hash=$(sha256sum "$LOCK" | cut -d' ' -f1)
    [[ -x .venv/bin/python && -f $stamp && $(<"$stamp") == "$lock_hash" ]] && return
    check_space
    python=$(find_python) || die "Python 3.11 or newer with venv and headers is needed: install python3 python3-venv python3-dev."
    # A .venv without pip, or whose interpreter is gone, was interrupted or moved: begin again.
    .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
    rm -f "$stamp"
    say "Installing the Python packages of $LOCK into .venv ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$LOCK" ||
        die "Installing the Python packages failed (see above); run this again once the cause is gone."
    printf '%s\n' "$lock_hash" >"$stamp"
}

# 256 random bits in hexadecimal, which needs no quoting anywhere; 80 where people type it.
random_secret() {
    local bytes=32
    if [[ $1 == ADMIN_PASSWORD ]]; then bytes=10; fi
    od -An -tx1 -N "$bytes" /dev/urandom | tr -d ' \n'
}

# .env is .env.example with a fresh secret for each `generate`, and what the environment sets already in its place.
write_env() {
    [[ -e .env ]] && return
    local line name value
    (umask 077 && : >.env.partial)
    while IFS= read -r line; do
        if [[ $line =~ ^([A-Z_]+)=(.*)$ ]]; then
            name=${BASH_REMATCH[1]}
            value=${!name:-${BASH_REMATCH[2]}}
            if [[ $value == generate ]]; then value=$(random_secret "$name"); fi
            line="$name=$value"
        fi
        printf '%s\n' "$line"
    done <.env.example >>.env.partial
    mv -n .env.partial .env
    say "Wrote .env with random secrets."
}

# What only tests drive: a browser (it is large), a load balancer, a client.
install_for_tests() {
    local program absent=()
    for program in chromium haproxy curl; do
        has "$program" || absent+=("$program")
    done
    ((${#absent[@]} == 0)) || install_packages "${absent[@]}"
}

# What the example client in Node.js needs, for the tests that run it.
install_examples() {
    local missing=()
    has node || missing+=(nodejs)
    has npm || missing+=(npm)
    if ((${#missing[@]})); then install_packages "${missing[@]}"; fi
    [[ examples/node_modules/.package-lock.json -nt examples/package-lock.json ]] && return
    npm ci --prefix examples --silent --no-audit --no-fund ||
        die "Installing the packages of examples/package-lock.json failed; run this again once the cause is gone."
}

main() {
    local missing
    exec 9<"$LOCK" && flock 9 # of two runs in one checkout, the second waits
    if is_forbidding; then finish_interrupted; fi
    mapfile -t missing < <(missing_packages)
    if ((${#missing[@]})); then
        check_space
        install_packages "${missing[@]}"
    fi
    if [[ ${1:-} == --tests ]]; then
        install_for_tests
        install_examples
    fi
    install_venv
    write_env
}

main "$@"
