#!/bin/sh
# Compares the published detectors with torchvision, live: raw outputs and
# detections at several sizes, from checkpoints that torch.save wrote.
#
#     testdata/gen/compare_detection.sh [KIND ...]
#
# Needs Python with torch and torchvision; PYTHON names another than python3.
# $MIN_SIZE below 800 makes it faster. Uses up to 300 MB in $TMPDIR, one detector at a time.
set -eu
python=${PYTHON:-python3}
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM

cd "$root"
go test -c -o "$folder/detect.test" ./heads/detect
[ $# -gt 0 ] || set -- $("$python" testdata/gen/compare_detection.py --list)
for kind; do
    mkdir "$folder/live"
    "$python" testdata/gen/compare_detection.py "$kind" "$folder/live" "${MIN_SIZE:-800}"
    (cd heads/detect && VERTEBRA_LIVE_DETECTION="$folder/live" "$folder/detect.test" -test.v -test.run '^TestLiveDetection$')
    rm -r "$folder/live"
done
