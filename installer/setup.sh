#!/bin/sh
# Everything that `make demo`, `make test` and the rest need, on a bare Debian 12 (or its kin) with Python 3.11 to 3.13:
# system libraries, fonts, a virtual environment, the Python packages. Done before, it only looks and takes a moment.
#
#   sh installer/setup.sh [dev|test|deb|deb-test]
#
# Libraries are installed with apt-get where this user may (root, or sudo that asks nothing). Where not, the exact
# command is printed and nothing is changed. PYTHON names another interpreter, VENV another environment.
set -eu

cd "$(dirname "$0")/.."
purpose=${1:-dev}
venv=${VENV:-.venv}

# What must be there, as "what the loader calls it" and "the Debian package that brings it". The first group is what
# ldd finds under Qt's libraries, its offscreen, xcb and wayland platforms and its input-method and theme plugins.
libraries='
libEGL.so.1 libegl1
libGL.so.1 libgl1
libGLX.so.0 libglx0
libOpenGL.so.0 libopengl0
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1
libfreetype.so.6 libfreetype6
libglib-2.0.so.0 libglib2.0-0
libgssapi_krb5.so.2 libgssapi-krb5-2
libxkbcommon.so.0 libxkbcommon0
libxkbcommon-x11.so.0 libxkbcommon-x11-0
libX11.so.6 libx11-6
libX11-xcb.so.1 libx11-xcb1
libxcb.so.1 libxcb1
libxcb-cursor.so.0 libxcb-cursor0
libxcb-glx.so.0 libxcb-glx0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-image.so.0 libxcb-image0
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-randr.so.0 libxcb-randr0
libxcb-render.so.0 libxcb-render0
libxcb-render-util.so.0 libxcb-render-util0
libxcb-shape.so.0 libxcb-shape0
libxcb-shm.so.0 libxcb-shm0
libxcb-sync.so.1 libxcb-sync1
libxcb-util.so.1 libxcb-util1
libxcb-xfixes.so.0 libxcb-xfixes0
libxcb-xkb.so.1 libxcb-xkb1
libwayland-client.so.0 libwayland-client0
libwayland-cursor.so.0 libwayland-cursor0
libwayland-egl.so.1 libwayland-egl1
libportaudio.so.2 libportaudio2
libpulse-simple.so.0 libpulse0
'

say() { printf '%s\n' "setup: $*"; }
stop() {
    printf '\n%s\n' "setup stopped: $1" >&2
    shift
    for line in "$@"; do printf '  %s\n' "$line" >&2; done
    exit 1
}

suits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
        if suits "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
}

missing_packages() {
    known=$( (ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null) | sed 's/^[[:space:]]*//; s/ .*//')
    printf '%s\n' "$libraries" | while read -r soname package; do
        [ -n "$soname" ] || continue
        printf '%s\n' "$known" | grep -qxF "$soname" || printf '%s ' "$package"
    done
    # The interface, the pictures of the demonstration and the tests are in Chinese.
    ls /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.* >/dev/null 2>&1 ||
        { command -v fc-list >/dev/null 2>&1 && fc-list :lang=zh-cn family | grep -q .; } || printf 'fonts-noto-cjk '
    if [ -n "$python" ]; then
        "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || printf 'python3-venv '
    else
        printf 'python3 python3-venv '
    fi
    if [ "$purpose" = test ] && [ "$(id -u)" = 0 ]; then
        # Other software that the tests meet: a media engine, a browser, a relay. Without them those tests are skipped.
        command -v janus >/dev/null 2>&1 || printf 'janus '
        command -v chromium >/dev/null 2>&1 || printf 'chromium '
        command -v turnserver >/dev/null 2>&1 || printf 'coturn '
        command -v ip >/dev/null 2>&1 || printf 'iproute2 '
        command -v pulseaudio >/dev/null 2>&1 || printf 'pulseaudio '
        command -v Xvfb >/dev/null 2>&1 || printf 'xvfb '
        command -v pactl >/dev/null 2>&1 || printf 'pulseaudio-utils '
    fi
    # The tests of the center's records start a PostgreSQL cluster of their own.
    if [ "$purpose" = test ]; then
        ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || printf 'postgresql-15 '
    fi
    if [ "$purpose" = deb ] || [ "$purpose" = deb-test ]; then
        command -v objdump >/dev/null 2>&1 || printf 'binutils '
        command -v dpkg-deb >/dev/null 2>&1 || printf 'dpkg '
    fi
    if [ "$purpose" = deb-test ]; then
        command -v debootstrap >/dev/null 2>&1 || [ -x /usr/sbin/debootstrap ] || printf 'debootstrap '
        command -v Xvfb >/dev/null 2>&1 || printf 'xvfb '
        command -v xwininfo >/dev/null 2>&1 || printf 'x11-utils '
    fi
}

install_packages() {
    say "installing with apt-get: $*"
    # RUNLEVEL=1: what comes with a service must not start here because the tests want the program.
    options='-y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -qq'
    # shellcheck disable=SC2086
    $as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install $options "$@" >"$log" 2>&1 && return
    # The lists of a fresh machine are empty or old.
    $as_root apt-get -o DPkg::Lock::Timeout=300 update -qq >"$log" 2>&1 || true
    # shellcheck disable=SC2086
    $as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install $options "$@" >"$log" 2>&1 && return
    tail -n 15 "$log" >&2
    stop "apt-get could not install the system packages; nothing else was changed." \
        "See the lines above, then run: ${as_root:+sudo }apt-get update && ${as_root:+sudo }apt-get install -y $*"
}

python=$(find_python)
if [ -z "$python" ]; then
    found=$(for one in ${PYTHON:-python3}; do command -v "$one" >/dev/null 2>&1 && "$one" -V 2>&1; done || true)
    if [ -n "$found" ] || ! command -v apt-get >/dev/null 2>&1; then
        stop "Python 3.11, 3.12 or 3.13 is needed; here is ${found:-none}. Nothing was changed." \
            "Install one of them, or name it: make PYTHON=/path/to/python3.11 test"
    fi
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
lacking=$(missing_packages)
if [ -n "$lacking" ]; then
    if [ "$(id -u)" = 0 ]; then
        as_root=''
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        as_root=no
    fi
    if [ "$as_root" = no ] || ! command -v apt-get >/dev/null 2>&1; then
        stop "system packages are missing, and this user may not install them. Nothing was changed." \
            "Run this once (names of Debian 12), then the same command again:" \
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends $lacking"
    fi
    # shellcheck disable=SC2086
    install_packages $lacking
    python=$(find_python)
    for service in janus coturn; do
        case " $lacking " in
        *" $service "*) $as_root systemctl disable --now "$service" >/dev/null 2>&1 || true ;;
        esac
    done
    [ -n "$python" ] || stop "apt-get brought no Python from 3.11 to 3.13." "Name one: make PYTHON=/path/to/python3.11 test"
fi

extras=dev
stamp=$venv/.silian-$purpose
case $purpose in
dev | test) stamp=$venv/.silian-dev ;;
*) extras=dev,installer ;;
esac
# What the environment was made from: a change of any of it makes it anew.
wanted=$({ pwd; cat pyproject.toml; } | cksum)
if [ -x "$venv/bin/python" ] && ! suits "$venv/bin/python"; then
    say "$venv was made with another Python; it is made anew"
    rm -rf "$venv"
fi
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    if [ ! -x "$venv/bin/python" ]; then
        say "making $venv with $("$python" -V)"
        "$python" -m venv "$venv"
    fi
    say "installing the Python packages (a few minutes the first time)"
    if ! "$venv/bin/python" -m pip install --disable-pip-version-check --quiet -e ".[$extras]" >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        stop "pip could not install the Python packages; what was there before still is." \
            "See the lines above. Is the network (or your package mirror) there? Then run the same command again."
    fi
    printf '%s\n' "$wanted" >"$stamp"
    say "ready"
fi
