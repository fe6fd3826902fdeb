"""Compares ops.NMS and ops.RoIAlign with torchvision's nms and roi_align, in
turns on one thread, on the boxes and maps of package ops' BenchmarkNMS and
BenchmarkRoIAlign. Above 1 ours are faster.

    python3 testdata/gen/ops_bench.py [ROUNDS]
"""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
import torchvision

from fill import fill

ROOT = pathlib.Path(__file__).parents[2]
RUNS = 5  # of each side in a round


def boxes(name, n, picture, side):
    u = fill(name, (n, 4), 0, 1)
    w, h = np.float32(8) + np.float32(side) * u[:, 2], np.float32(8) + np.float32(side) * u[:, 3]
    x, y = u[:, 0] * (np.float32(picture) - w), u[:, 1] * (np.float32(picture) - h)
    return torch.from_numpy(np.stack([x, y, x + w, y + h], 1))


def cases():
    """What torchvision does, by the benchmarks' names."""
    scores = torch.from_numpy(fill("scores", (10000,), 0, 1))
    for side in (50, 200):
        b = boxes("boxes", 10000, 1000, side)
        yield f"NMS/side{side}", lambda b=b: torchvision.ops.nms(b, scores, 0.5)
    x = torch.from_numpy(fill("map", (1, 256, 200, 200), -1, 1))
    for side in (50, 120, 400):
        r = [boxes("rois", 1000, 800, side)]
        yield f"RoIAlign/side{side}/threads1", lambda r=r: torchvision.ops.roi_align(x, r, 7, 0.25, 2)


def theirs(f):
    start = time.perf_counter()
    for _ in range(RUNS):
        f()
    return 1e3 * (time.perf_counter() - start) / RUNS


def ours(binary, name):
    pattern = "/".join(f"^{part}$" for part in ("Benchmark" + name).split("/"))
    command = [binary, "-test.run", "^$", "-test.bench", pattern, "-test.benchtime", f"{RUNS}x"]
    out = subprocess.run(command, cwd=ROOT / "ops", env=dict(os.environ, GOMAXPROCS="1"), check=True, capture_output=True, text=True)
    return float(re.search(r"([\d.]+) ns/op", out.stdout)[1]) / 1e6


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        binary = folder + "/ops.test"
        subprocess.run(["go", "test", "-c", "-o", binary, "./ops"], cwd=ROOT, check=True)
        for name, f in cases():
            f()
            turns = [(ours(binary, name), theirs(f)) for _ in range(rounds)]
            a, b = (statistics.median(side) for side in zip(*turns))
            each = [t / o for o, t in turns]
            print(f"{name}: ours {a:.1f} ms, torchvision {b:.1f} ms: {b / a:.2f} (rounds {min(each):.2f} to {max(each):.2f})")


if __name__ == "__main__":
    main()
