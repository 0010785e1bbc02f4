import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dice } from '../bench/sprites/dice.ts';
import { twoSpriteScene } from '../bench/sprites/scenes.ts';
import { findObjects } from '../bench/sprites/selection.ts';
import { type Scene, World } from '../bench/sprites/world.ts';
import type { Pixels, SelectRequest } from '../engine/index.ts';
import { openTestEngine } from './embedded.ts';

const engine = openTestEngine();
let world: World;
let scene: Scene;
let source: Pixels;
beforeAll(async () => {
  world = await World.open();
  scene = twoSpriteScene(world, new Dice(78, 1));
  source = world.render(scene);
});
afterAll(() => engine.close());

const select = (asked: Partial<SelectRequest> = {}) =>
  engine.select({
    checkpoint: 'embedded/image',
    source,
    word: scene.objects[0]?.object ?? '',
    prompt: world.caption(scene),
    ...asked,
  });

describe('selecting by word', () => {
  it('finds the objects of scenes', async () => {
    const found = await findObjects(engine, world, 8, 78);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    // Means over 64 scenes (npm run bench -- select) are in docs/methods.md; the margin is that of few scenes.
    expect(mean(found.map(({ withCaption }) => withCaption))).toBeGreaterThan(0.8);
    expect(mean(found.map(({ withoutPrompt }) => withoutPrompt))).toBeGreaterThan(0.5);
  });

  it('gives the same bytes again, of the size of the picture, and a mask of 0 and 255 that a lower threshold widens', async () => {
    const { map, mask, figures, warnings } = await select();
    expect([mask, map]).toMatchObject(Array.from({ length: 2 }, () => ({ width: 128, height: 128, channels: 1 })));
    expect(new Set(mask.data)).toEqual(new Set([0, 255]));
    expect([Math.min(...map.data), Math.max(...map.data)]).toEqual([0, 255]);
    expect(warnings).toEqual([]);
    const again = await select();
    expect(again.mask).toEqual(mask);
    expect(again.map).toEqual(map);
    const wide = await select({ threshold: 0.3 });
    expect(wide.figures.selectedShare).toBeGreaterThan(figures.selectedShare ?? 1);
  });

  it('works on pictures of any size and with transparency, at their own size', async () => {
    const [width, height] = [300, 201];
    const data = new Uint8Array(width * height * 4).fill(255);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < 3; c++) {
          const from = Math.floor((y * 128) / height) * 128 + Math.floor((x * 128) / width);
          data[(y * width + x) * 4 + c] = source.data[from * 3 + c] ?? 0;
        }
    const { mask, map } = await select({ source: { width, height, channels: 4, data } });
    expect([mask.width, mask.height, map.width, map.height]).toEqual([width, height, width, height]);
    expect(mask.data.some((value) => value === 255)).toBe(true);
    const tiny = { width: 5, height: 3, channels: 3 as const, data: new Uint8Array(45).fill(90) };
    expect((await select({ source: tiny })).mask).toMatchObject({ width: 5, height: 3 });
  });

  it.each([
    ['prompt', { word: 'unicorn' }],
    ['prompt', { word: 'red red' }],
    ['word', { word: ' ' }],
    ['word', { word: 'xylophone', prompt: 'a xylophone, on grass' }],
    ['threshold', { threshold: 1 }],
    ['threshold', { threshold: Number.NaN }],
  ] as const)('names the field of what cannot be used: %s %j', async (field, asked) => {
    await expect(select(asked)).rejects.toMatchObject({ kind: 'request-invalid', where: { field } });
  });

  it('is cancelled at every event', async () => {
    const events: string[] = [];
    await engine.select(
      { checkpoint: 'embedded/image', source, word: 'apple' },
      { onEvent: ({ kind }) => void events.push(kind) },
    );
    for (let at = 1; at <= events.length; at++) {
      const control = new AbortController();
      let seen = 0;
      const onEvent = () => {
        if (++seen === at) control.abort();
      };
      const run = engine.select(
        { checkpoint: 'embedded/image', source, word: 'apple' },
        { onEvent, signal: control.signal },
      );
      await expect(run).rejects.toMatchObject({ kind: 'cancelled' });
      expect(seen).toBe(at);
    }
  });
});
