#!/bin/sh
# Compares full-size segmentation networks and pyramids with torchvision, live:
# whole outputs at several sizes, from checkpoints that torch.save wrote.
#
#     testdata/gen/compare_dense.sh [MODEL ...]
#
# Needs Python with torch and torchvision; PYTHON names another than python3.
# Uses up to 1 GB in $TMPDIR, one model at a time.
set -eu
python=${PYTHON:-python3}
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM

cd "$root"
go test -c -o "$folder/dense.test" ./heads/segment
[ $# -gt 0 ] || set -- $("$python" testdata/gen/compare_dense.py --list)
for model; do
    mkdir "$folder/live"
    "$python" testdata/gen/compare_dense.py "$model" "$folder/live"
    (cd heads/segment && VERTEBRA_LIVE="$folder/live" "$folder/dense.test" -test.run '^TestLiveTorchvision$')
    rm -r "$folder/live"
done
