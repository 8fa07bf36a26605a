#!/usr/bin/env bash
# promtool, which checks metrics and rules of Prometheus: there already, or out of the system's
# package, which is unpacked below build/ and not installed. Without it those checks are skipped,
# by name.
set -u
cd "$(dirname "$0")/.." || exit 0
command -v promtool >/dev/null && exit 0
[ -x build/promtool ] && exit 0
if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
    place=$(mktemp -d) || exit 0
    trap 'rm -rf "$place"' EXIT
    echo "Fetching promtool for the checks of metrics and alerts" >&2
    if (cd "$place" && { apt-get download prometheus || { apt-get update && apt-get download prometheus; }; }) >/dev/null 2>&1 &&
        dpkg -x "$place"/prometheus_*.deb "$place/unpacked" >/dev/null 2>&1 &&
        "$place/unpacked/usr/bin/promtool" --version >/dev/null 2>&1; then
        mkdir -p build && cp "$place/unpacked/usr/bin/promtool" build/promtool.new &&
            mv build/promtool.new build/promtool && exit 0
    fi
fi
echo "no promtool here: the checks of metrics and alerts are skipped (package prometheus)" >&2
