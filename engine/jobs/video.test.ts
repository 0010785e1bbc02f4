import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../contract/index.ts';
import * as families from '../../models/registry.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { openDiskSpool } from '../../native/spool.ts';
import { apart, discOf, EMBEDDED, openTestEngine, requestOf, runAsked } from '../../test/embedded.ts';
import { film, writeTinyVideoModel } from '../../test/tiny-video-model.ts';
import { openEngine } from '../index.ts';
import type { FrameSpool } from '../ports.ts';
import type { EngineOptions } from './engine.ts';

const engine = openTestEngine();
afterAll(() => engine.close());

const ask = (checkpoint: string) => ({ method: 'generate', checkpoint, frames: 3 }) as const;

const engineWith = (more: Partial<EngineOptions>) =>
  openEngine({
    runtime: createOnnxRuntime({ threads: 1 }),
    families,
    places: { embedded: EMBEDDED },
    version: '0.0.0-test',
    clock: () => performance.now(),
    ...more,
  });

/** An engine with a spool on the disk, and how many pieces went there and how many spools are open. */
function spoolingEngine(more: Partial<EngineOptions> = {}) {
  const counts = { waited: 0, open: 0 };
  const openSpool = async (): Promise<FrameSpool> => {
    const spool = await openDiskSpool(tmpdir());
    counts.open += 1;
    return {
      ...spool,
      put: (key, data) => {
        counts.waited += 1;
        return spool.put(key, data);
      },
      close: () => {
        counts.open -= 1;
        return spool.close();
      },
    };
  };
  return { spooling: engineWith({ openSpool, ...more }), counts };
}

describe('a run that makes a video', () => {
  it('tells stages, steps and previews that say which frame they show', async () => {
    const events: RunEvent[] = [];
    await film(engine, ask(writeTinyVideoModel()), {}, { previews: true, onEvent: (event) => void events.push(event) });
    expect(events.flatMap((event) => (event.kind === 'stage' ? [event.stage] : []))).toEqual([
      'open',
      'condition',
      'denoise',
      'decode',
    ]);
    expect(events.filter(({ kind }) => kind === 'step')).toHaveLength(4);
    const previews = events.flatMap((event) => (event.kind === 'preview' ? [event] : []));
    expect(previews.map(({ step }) => step)).toEqual([1, 2, 3]);
    for (const { frame, image } of previews) {
      expect([0, 1, 2]).toContain(frame);
      expect([image.width, image.height, image.channels]).toEqual([12, 8, 3]);
    }
  });

  it('gives the same frames whether it was watched, paused or neither', async () => {
    const checkpoint = writeTinyVideoModel({ vae: 'video', reader: 't5' });
    const asked = ask(checkpoint);
    const plain = await film(engine, asked);
    let held = 0;
    const gate = async () => {
      held += 1;
    };
    const watched = await film(engine, asked, {}, { previews: true, gate });
    expect(held).toBe(3);
    for (const [at, frame] of plain.pixels.entries()) expect(apart(frame.data, watched.pixels[at]?.data ?? [])).toBe(0);
  });

  it('ends between steps and between frames once it is cancelled', async () => {
    const checkpoint = writeTinyVideoModel();
    const until = async (kind: 'step' | 'decode') => {
      const abort = new AbortController();
      let frames = 0;
      const run = engine.run(
        { ...ask(checkpoint), prompt: 'a red apple', seed: 1, steps: 4 },
        {},
        {
          signal: abort.signal,
          onEvent: (event) => {
            if (kind === 'step' && event.kind === 'step' && event.step === 2) abort.abort();
          },
          onFrame: () => {
            frames += 1;
            if (kind === 'decode') abort.abort();
          },
        },
      );
      await expect(run).rejects.toMatchObject({ kind: 'cancelled' });
      return frames;
    };
    expect(await until('step')).toBe(0);
    expect(await until('decode')).toBe(1);
  });

  it('waits for the sink before the next frame', async () => {
    const order: string[] = [];
    await engine.run(
      { ...ask(writeTinyVideoModel()), prompt: 'a cat', seed: 1, steps: 1 },
      {},
      {
        onFrame: async (_frame, index) => {
          order.push(`take ${index}`);
          await new Promise((resolve) => setTimeout(resolve, 5));
          order.push(`done ${index}`);
        },
      },
    );
    expect(order).toEqual(['take 0', 'done 0', 'take 1', 'done 1', 'take 2', 'done 2']);
  });

  it('says before the run what will come, which a sink may refuse', async () => {
    const checkpoint = writeTinyVideoModel();
    const segments = [{ prompt: 'a red apple' }, { prompt: 'a cat', frames: 12 }];
    for (const asked of [
      ask(checkpoint),
      { method: 'ditctrl', checkpoint, segments },
      { method: 'ditctrl', checkpoint, prompt: 'a cat', frames: 8 },
    ]) {
      const told: number[] = [];
      const { frames } = await film(engine, asked, {}, { onBegin: (shape) => void told.push(shape.frames) });
      expect(told).toEqual([frames]);
    }
    const tooLong = new Error('too long');
    const events: RunEvent[] = [];
    const refuse = () => {
      throw tooLong;
    };
    const run = film(engine, ask(checkpoint), {}, { onBegin: refuse, onEvent: (event) => void events.push(event) });
    await expect(run).rejects.toBe(tooLong);
    expect(events.map((event) => 'stage' in event && event.stage)).toEqual(['open']);
  });

  it('ends with the error of its sink', async () => {
    const full = new Error('the disk is full');
    await expect(
      engine.run(
        { ...ask(writeTinyVideoModel()), prompt: 'a cat', seed: 1, steps: 1 },
        {},
        {
          onFrame: () => Promise.reject(full),
        },
      ),
    ).rejects.toBe(full);
  });

  it('refuses before it starts what the memory does not hold', async () => {
    const checkpoint = writeTinyVideoModel();
    const small = engineWith({ availableBytes: () => 1e6 });
    await expect(film(small, ask(checkpoint))).rejects.toMatchObject({ kind: 'memory-exceeded' });
    await small.close();
  });

  it('lets pieces of large frames wait on the disk, with the same frames, and forgets them at the end', async () => {
    const checkpoint = writeTinyVideoModel({ vae: 'video', reader: 't5' });
    const asked = { ...ask(checkpoint), size: { width: 112, height: 48 }, steps: 1 };
    const { spooling, counts } = spoolingEngine();
    const [inMemory, onDisk] = [await film(engine, asked), await film(spooling, asked)];
    expect(counts.waited).toBeGreaterThanOrEqual(2 * inMemory.frames);
    const before = counts.waited;
    await film(spooling, ask(checkpoint));
    expect(counts.waited).toBe(before);
    expect(onDisk.pixels).toEqual(inMemory.pixels);
    const peakOf = (of: typeof engine) => of.plan(requestOf(asked), {}).memory.peakBytes;
    expect(peakOf(spooling)).toBeLessThan(peakOf(engine));
    const onFrame = () => Promise.reject(new Error('full'));
    await expect(spooling.run(requestOf(asked), {}, { onFrame })).rejects.toThrow('full');
    expect(counts.open).toBe(0);
    await spooling.close();
  });

  it.each([
    ['pictures', 'CogVideoXDDIMScheduler'],
    ['video', 'CogVideoXDPMScheduler'],
  ] as const)(
    'lets the latent of a long video wait on the disk, with the same frames: %s, %s',
    async (vae, scheduler) => {
      const checkpoint = writeTinyVideoModel({ vae, reader: 't5', scheduler });
      const segments = ['a red apple', 'a blue cat', 'grass', 'a red cat'].map((prompt) => ({ prompt }));
      const params = { overlap: 1, perFrameNoise: 0.5, shareFrom: 0.25 };
      const asked = { method: 'ditctrl', checkpoint, segments, params } as const;
      const { spooling, counts } = spoolingEngine({ inMemoryBytes: 0 });
      const [inMemory, onDisk] = [
        await film(engine, asked, {}, { previews: true }),
        await film(spooling, asked, {}, { previews: true }),
      ];
      expect(inMemory.frames).toBeGreaterThan(12);
      expect(onDisk.pixels).toEqual(inMemory.pixels);
      expect(counts.waited).toBeGreaterThan(0);
      const stopped = { onFrame: () => Promise.reject(new Error('full')) };
      await expect(spooling.run(requestOf({ ...asked, prompt: '' }), {}, stopped)).rejects.toThrow('full');
      const gone = AbortSignal.abort();
      await expect(film(spooling, asked, {}, { signal: gone })).rejects.toMatchObject({ kind: 'cancelled' });
      expect(counts.open).toBe(0);
      await spooling.close();
    },
  );

  it('needs no more memory for more prompts where latents wait on the disk', async () => {
    const checkpoint = writeTinyVideoModel();
    const { spooling } = spoolingEngine({ inMemoryBytes: 2 ** 12 });
    const peaks = (engineNow: typeof engine) =>
      [8, 16].map((count) => {
        const segments = Array.from({ length: count }, () => ({ prompt: 'a red apple' }));
        return engineNow.plan(requestOf({ method: 'ditctrl', checkpoint, prompt: '', segments }), {}).memory.peakBytes;
      });
    const [eight = 0, sixteen] = peaks(spooling);
    expect(sixteen).toBe(eight);
    expect(Math.min(...peaks(engine))).toBeGreaterThan(eight);
    await spooling.close();
  });

  it('maps the words of an edited clip in every latent frame', async () => {
    const checkpoint = writeTinyVideoModel();
    const source = { frames: [discOf(12, 8), discOf(12, 8)], fps: 8 };
    const edit = { sourcePrompt: 'a red apple', prompt: 'a blue apple', maps: true };
    for (const method of ['prompt-edit', 'flowedit']) {
      const { warnings, maps } = await film(engine, { method, checkpoint, ...edit }, { source });
      expect(maps.map(({ word, frame }) => `${word} ${frame}`)).toEqual(
        [0, 1].flatMap((frame) => ['a', 'blue', 'apple'].map((word) => `${word} ${frame}`)),
      );
      expect(warnings).not.toContainEqual(expect.stringContaining('no maps'));
    }
  });
});

describe('what does not go together is refused', () => {
  it('a method, a checkpoint or a source of the other kind', async () => {
    const checkpoint = writeTinyVideoModel();
    await expect(runAsked(engine, { method: 'ditctrl' })).rejects.toMatchObject({
      kind: 'request-invalid',
      where: { field: 'method' },
      message: expect.stringContaining('makes pictures'),
    });
    await expect(runAsked(engine, { method: 'generate', frames: 3 })).rejects.toMatchObject({
      kind: 'request-invalid',
      where: { field: 'frames' },
      message: expect.stringContaining('makes pictures'),
    });
    const edit = { method: 'prompt-edit', sourcePrompt: 'a red apple', prompt: 'a blue apple' };
    const clip = { frames: [discOf(64, 64), discOf(64, 64)], fps: 8 };
    await expect(runAsked(engine, edit, { source: clip })).rejects.toMatchObject({
      kind: 'request-invalid',
      where: { field: 'source' },
      message: expect.stringContaining('clip of 2 frames'),
    });
    expect([checkpoint, 'embedded/image'].map((ref) => engine.model(ref).makes)).toEqual(['video', 'picture']);
  });

  it('a clip with fewer frames than are asked for, a source for a method that takes none', async () => {
    const checkpoint = writeTinyVideoModel();
    const source = { frames: [discOf(12, 8)], fps: 8 };
    const edit = { method: 'prompt-edit', checkpoint, sourcePrompt: 'a red apple', prompt: 'a blue apple', frames: 3 };
    await expect(film(engine, edit, { source })).rejects.toMatchObject({ where: { field: 'frames' } });
    await expect(film(engine, ask(checkpoint), { source })).rejects.toMatchObject({ where: { field: 'source' } });
  });
});

describe('the plan of a video', () => {
  it('grows with length, size, rows and maps, and is told with the result', async () => {
    const checkpoint = writeTinyVideoModel();
    const peakOf = (asked: object) =>
      engine.plan(requestOf({ ...ask(checkpoint), guidance: 1, prompt: 'a red apple', ...asked }), {}).memory.peakBytes;
    const plain = peakOf({});
    expect(peakOf({ frames: 5 })).toBeGreaterThan(plain);
    expect(peakOf({ size: { width: 24, height: 16 } })).toBeGreaterThan(plain);
    expect(peakOf({ guidance: 3 })).toBeGreaterThan(plain);
    expect(peakOf({ maps: true })).toBeGreaterThan(plain);
    const { figures } = await film(engine, { ...ask(checkpoint), guidance: 1 });
    expect(figures.estimatedPeakBytes).toBe(plain);
  });
});
