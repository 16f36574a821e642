#!/bin/sh
# Install the services that tests start, from Debian's packages: in CI, as root. Elsewhere their tests skip and say so.
set -eu
missing=""
for service in nginx prometheus; do
    command -v "$service" >/dev/null || missing="$missing $service"
done
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] || missing="$missing mariadb-server-core"
[ -n "$missing" ] || exit 0
if [ "${CI:-}" != true ]; then
    echo "not installed:$missing; their tests will be skipped (apt-get install$missing)"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086 # one word a package
apt-get install -q -y --no-install-recommends $missing
