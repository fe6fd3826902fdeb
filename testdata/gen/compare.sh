#!/bin/sh
# Compares the full-size presets with torchvision, live: every stage's whole
# map and the logits, at several sizes, from a checkpoint that torch.save wrote.
#
#     testdata/gen/compare.sh [PRESET ...]
#
# Needs Python with torch and torchvision; PYTHON names another than python3.
# Uses up to 1 GB in $TMPDIR, one preset at a time.
set -eu
python=${PYTHON:-python3}
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM

cd "$root"
go test -c -o "$folder/backbone.test" ./backbone
[ $# -gt 0 ] || set -- $("$python" testdata/gen/compare_torchvision.py --list)
for preset; do
    mkdir "$folder/live"
    "$python" testdata/gen/compare_torchvision.py "$preset" "$folder/live"
    (cd backbone && VERTEBRA_LIVE="$folder/live" "$folder/backbone.test" -test.run '^TestLiveTorchvision$')
    rm -r "$folder/live"
done
