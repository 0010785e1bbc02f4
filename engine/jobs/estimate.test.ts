import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as families from '../../models/registry.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { boxMask, discOf, EMBEDDED, openTestEngine, requestOf, runAsked } from '../../test/embedded.ts';
import { openEngine } from '../index.ts';

const engine = openTestEngine();
afterAll(() => engine.close());
const EDIT = { method: 'prompt-edit', sourcePrompt: 'a red apple on grass', prompt: 'a blue apple on grass' } as const;

/** An engine on a machine with this much memory, which releasing sessions does or does not raise. */
function engineWith(availableBytes: () => number) {
  return openEngine({
    runtime: createOnnxRuntime({ threads: 1 }),
    families,
    places: { embedded: EMBEDDED },
    version: '0.0.0-test',
    clock: () => performance.now(),
    availableBytes,
  });
}

describe('the plan of a job', () => {
  it('is told with the result, and known from sizes alone', async () => {
    const source = discOf(64, 64);
    const { figures } = await runAsked(engine, EDIT, { source });
    const sizes = { source: { width: 64, height: 64 } };
    expect(figures.estimatedPeakBytes).toBe(engine.plan(requestOf(EDIT), sizes).memory.peakBytes);
  });

  it('knows parameters by the names that older records have', () => {
    const params = { layoutSteps: 0.7, wordSteps: 0.1, reading: 'change', grow: 2, averages: 3 };
    const { request } = engine.plan(requestOf({ ...EDIT, params }), { source: { width: 128, height: 128 } });
    expect(request.params).toMatchObject({
      selfReplaceSteps: 0.7,
      crossReplaceSteps: 0.1,
      maskSource: 'change',
      dilation: 2,
      nAvg: 3,
    });
  });

  it('has the stages of the job in their order, and its peak is the largest of them', () => {
    const source = { width: 128, height: 128 };
    const { parts, peakBytes } = engine.plan(requestOf(EDIT), { source }).memory;
    expect(parts.map(({ stage }) => stage)).toEqual(['encode', 'condition', 'search', 'denoise', 'decode']);
    expect(peakBytes).toBe(Math.max(...parts.map((part) => part.peakBytes)));
    const masked = engine.plan(requestOf(EDIT), { source, mask: boxMask(128, 128) }).memory;
    expect(masked.parts.map(({ stage }) => stage)).not.toContain('search');
    const made = engine.plan(requestOf({ method: 'generate' }), {}).memory;
    expect(made.parts.map(({ stage }) => stage)).toEqual(['condition', 'denoise', 'decode']);
  });

  it('grows with the picture, the rows of the batch and the words that are read out', () => {
    const peakOf = (asked: object) => engine.plan(requestOf({ method: 'generate', ...asked }), {}).memory.peakBytes;
    const plain = peakOf({ guidance: 1, size: { width: 64, height: 64 } });
    expect(peakOf({ guidance: 1, size: { width: 128, height: 128 } })).toBeGreaterThan(plain);
    expect(peakOf({ guidance: 3, size: { width: 64, height: 64 } })).toBeGreaterThan(plain);
    expect(peakOf({ guidance: 1, size: { width: 64, height: 64 }, maps: true })).toBeGreaterThan(plain);
  });

  it('is what inspect tells of a whole model', () => {
    const { memory } = engine.inspect(join(EMBEDDED, 'image'));
    const { peakBytes, mappedBytes, privateBytes } = engine.plan(requestOf({ method: 'generate' }), {}).memory;
    expect(memory).toMatchObject({ mappedBytes, privateBytes, usual: { width: 128, height: 128, peakBytes } });
  });

  it('refuses what the run would refuse', () => {
    const size = { width: 4096, height: 4096 };
    expect(() => engine.plan(requestOf({ method: 'generate', size }), {})).toThrow(/4096x4096 is too large/);
  });
});

describe('a job that does not fit', () => {
  it('is refused before anything is loaded, with what it needs, what there is and a way out', async () => {
    const { memory } = engine.plan(requestOf({ method: 'generate' }), {});
    const between = (memory.leastBytes + memory.peakBytes) / 2;
    const poor = engineWith(() => between);
    const stages: string[] = [];
    const onEvent = (event: object) => void stages.push(JSON.stringify(event));
    const refused = runAsked(poor, { method: 'generate' }, {}, { onEvent });
    await expect(refused).rejects.toMatchObject({ kind: 'memory-exceeded', where: { field: 'size' } });
    await expect(refused).rejects.toThrow(
      /needs about 0\.\d\d GB of memory, most of it for the .*, and 0\.\d\d GB are free\. .*smaller size than 128x128/,
    );
    expect(stages).toEqual([JSON.stringify({ kind: 'stage', stage: 'open' })]);
    await poor.close();
  });

  it('is not told to be smaller where no size is small enough', async () => {
    const poorest = engineWith(() => 10_000_000);
    const refused = runAsked(poorest, { method: 'generate' });
    await expect(refused).rejects.toMatchObject({ kind: 'memory-exceeded', where: { field: 'checkpoint' } });
    await expect(refused).rejects.toThrow(/0\.01 GB are free\. No smaller size helps/);
    await poorest.close();
  });

  it('fits once what earlier jobs have left is given back', async () => {
    let askings = 0;
    const full = engineWith(() => (askings++ === 0 ? 0 : 1e9));
    const { images } = await runAsked(full, { method: 'generate', steps: 1 });
    expect(images).toHaveLength(1);
    expect(askings).toBe(2);
    await full.close();
  });
});
