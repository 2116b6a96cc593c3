#!/usr/bin/env bash
# musterd from nothing, on Debian 12.
#   ./quickstart.sh          installs what it needs, builds, and runs the main job in a sandbox
#   ./quickstart.sh --once   the same, and ends after it
#   ./quickstart.sh check    installs what it needs, builds, and runs every test
#   ./quickstart.sh build    installs what it needs, and builds
#   ./quickstart.sh deps     installs what it needs
set -euo pipefail
cd "$(dirname "$0")"
top=$PWD
build=${BUILD_DIR:-$top/build}

# What is built and run with, then what the tests use besides.
packages_build="autoconf automake libtool pkg-config gcc make libc6-dev libevent-dev libldap-dev
	libsqlite3-dev libconfig-dev libjansson-dev libssl-dev libcrypt-dev libunistring-dev
	libcurl4-openssl-dev libseccomp-dev slapd ldap-utils libsasl2-modules curl jq python3 ca-certificates"
packages_check="libcmocka-dev clang libclang-rt-14-dev llvm clang-format universal-ctags valgrind
	mandoc sqlite3 openssl procps strace spin gcovr systemd 389-ds-base"

say() {
	printf '\n== %s\n' "$*"
}

missing() {
	local package
	for package in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			printf '%s ' "$package"
	done
}

# The packages named that are not there yet; says what it installs. No service is started.
deps() {
	local wanted root=()
	wanted=$(missing "$@")
	[ -n "$wanted" ] || return 0
	say "installing Debian packages: $wanted"
	[ "$(id -u)" = 0 ] || root=(sudo)
	"${root[@]}" apt-get update -qq
	# shellcheck disable=SC2086
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
		apt-get install -qq -y --no-install-recommends $wanted >/dev/null
}

# A build from before the library of the tests was installed has to look again.
is_configured() {
	[ -f "$build/Makefile" ] || return 1
	[ -n "$(missing libcmocka-dev)" ] || grep -q '^CMOCKA_LIBS = .' "$build/Makefile"
}

build() {
	# shellcheck disable=SC2086
	deps $packages_build "$@"
	say "building in ${build#"$top"/}"
	[ -x configure ] && [ configure -nt configure.ac ] || ./autogen.sh >/dev/null 2>&1 ||
		./autogen.sh
	mkdir -p "$build"
	is_configured || (cd "$build" && "$top/configure" -q ${CI:+--enable-werror})
	make -C "$build" -s -j"$(nproc)"
}

check() {
	# shellcheck disable=SC2086
	build $packages_check
	exec tests/run-all "$build"
}

case ${1:-} in
deps)
	# shellcheck disable=SC2086
	deps $packages_build $packages_check
	;;
build) build ;;
check) check ;;
"" | --once)
	build
	exec tests/live/main-job "$build" "${1:-}"
	;;
*)
	sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
