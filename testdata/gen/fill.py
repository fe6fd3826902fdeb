"""Pseudo-random values that internal/reftest.Fill gives bit for bit in Go:
splitmix64 seeded with the FNV-1a hash of a name, 24 bits a value, uniform in
[lo, hi). Fixtures therefore store expected outputs only, no weights."""
import numpy as np


def fill(name, shape, lo=-1.0, hi=1.0):
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    n = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    u = (z >> np.uint64(40)).astype(np.float64) / (1 << 24)
    return (lo + (hi - lo) * u).astype(np.float32).reshape(shape)
