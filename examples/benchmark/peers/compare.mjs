// Compares examples/benchmark with ONNX Runtime and PyTorch, in turns on this
// machine, with the same weights and input; prints ratios of medians. It
// downloads nothing: see README.md for what it needs.
//
//   node examples/benchmark/peers/compare.mjs --ort FOLDER --models FOLDER
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../../..');

// The exporter's models, as examples/benchmark calls them.
const MODELS = {
  resnet18: {}, resnet50: {}, resnet101: {}, resnext50_32x4d: {}, wide_resnet50_2: {}, resnet50_os8: {},
  resnet50_fpn640: { ours: 'resnet50_fpn', extent: 640, fixed: true },
  deeplabv3_resnet50_520: { ours: 'deeplabv3_resnet50', extent: 520, fixed: true },
};

const { values: o } = parseArgs({
  options: {
    ort: { type: 'string' }, models: { type: 'string' }, python: { type: 'string' },
    model: { type: 'string', default: 'resnet50,resnet18' }, batch: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1,2' }, rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' }, direct: { type: 'boolean', default: false },
    cold: { type: 'boolean', default: false }, bin: { type: 'string' }, help: { type: 'boolean', default: false },
  },
});

function fail(message) {
  console.error(`compare: ${message}`);
  process.exit(1);
}

if (o.help || !o.models || !(o.ort || o.python)) {
  console.log(`usage: node compare.mjs --models FOLDER [--ort FOLDER] [--python PYTHON]
  --models FOLDER   with NAME.onnx and NAME.pth; make it with: python3 ${join(here, 'export.py')} FOLDER
  --ort FOLDER      where onnxruntime-node is installed: npm init -y && npm install onnxruntime-node --ignore-scripts
  --python PYTHON   one with torch and torchvision, to compare with PyTorch
  --model A,B       of ${Object.keys(MODELS).join(', ')} (${'resnet50,resnet18'})
  --batch 1,8  --threads 1,2  --rounds 5  --seconds 2 (each side of a round)
  --direct          without Winograd
  --cold            compare the time from the process's start to the first result, and peak memory
  --bin FILE        the built examples/benchmark (default: it is built)`);
  process.exit(o.help ? 0 : 2);
}

const list = (text) => text.split(',').map((s) => s.trim());
const count = (name) => list(o[name]).map((s) => (+s >= 1 && Number.isInteger(+s) ? +s : fail(`--${name} ${s}: want numbers above 0`)));
const [rounds] = count('rounds');
if (!(+o.seconds > 0)) fail(`--seconds ${o.seconds}: want a number above 0`);
const models = list(o.model);
for (const name of models) {
  if (!Object.hasOwn(MODELS, name)) fail(`--model ${name}: there are ${Object.keys(MODELS).join(', ')}`);
  for (const kind of ['pth', ...(o.ort ? ['onnx'] : [])]) {
    const file = join(o.models, `${name}.${kind}`);
    if (!existsSync(file)) fail(`${file} is missing; make it with: python3 ${join(here, 'export.py')} ${o.models} ${name}`);
  }
}
if (o.ort) {
  try {
    createRequire(resolve(o.ort) + '/').resolve('onnxruntime-node');
  } catch {
    fail(`${o.ort} has no onnxruntime-node; in that folder: npm init -y && npm install onnxruntime-node --ignore-scripts`);
  }
}
if (o.python && spawnSync(o.python, ['-c', 'import torch, torchvision']).status !== 0) {
  fail(`${o.python} cannot import torch and torchvision (Debian: python3-torch python3-torchvision, for /usr/bin/python3)`);
}

const temp = mkdtempSync(join(tmpdir(), 'peers-'));
process.on('exit', () => rmSync(temp, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));
const bin = o.bin ? resolve(o.bin) : join(temp, 'benchmark');
if (!o.bin && spawnSync('go', ['build', '-o', bin, './examples/benchmark'], { cwd: root, stdio: 'inherit' }).status !== 0) {
  fail('go build ./examples/benchmark failed');
}

// Each side is a command for a case; seconds 0 ends after the first result.
const sides = {
  ours: (c, seconds, output) => [bin, [
    '-model', c.ours, '-batch', c.batch, '-size', `${c.extent}x${c.extent}`, '-threads', c.threads, '-weights', c.file + '.pth',
    ...(o.direct ? ['-direct'] : []), ...(output ? ['-output', output] : []), '-json', '-',
    ...(seconds ? ['-seconds', seconds] : ['-cold']),
  ]],
};
if (o.ort) {
  sides.ort = (c, seconds, output) => [process.execPath, [
    join(here, 'ort.mjs'), o.ort, c.file + '.onnx', c.batch, c.extent, c.extent, c.threads, seconds, ...(output ? [output] : [])]];
}
if (o.python) {
  sides.torch = (c, seconds, output) => [o.python, [
    join(here, 'torch_bench.py'), c.name, c.file + '.pth', c.batch, c.extent, c.extent, c.threads, seconds, ...(output ? [output] : [])]];
}

// run starts a side and tells its figures, and when its first output came.
function run(side, c, seconds, output) {
  const [command, args] = sides[side](c, seconds, output);
  const start = performance.now();
  const child = spawn(command, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '', first;
  child.stdout.on('data', (data) => {
    first ??= performance.now() - start;
    text += data;
  });
  return new Promise((done) => {
    child.on('error', (err) => fail(`${command}: ${err.message}`));
    child.on('close', (code) => {
      if (code !== 0) fail(`${command} ${args.join(' ')}: exit status ${code}`);
      const figures = side === 'ours' ? JSON.parse(text).lines[0] : JSON.parse(text.trim().split('\n').at(-1));
      done({ ms: figures.median_ms, rss: figures.rss_bytes / 2 ** 20, first });
    });
  });
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

function floats(file) {
  const data = readFileSync(file);
  return new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
}

// same runs every side once and tells how far its results are from ours.
async function same(c) {
  const results = {};
  for (const side of Object.keys(sides)) {
    const file = join(temp, side);
    await run(side, c, 0, file);
    results[side] = floats(file);
  }
  const text = [];
  for (const side of Object.keys(sides).slice(1)) {
    const [a, b] = [results.ours, results[side]];
    if (a.length !== b.length) fail(`${c.name}: we have ${a.length} results, ${side} ${b.length}`);
    let difference = 0, largest = 0;
    for (let i = 0; i < a.length; i++) {
      const d = Math.abs(a[i] - b[i]);
      if (!(d <= difference)) difference = d; // NaN too
      largest = Math.max(largest, Math.abs(b[i]));
    }
    text.push(`${side} ${difference.toExponential(1)} of ${largest.toPrecision(3)} (${(difference / largest).toExponential(1)})`);
    if (!(difference <= 1e-4 * largest)) fail(`${c.name}: results differ: ${text.at(-1)}`);
  }
  console.log(`${c.name}, batch ${c.batch}: largest difference of ${results.ours.length} results: ${text.join(', ')}`);
}

// rotate changes who begins, so that nobody always runs on a warm machine.
const rotate = (all, by) => all.map((_, i) => all[(i + by) % all.length]);

async function measure(c) {
  const names = Object.keys(sides);
  const got = Object.fromEntries(names.map((s) => [s, []]));
  for (let round = 0; round < rounds; round++) {
    for (const side of rotate(names, round)) got[side].push(await run(side, c, o.cold ? 0 : +o.seconds));
  }
  const value = (r) => (o.cold ? r.first : r.ms);
  const row = { model: c.name, batch: c.batch, threads: c.threads };
  for (const side of names) {
    row[`${side} ms`] = median(got[side].map(value)).toFixed(o.cold ? 0 : 2);
    row[`${side} MiB`] = median(got[side].map((r) => r.rss)).toFixed(0);
  }
  for (const side of names.slice(1)) {
    const each = got[side].map((r, i) => value(r) / value(got.ours[i]));
    row[`${side}/ours`] = (median(got[side].map(value)) / median(got.ours.map(value))).toFixed(2);
    row[`${side} rounds`] = `${Math.min(...each).toFixed(2)}-${Math.max(...each).toFixed(2)}`;
  }
  return row;
}

function print(rows) {
  const keys = Object.keys(rows[0]);
  const width = keys.map((k) => Math.max(k.length, ...rows.map((r) => String(r[k]).length)));
  const line = (cells) => console.log(cells.map((s, i) => String(s).padEnd(width[i])).join('  ').trimEnd());
  line(keys);
  rows.forEach((r) => line(keys.map((k) => r[k])));
}

const rows = [];
for (const name of models) {
  const m = { ours: name, extent: 224, ...MODELS[name] };
  for (const batch of m.fixed ? [1] : count('batch')) {
    for (const [i, threads] of count('threads').entries()) {
      const c = { ...m, name, batch, threads, file: resolve(o.models, name) };
      if (i === 0) await same(c);
      rows.push(await measure(c));
    }
  }
}
console.log(`\n${o.cold ? 'process start to first result' : 'one run'}: medians of ${rounds} rounds; above 1 we are faster; MiB are peak RSS`);
print(rows);
