#!/bin/sh
# Installs fairlead-agent where there is no dpkg: ./install.sh, as root. ./install.sh --remove takes the programs out again
# and leaves configuration and releases. On Debian and Ubuntu use the .deb instead.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
fail() { echo "install.sh: $1" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail 'run me as root (sudo ./install.sh)'
command -v dpkg >/dev/null 2>&1 && dpkg -s fairlead-agent >/dev/null 2>&1 &&
  fail 'the package fairlead-agent is installed here; remove it first, or upgrade it by its .deb'

if [ "${1:-}" = --remove ]; then
  sh "$here/prerm" remove
  while read -r path; do
    case $path in /etc/*) ;; *) rm -f "$path" ;; esac
  done <"$here/files"
  rm -rf /usr/lib/fairlead/agent
  rmdir /usr/lib/fairlead 2>/dev/null || true
  sh "$here/postrm" remove
  echo 'fairlead-agent is removed. Configuration (/etc/fairlead) and releases (/var/lib/fairlead) are still there.'
  exit 0
fi
[ $# = 0 ] || fail "unknown option $1"

machine=$(uname -m)
[ "$machine" = '@MACHINE@' ] || fail "this is the agent for @MACHINE@, and this machine is $machine"
for program in perl systemctl systemd-sysusers systemd-tmpfiles; do
  command -v "$program" >/dev/null 2>&1 || fail "$program is missing on this machine"
done
[ ! -d /run/systemd/system ] || sh "$here/prerm" upgrade 2>/dev/null || true
rm -rf /usr/lib/fairlead/agent
while read -r path; do
  mkdir -p "$(dirname "$path")"
  case $path in
    # What a person may have changed is not overwritten.
    /etc/*) if [ -e "$path" ]; then cp -p "$here/root$path" "$path.new"; else cp -p "$here/root$path" "$path"; fi ;;
    *) cp -p "$here/root$path" "$path" ;;
  esac
done <"$here/files"
exec sh "$here/postinst" configure
