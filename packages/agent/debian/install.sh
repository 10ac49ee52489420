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
  rm -rf /usr/lib/fairlead/agent /usr/lib/fairlead/shipped
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
sh "$here/prerm" upgrade
rm -rf /usr/lib/fairlead/agent
# Beside the target and renamed: a program that runs right now is not written over, and an interrupted copy is repeated.
place() { mkdir -p "$(dirname "$2")" && cp -p "$1" "$2.tmp" && mv -f "$2.tmp" "$2"; }
while read -r path; do
  new=$here/root$path shipped=/usr/lib/fairlead/shipped$path
  case $path in
    # What a person may have changed is not overwritten. It is mentioned once, where the version brings another default.
    /etc/*)
      if [ ! -e "$path" ]; then
        place "$new" "$path"
      elif ! cmp -s "$new" "$path" && [ -e "$shipped" ] && ! cmp -s "$new" "$shipped"; then
        place "$new" "$path.new"
        echo "$path is kept as it is; what this version brings is in $path.new"
      fi
      place "$new" "$shipped"
      ;;
    *) place "$new" "$path" ;;
  esac
done <"$here/files"
exec sh "$here/postinst" configure
