// ONNX Runtime's side of compare.mjs. Prints a line of JSON after the first
// result, and one with the figures.
//
//   node ort.mjs FOLDER MODEL.onnx N H W THREADS SECONDS [OUTPUT]
//
// FOLDER is where onnxruntime-node is installed.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const [folder, model, n, h, w, threads, seconds, output] = process.argv.slice(2);
const ort = createRequire(resolve(folder) + '/')('onnxruntime-node');

function peakRSS() {
  try {
    return 1024 * +/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  } catch {
    return 0;
  }
}

const session = await ort.InferenceSession.create(model, {
  intraOpNumThreads: +threads, interOpNumThreads: 1, graphOptimizationLevel: 'all', executionMode: 'sequential',
});
const data = new Float32Array(n * 3 * h * w);
for (let i = 0; i < data.length; i++) data[i] = (i * 7919) % 1021 / 1021 - 0.5;
const x = new ort.Tensor('float32', data, [+n, 3, +h, +w]);
const out = await session.run({ x });
console.log(JSON.stringify({ first: true }));
if (output) {
  const maps = session.outputNames.map((name) => out[name].data);
  writeFileSync(output, Buffer.concat(maps.map((m) => Buffer.from(m.buffer, m.byteOffset, m.byteLength))));
}
const times = [];
if (+seconds > 0) {
  for (const end = performance.now() + 1e3 * seconds; performance.now() < end || times.length < 5;) {
    const start = performance.now();
    await session.run({ x });
    times.push(performance.now() - start);
  }
}
times.sort((a, b) => a - b);
console.log(JSON.stringify({ median_ms: times[times.length >> 1] ?? null, rss_bytes: peakRSS() }));
process.exit(0);
