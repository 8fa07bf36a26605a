#!/usr/bin/env bash
# Chromium for the tests of the web UI: there already, or from the system's packages where this
# user may install them. Without it those tests are skipped, by name.
set -u
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Setting up Chromium for the tests of the web UI" >&2
    { apt-get install -y --no-install-recommends chromium ||
        { apt-get update && apt-get install -y --no-install-recommends chromium; }; } >/dev/null 2>&1 && exit 0
fi
echo "no Chromium here: the tests of the web UI are skipped (install the package chromium)" >&2
