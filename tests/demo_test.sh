#!/usr/bin/env bash
# The demo keeps its promises: 97 % or more, and the same figures and pictures each time. Two arguments: the program
# and a folder to write to. How long it takes is told, not judged.
set -euo pipefail
program=$1 folder=$2
for run in first second; do
  rm -rf "${folder:?}/$run"
  "$program" "$folder/$run" | tee "$folder.$run"
done
grep -qE 'reloaded model reads (97|98|99|100)[.0-9]* % of 360' "$folder.first"
cmp <(grep '^epoch' "$folder.first") <(grep '^epoch' "$folder.second")
[[ $(grep -c '^epoch' "$folder.first") -gt 1 ]]
# The checkpoint is another by the seconds of its epochs; what its model reads is in the pictures.
for file in "$folder"/first/*.png; do cmp "$file" "$folder/second/${file##*/}"; done
for told in $(sed -n 's/^Made: //p' "$folder.first" | tr -d ','); do [[ -s $told ]]; done
echo 'the demo does the same each time'
