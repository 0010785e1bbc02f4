import { describe, expect, it } from 'vitest';
import { createOnnxRuntime } from '../native/runtime.ts';
import { fixture, noFixtures } from './fixtures.ts';
import { runPipeline } from './parity/pipelines.ts';

describe('the product’s own denoise path gives the reference’s latents, pictures and frames', () => {
  it
    .skipIf(noFixtures !== undefined)
    .each([
      'pipeline-sd3',
      'pipeline-sd35',
      'pipeline-cogvideox',
      'pipeline-cogvideox-5b',
      'pipeline-cogvideox-1.5',
      'pipeline-flux',
      'pipeline-flux-schnell',
    ])(`%s${noFixtures === undefined ? '' : ` (skipped: ${noFixtures})`}`, async (name) => {
    const results = await runPipeline(fixture(name), { runtime: createOnnxRuntime({ threads: 1 }) });
    expect(results).toMatchObject([{ status: 'PASS', path: name }]);
    expect(results[0]?.worst).toBeLessThan(1);
  });
});
