import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { findFixtures, formatResult, runFixture } from './walk.ts';

const context = { runtime: createOnnxRuntime() };
const shared = join(import.meta.dirname, '../../../shared/fixtures');
const required = [
  'attention-edits/flux-dev',
  'attention-edits/sd3',
  'attention-edits/sd35',
  'clip-g',
  'clip-l',
  'cogvideox-1.5',
  'cogvideox-2b',
  'cogvideox-5b',
  'flux-dev',
  'flux-schnell',
  'methods/ditctrl',
  'methods/flowedit',
  'methods/infedit',
  'methods/mmdit-control',
  'methods/p2p',
  'methods/primitives',
  'pipeline-cogvideox',
  'pipeline-cogvideox-1.5',
  'pipeline-cogvideox-5b',
  'pipeline-flux',
  'pipeline-flux-schnell',
  'pipeline-sd3',
  'pipeline-sd35',
  'schedulers',
  'sd3',
  'sd3-bf16',
  'sd3-fp16',
  'sd35',
  't5',
  'vae-cogvideox',
  'vae-sd3',
];

describe.skipIf(!existsSync(shared))('the shared fixtures (skipped where ../shared/fixtures is absent)', () => {
  it('passes whatever has code, and at least what was promised', { timeout: 120_000 }, async () => {
    const results = [];
    for (const fixture of await findFixtures(shared)) results.push(...(await runFixture(fixture, context)));
    expect(results.filter((result) => result.status === 'FAIL').map(formatResult)).toEqual([]);
    const passed = results.filter((result) => result.status === 'PASS').map((result) => result.path);
    expect(passed).toEqual(expect.arrayContaining(required));
  });
});
