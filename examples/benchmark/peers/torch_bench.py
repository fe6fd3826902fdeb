"""PyTorch's side of compare.mjs, traced and optimised for inference. Prints a
line of JSON after the first result, and one with the figures.

    python3 torch_bench.py NAME FILE.pth N H W THREADS SECONDS [OUTPUT]
"""
import json
import sys
import time

import numpy
import torch

sys.dont_write_bytecode = True

import export  # noqa: E402

name, file = sys.argv[1:3]
n, h, w, threads = map(int, sys.argv[3:7])
seconds = float(sys.argv[7])
torch.set_num_threads(threads)


def peak_rss():
    try:
        with open('/proc/self/status') as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith('VmHWM:'))
    except (OSError, StopIteration):
        return 0


index = numpy.arange(n * 3 * h * w, dtype=numpy.int64)
x = torch.from_numpy((index * 7919 % 1021 / 1021 - .5).astype(numpy.float32).reshape(n, 3, h, w))
net = export.MODELS[name][0]().eval()
export.inner(net).load_state_dict(torch.load(file))
with torch.no_grad():
    net = torch.jit.optimize_for_inference(torch.jit.trace(net, x))
    out = net(x)
    print(json.dumps({'first': True}), flush=True)
    if len(sys.argv) > 8:
        maps = out if isinstance(out, tuple) else (out,)
        numpy.concatenate([m.numpy().ravel() for m in maps]).astype('<f4').tofile(sys.argv[8])
    times = []
    if seconds > 0:
        for _ in range(2):  # the optimiser works in the first runs
            net(x)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end or len(times) < 5:
            start = time.perf_counter()
            net(x)
            times.append((time.perf_counter() - start) * 1e3)
times.sort()
print(json.dumps({'median_ms': times[len(times) // 2] if times else None, 'rss_bytes': peak_rss()}))
