"""Compares a detector, end to end from an image to boxes, with torchvision's
eager one, in turns on this machine, with the same weights and image; prints the
ratio of medians. Above 1 we are faster.

    python3 examples/benchmark/peers/detection.py [--kind fasterrcnn] [--threads 2] [--rounds 5] [--runs 3] IMAGE

It needs torch and torchvision, and Go. Our side is examples/detect. Debian's
torch multiplies matrices with whatever BLAS is installed: with the reference one
the box head takes many seconds. The script prints how fast that is; install
libopenblas0 for a comparison worth making.
"""
import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "testdata" / "gen"))
sys.dont_write_bytecode = True

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from torchvision.transforms.functional import to_tensor  # noqa: E402

from compare_detection import FULL_SIZE, calibrate  # noqa: E402
from detection_nets import full_size  # noqa: E402


def blas():
    """GFLOP/s of the box head's first layer."""
    x, w = torch.rand(1000, 12544), torch.rand(1024, 12544)
    start = time.perf_counter()
    torch.nn.functional.linear(x, w)
    return 2e-9 * 1000 * 12544 * 1024 / (time.perf_counter() - start)


def theirs(model, image, runs):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        found = model([image])[0]
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times), len(found["labels"])


def ours(binary, kind, weights, image, threads, runs):
    """The last runs of several on one image: the first ones make plans."""
    warm = 2
    command = [binary, "-model", f"{kind}_resnet50_fpn", "-weights", weights, "-threshold", "0.05", "-threads", str(threads), *[image] * (warm + runs)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = re.findall(r": (\d+) objects \((\d+) ms\)", out)
    return statistics.median(float(ms) for _, ms in lines[warm:]), int(lines[-1][0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="fasterrcnn", choices=[k for k in FULL_SIZE if "_" not in k])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("image")
    o = parser.parse_args()
    torch.set_num_threads(o.threads)
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        binary, weights = folder + "/detect", folder + "/weights.pth"
        subprocess.run(["go", "build", "-o", binary, "./examples/detect"], cwd=ROOT, check=True)
        model = full_size(o.kind)
        calibrate(model, o.kind == "fcos")
        model.transform.min_size, model.transform.max_size = (800,), 1333
        torch.save(model.state_dict(), weights)
        image = to_tensor(Image.open(o.image).convert("RGB"))
        print(f"torch: {o.threads} threads, {blas():.0f} GFLOP/s in a matrix product")
        theirs(model, image, 1)
        turns = []
        for _ in range(o.rounds):
            a, n = ours(binary, o.kind, weights, o.image, o.threads, o.runs)
            b, m = theirs(model, image, o.runs)
            turns.append((a, b))
            assert n == m, f"we found {n} objects, torchvision {m}"
        a, b = (statistics.median(side) for side in zip(*turns))
        each = [t / u for u, t in turns]
        print(f"{o.kind}, {image.shape[2]}x{image.shape[1]}, {n} objects: ours {a:.0f} ms, torchvision {b:.0f} ms: {b / a:.2f} (rounds {min(each):.2f} to {max(each):.2f})")


if __name__ == "__main__":
    main()
