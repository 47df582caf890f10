# Sourced by .ci/run: sees to it that PostgreSQL's programs are on this machine (Debian, Ubuntu).

have_postgresql() {
    command -v initdb >/dev/null && command -v postgres >/dev/null && return 0
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

ensure_postgresql() {
    have_postgresql && return 0
    local become=()
    if [ "$(id -u)" -ne 0 ]; then become=(sudo); fi
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql
    have_postgresql || { echo 'PostgreSQL was installed, but initdb is not where it was expected' >&2; return 1; }
}
