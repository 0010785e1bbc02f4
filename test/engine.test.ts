import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../contract/index.ts';
import { EditRecord } from '../contract/index.ts';
import { compareWhere, type Pixels, type RunResult } from '../engine/index.ts';
import { folderOf } from './checkpoint-files.ts';
import { boxMask, discOf, EMBEDDED, openTestEngine, runAsked } from './embedded.ts';

/** What the engine promises whatever its weights are: real runtime, real checkpoint, few steps. */
const engine = openTestEngine('all');
afterAll(() => engine.close());

const pictureOf = ({ images }: RunResult): Pixels => {
  const [image] = images;
  if (image === undefined) throw new Error('the run gave no picture');
  return image;
};
const source = discOf(128, 128);
const mask = boxMask(128, 128);
const edit = { prompt: 'a blue apple on the left, on grass', sourcePrompt: 'a red apple on the left, on grass' };
const jobs = [
  ['generate', { method: 'generate' }, {}],
  ['prompt-edit', { method: 'prompt-edit', ...edit }, { source }],
  ['flowedit', { method: 'flowedit', ...edit }, { source }],
  ['inpaint', { method: 'inpaint' }, { source, mask }],
] as const;

describe('the same request', () => {
  it.each(jobs)('gives the same bytes and the same record, also after the engine was reopened: %s', async (...job) => {
    const [, asked, media] = job;
    const first = await runAsked(engine, asked, media);
    const second = await runAsked(engine, asked, media);
    const other = openTestEngine('all');
    const third = await runAsked(other, asked, media);
    await other.close();
    for (const again of [second, third]) {
      expect(pictureOf(again)).toEqual(pictureOf(first));
      expect(again.record).toEqual(first.record);
      expect(again.masks).toEqual(first.masks);
    }
  });

  it.each(jobs)('gives the same picture whether or not somebody watches: %s', async (...job) => {
    const [, asked, media] = job;
    const plain = pictureOf(await runAsked(engine, asked, media));
    const events: RunEvent[] = [];
    const onEvent = (event: RunEvent) => events.push(event);
    const watched = await runAsked(engine, asked, media, { previews: true, onEvent });
    expect(pictureOf(watched)).toEqual(plain);
    const kinds = events.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'preview').length).toBe(kinds.filter((kind) => kind === 'step').length - 1);
    expect(watched.figures.firstPreviewMs).toBeLessThanOrEqual(watched.figures.totalMs ?? 0);
  });

  it.each(jobs)('gives word maps that leave the picture within float noise: %s', async (...job) => {
    const [, asked, media] = job;
    const plain = pictureOf(await runAsked(engine, asked, media));
    const mapped = await runAsked(engine, { ...asked, maps: true }, media);
    // Float noise may turn a rounding of a byte, no more.
    expect(compareWhere(plain, pictureOf(mapped)).largest).toBeLessThanOrEqual(1);
    expect(mapped.maps.map(({ word }) => word)).toEqual(expect.arrayContaining(['apple', 'grass']));
    for (const { image } of mapped.maps) {
      expect([image.width, image.height, image.channels]).toEqual([128, 128, 1]);
      // Bilinear between token centres: the peak itself may lie between two pixels.
      expect(Math.max(...image.data)).toBeGreaterThan(200);
    }
  });

  it.each(jobs)('with another seed gives another picture: %s', async (...job) => {
    const [, asked, media] = job;
    const one = await runAsked(engine, asked, media);
    const two = await runAsked(engine, { ...asked, seed: 2 }, media);
    expect(pictureOf(two)).not.toEqual(pictureOf(one));
  });
});

describe('word maps', () => {
  it('are told after every step but the last to those who watch, and only of words that were asked for', async () => {
    const told = async (asked: { readonly maps?: boolean; readonly prompt?: string }) => {
      const events: RunEvent[] = [];
      const onEvent = (event: RunEvent) => events.push(event);
      await runAsked(engine, { method: 'generate', prompt: 'red apple', ...asked }, {}, { previews: true, onEvent });
      return events.flatMap((event) => (event.kind === 'map' ? [`${event.step} ${event.word}`] : []));
    };
    expect(await told({ maps: true })).toEqual(['1 red', '1 apple', '2 red', '2 apple', '3 red', '3 apple']);
    expect(await told({})).toEqual([]);
    expect(await told({ maps: true, prompt: '' })).toEqual([]);
  });
});

describe('a run', () => {
  it('tells its stages in order and counts its steps to the end', async () => {
    const events: RunEvent[] = [];
    const onEvent = (event: RunEvent) => events.push(event);
    await runAsked(engine, { method: 'inpaint', steps: 6, params: { strength: 0.5 } }, { source, mask }, { onEvent });
    const stages = events.flatMap((event) => (event.kind === 'stage' ? [event.stage] : []));
    expect(stages).toEqual(['open', 'encode', 'condition', 'denoise', 'decode']);
    const steps = events.flatMap((event) => (event.kind === 'step' ? [[event.step, event.of]] : []));
    expect(steps).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it('stops at once when it was cancelled before it began', async () => {
    const signal = AbortSignal.abort();
    await expect(runAsked(engine, { method: 'generate' }, {}, { signal })).rejects.toMatchObject({ kind: 'cancelled' });
  });

  it.each(jobs)('stops at the next step when it is cancelled, and the engine goes on working: %s', async (...job) => {
    const [, asked, media] = job;
    const before = pictureOf(await runAsked(engine, { ...asked, steps: 6 }, media));
    const control = new AbortController();
    let steps = 0;
    const onEvent = (event: RunEvent) => {
      if (event.kind !== 'step') return;
      steps++;
      if (steps === 2) control.abort();
    };
    const run = runAsked(engine, { ...asked, steps: 6 }, media, { onEvent, signal: control.signal });
    await expect(run).rejects.toMatchObject({ name: 'AttuneError', kind: 'cancelled' });
    expect(steps).toBe(2);
    expect(pictureOf(await runAsked(engine, { ...asked, steps: 6 }, media))).toEqual(before);
  });

  it.each(jobs)('is cancelled at every event, whatever it is doing: %s', async (...job) => {
    const [, asked, media] = job;
    const short = { ...asked, steps: 2 };
    let events = 0;
    await runAsked(engine, short, media, { previews: true, onEvent: () => void events++ });
    for (let at = 1; at <= events; at++) {
      const control = new AbortController();
      let seen = 0;
      const onEvent = () => {
        if (++seen === at) control.abort();
      };
      const run = runAsked(engine, short, media, { previews: true, onEvent, signal: control.signal });
      await expect(run, `event ${at} of ${events}`).rejects.toMatchObject({ kind: 'cancelled' });
      expect(seen).toBe(at);
    }
  });

  it.each(jobs)('is the same picture when it was paused after every step: %s', async (...job) => {
    const [, asked, media] = job;
    const whole = pictureOf(await runAsked(engine, asked, media));
    let pauses = 0;
    const gate = () => {
      pauses++;
      return new Promise<void>((resolve) => setTimeout(resolve, 5));
    };
    const paused = await runAsked(engine, asked, media, { gate });
    expect(pauses).toBeGreaterThan(0);
    expect(pictureOf(paused)).toEqual(whole);
  });

  it('is cancelled while it is paused', async () => {
    const control = new AbortController();
    const gate = () => {
      setTimeout(() => control.abort(), 5);
      return new Promise<void>(() => {});
    };
    const run = runAsked(engine, { method: 'generate' }, {}, { gate, signal: control.signal });
    await expect(run).rejects.toMatchObject({ kind: 'cancelled' });
  });
});

describe('a record', () => {
  it.each(jobs)('keeps the contract and says nothing of this machine: %s', async (...job) => {
    const [, asked, media] = job;
    const { record } = await runAsked(engine, asked, media);
    expect(EditRecord.parse(record)).toEqual(record);
    const text = JSON.stringify(record);
    for (const private_ of [EMBEDDED, process.cwd(), process.env.HOME ?? EMBEDDED])
      expect(text).not.toContain(private_);
    expect(record.request).toMatchObject({
      method: asked.method,
      seed: 1,
      steps: 4,
      size: { width: 128, height: 128 },
    });
    expect(record.sampler.sigmas).toHaveLength(5);
  });

  it('makes the picture again when its request is run', async () => {
    const { record, images } = await runAsked(engine, { method: 'prompt-edit', ...edit }, { source });
    const again = await engine.run(record.request, { source });
    expect(again.images).toEqual(images);
    expect(again.record).toEqual(record);
  });

  it('names a checkpoint given by its path without the path, whichever way it was opened first', async () => {
    const folder = folderOf({});
    cpSync(join(EMBEDDED, 'image'), join(folder, 'my model'), { recursive: true });
    const own = openTestEngine();
    const path = join(folder, 'my model');
    const byPath = await runAsked(own, { method: 'generate', checkpoint: path });
    expect(byPath.record.request.checkpoint).toBe('my model');
    expect(byPath.record.checkpoint.name).toBe('my model');
    expect(JSON.stringify(byPath.record)).not.toContain(folder);
    const shippedByPath = await runAsked(own, { method: 'generate', checkpoint: join(EMBEDDED, 'image') });
    const shipped = await runAsked(own, { method: 'generate' });
    expect(shipped.record).toEqual(shippedByPath.record);
    expect(shipped.record.request.checkpoint).toBe('embedded/image');
    expect(pictureOf(shipped)).toEqual(pictureOf(byPath));
    await own.close();
  });
});
