# Sourced by .ci/run: sees to it that a Chromium is on this machine, for the studio's browser tests (Debian, Ubuntu).

have_chromium() {
    [ -n "${PERSOPT_CHROMIUM:-}" ] || [ -x /usr/bin/chromium ] || [ -x /usr/bin/google-chrome ]
}

ensure_chromium() {
    have_chromium && return 0
    local become=()
    if [ "$(id -u)" -ne 0 ]; then become=(sudo); fi
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium
    have_chromium || { echo 'Chromium was installed, but is not where it was expected' >&2; return 1; }
}
