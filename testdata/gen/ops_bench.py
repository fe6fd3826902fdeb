"""Times torchvision's nms and roi_align on one thread, on the boxes and maps of
package ops' BenchmarkNMS and BenchmarkRoIAlign.

    python3 testdata/gen/ops_bench.py
"""
import time

import numpy as np
import torch
import torchvision

from fill import fill


def boxes(name, n, picture, side):
    u = fill(name, (n, 4), 0, 1)
    w, h = np.float32(8) + np.float32(side) * u[:, 2], np.float32(8) + np.float32(side) * u[:, 3]
    x, y = u[:, 0] * (np.float32(picture) - w), u[:, 1] * (np.float32(picture) - h)
    return torch.from_numpy(np.stack([x, y, x + w, y + h], 1))


def best(f, runs=10):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def main():
    torch.set_num_threads(1)
    scores = torch.from_numpy(fill("scores", (10000,), 0, 1))
    for side in (50, 200):
        b = boxes("boxes", 10000, 1000, side)
        kept = len(torchvision.ops.nms(b, scores, 0.5))
        print(f"nms side {side}: {best(lambda: torchvision.ops.nms(b, scores, 0.5)):.1f} ms, {kept} kept")
    x = torch.from_numpy(fill("map", (1, 256, 200, 200), -1, 1))
    for side in (50, 120, 400):
        r = [boxes("rois", 1000, 800, side)]
        print(f"roi_align side {side}: {best(lambda: torchvision.ops.roi_align(x, r, 7, 0.25, 2)):.1f} ms")


if __name__ == "__main__":
    main()
