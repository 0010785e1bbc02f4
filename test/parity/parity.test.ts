import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { Comparison, errorShare } from './compare.ts';
import { type MadeFixture, writeFixture } from './made.ts';
import { findFixtures, formatResult, runFixture } from './walk.ts';

const context = { runtime: createOnnxRuntime() };
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'attune-parity-'));
});
afterAll(() => rm(root, { recursive: true }));

describe('errorShare', () => {
  it('asks for the largest and for the mean error', () => {
    expect(errorShare([1, 2], [1, 2.5], { atol: 1, relRms: 1 })).toBeCloseTo(0.5, 10);
    expect(errorShare([1, 2], [1, 2.5], { atol: 10, relRms: 0.01 })).toBeCloseTo(0.5 / Math.hypot(1, 2.5) / 0.01, 10);
  });

  it('allows the share of the reference where the fixture does', () => {
    expect(errorShare([101], [100], { abs: 0, rel: 0.01 })).toBeCloseTo(1, 10);
  });

  it('never passes a NaN, a missing value or an inexact integer', () => {
    for (const tolerance of [{ atol: 1, relRms: 1 }, { abs: 1, rel: 1 }, 'exact'] as const) {
      expect(errorShare([Number.NaN], [1], tolerance)).toBe(Number.POSITIVE_INFINITY);
      expect(errorShare([1], [1, 2], tolerance)).toBe(Number.POSITIVE_INFINITY);
      expect(errorShare([1, 2], [1, 2], tolerance)).toBe(0);
    }
    expect(errorShare([1], [2], 'exact')).toBe(Number.POSITIVE_INFINITY);
    expect(errorShare([Number.POSITIVE_INFINITY], [1], { atol: 1, relRms: 1 })).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('Comparison', () => {
  it('names the first tensor outside its tolerance and gives the worst share', () => {
    const comparison = new Comparison('here');
    comparison.check('good', [1], [1.5], { atol: 1, relRms: 1 });
    comparison.check('bad', [1], [3], { atol: 1, relRms: 10 });
    comparison.check('worse', [1], [5], { atol: 1, relRms: 10 });
    expect(formatResult(comparison.result())).toBe('FAIL here 4.00 bad at 2.00 of its tolerance');
  });

  it('fails when nothing was compared', () => {
    expect(new Comparison('here').result().status).toBe('FAIL');
  });
});

describe('a folder of fixtures', () => {
  it('runs other sizes, skips what has no code, and fails what is broken', async () => {
    const dir = join(root, 'made');
    await writeFixture(join(dir, 'deep/offsets'), pairedFixture([2, 7]));
    await writeFixture(join(dir, 'deep/wrong'), pairedFixture([3, 2], 0.001));
    await writeFixture(join(dir, 'unknown'), { manifest: { method: 'not-yet' }, files: {} });
    await mkdir(join(dir, 'torn'), { recursive: true });
    await writeFile(join(dir, 'torn', 'manifest.json'), '{');
    await writeFixture(join(dir, 'empty'), { manifest: { kind: 'schedulers' }, files: {} });
    const fixtures = await findFixtures(dir);
    const lines = (await Promise.all(fixtures.map((fixture) => runFixture(fixture, context)))).flat().map(formatResult);
    expect(lines).toEqual([
      expect.stringMatching(/^PASS deep\/offsets 0\.0/),
      expect.stringMatching(/^FAIL deep\/wrong \S+ paired_step: offset_k0 at \S+ of its tolerance$/),
      expect.stringMatching(/^FAIL empty inf /),
      expect.stringMatching(/^FAIL torn inf manifest\.json: /),
      'SKIP unknown no code yet for not-yet',
    ]);
  });
});

const own = join(import.meta.dirname, 'fixtures');

describe('the fixtures of the repository', () => {
  it('all pass', async () => {
    const results = [];
    for (const fixture of await findFixtures(own)) results.push(...(await runFixture(fixture, context)));
    expect(results.map(({ status, path }) => `${status} ${path}`)).toEqual([
      'PASS clip-l',
      'PASS cogvideox-1.5',
      'PASS methods/flowedit',
      'PASS methods/mmdit-control',
      'PASS methods/primitives',
      'PASS schedulers',
      'PASS sd3-fp16',
    ]);
  });

  it('stay below 3 MB', async () => {
    const entries = await readdir(own, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const sizes = await Promise.all(files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(3_000_000);
  });

  it('are what `npm run parity` runs without an argument', () => {
    const main = join(import.meta.dirname, 'main.ts');
    const { status, stdout } = spawnSync(process.execPath, [main], { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^PASS sd3-fp16 0[.]\d+$/m);
    expect(stdout).toMatch(/^7 passed, 0 failed, 0 skipped$/m);
  });

  it('name the tensor when a stored number is off', async () => {
    const copy = join(root, 'copy/schedulers');
    await cp(join(own, 'schedulers'), copy, { recursive: true });
    const file = join(copy, 'outputs.safetensors');
    const bytes = await readFile(file);
    const header = Number(bytes.readBigUInt64LE(0));
    const entry: unknown = JSON.parse(bytes.toString('utf8', 8, 8 + header))['lcm.noised'];
    // The entry is that of a tensor: a safetensors file holds nothing else under a name.
    const [start] = (entry as { data_offsets: [number, number] }).data_offsets;
    bytes.writeFloatLE(bytes.readFloatLE(8 + header + start) + 0.01, 8 + header + start);
    await writeFile(file, bytes);
    const [fixture] = await findFixtures(copy);
    if (fixture === undefined) throw new Error('the copy is a fixture');
    const [result] = await runFixture(fixture, context);
    expect(result?.status).toBe('FAIL');
    expect(result?.detail).toContain('lcm.noised');
  });
});

/** A mmdit-control folder with the one case paired_step, by its formula; `error` is added to the first result. */
function pairedFixture(shape: readonly number[], error = 0): MadeFixture {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const wave = (phase: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + phase));
  const [u, source, target] = [wave(0), wave(1), wave(2)];
  const [s, next] = [0.8, 0.3];
  const offset = (kappa: number) =>
    u.map((value, i) => {
      const dv = (target[i] ?? 0) - (source[i] ?? 0);
      return (
        (1 - next) * (value - s * dv) + next * kappa * (value + (1 - s) * dv) + (i === 0 && kappa === 0 ? error : 0)
      );
    });
  const tensor = (data: Float32Array) => ({ shape, data });
  return {
    manifest: {
      method: 'mmdit-control',
      cases: [
        {
          case: 'paired_step',
          file: 'one.safetensors',
          params: { s, s_next: next },
          tolerance: { abs: 1e-5, rel: 1e-5 },
        },
      ],
    },
    files: {
      'one.safetensors': {
        'in.u': tensor(u),
        'in.v_src': tensor(source),
        'in.v_tgt': tensor(target),
        'out.offset_k0': tensor(offset(0)),
        'out.offset_k5': tensor(offset(0.5)),
        'out.offset_k10': tensor(offset(1)),
      },
    },
  };
}
