#!/usr/bin/env bash
# scripts/setup as its users meet it: where everything is there, and where something is missing. One argument: the repository.
set -euo pipefail
export LC_ALL=C
setup=$1/scripts/setup
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# expect <text> <command>...: the command fails, and says so.
expect() {
  local text=$1
  shift
  if "$@" >"$work/said" 2>&1; then
    echo "did not fail: $*"
    exit 1
  fi
  grep -qF -- "$text" "$work/said" || { echo "$* did not say \"$text\", but:"; cat "$work/said"; exit 1; }
}

expect 'unknown option --four; see scripts/setup --help' "$setup" --four
expect '--for must be demo, test, bench or dev, got "cake"' "$setup" --for cake
expect 'OPSIS_LIBTORCH is /absent, which has no include/ATen/ATen.h' env OPSIS_LIBTORCH=/absent "$setup" --for test
"$setup" --help | grep -q 'scripts/setup \[--for demo|test|bench|dev\]'

# Nothing to do: nothing said, no network needed, and under two seconds; of the processor, since a machine that tests is busy.
apart=()
if unshare -rn true 2>/dev/null; then apart=(unshare -rn); fi
TIMEFORMAT='%U %S'
{ time "${apart[@]}" "$setup" --for test >"$work/said" 2>&1; } 2>"$work/times" || { cat "$work/said"; exit 1; }
[[ ! -s $work/said ]] || { echo "it did something:"; cat "$work/said"; exit 1; }
awk '{ exit !($1 + $2 < 2) }' "$work/times" || { echo "it took too long (user and system):"; cat "$work/times"; exit 1; }

# A LibTorch of one's own is taken, by whichever name one points to it.
torch=$(compgen -G "$1/.venv/lib/python3*/site-packages/torch")
for own in "OPSIS_LIBTORCH=$torch" "CMAKE_PREFIX_PATH=/absent:$torch" "CMAKE_PREFIX_PATH=${torch%/torch}"; do
  env "$own" "$setup" --for demo >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }
  [[ $(<"$work/said") == "setup: using the LibTorch in $torch" ]] || { echo "$own:"; cat "$work/said"; exit 1; }
done

# Without a right to install, what is missing is named.
if ((EUID == 0)) && as=(setpriv --reuid 65534 --regid 65534 --clear-groups) && "${as[@]}" cat "$setup" >/dev/null 2>&1; then
  mkdir "$work/bin"
  chmod 755 "$work"
  printf '#!/bin/sh\nexit 1\n' >"$work/bin/sudo"
  printf '#!/bin/sh\nexec %s "$@" | grep -v "^libpng-dev "\n' "$(command -v dpkg-query)" >"$work/bin/dpkg-query"
  chmod 755 "$work/bin" "$work"/bin/*
  expect 'sudo apt-get install --no-install-recommends libpng-dev' "${as[@]}" env PATH="$work/bin:$PATH" "$setup" --for test
fi
echo 'setup says what it should'
