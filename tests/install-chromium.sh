#!/bin/sh
# The browser tests drive Chromium. Take one from PATH, else install Debian's where that is allowed, else those tests are skipped by name.
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "set-up      Chromium for the browser tests (Debian package)"
  log=$(mktemp)
  if apt-get update -qq >"$log" 2>&1 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >>"$log" 2>&1; then
    rm -f "$log"
    exit 0
  fi
  tail -n 5 "$log" >&2
  rm -f "$log"
fi
echo "no Chromium: the browser tests are skipped (install the package 'chromium')" >&2
