import { cpSync, readFileSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dice } from '../bench/sprites/dice.ts';
import { twoSpriteScene } from '../bench/sprites/scenes.ts';
import { objectAt, SecondJudge } from '../bench/sprites/secondjudge.ts';
import { type Scene, World } from '../bench/sprites/world.ts';
import { createOnnxRuntime } from '../native/runtime.ts';

/** The second judge of SpriteBench: its network as the recipe trained it, in a real session. */

const FOLDER = join(import.meta.dirname, '..', 'models', 'recipe', 'judge');
const runtime = createOnnxRuntime({ threads: 1 });
let world: World;
let judge: SecondJudge;

beforeAll(async () => {
  world = await World.open();
  judge = await SecondJudge.open(runtime, world);
});
afterAll(() => judge.close());

describe('the second judge', () => {
  it('gives the scores that the recipe got', async () => {
    const golden = JSON.parse(readFileSync(join(FOLDER, 'golden.json'), 'utf8')) as readonly GoldenPicture[];
    expect(golden.length).toBeGreaterThanOrEqual(3);
    for (const { logits, ...scene } of golden) {
      const ours = await judge.logits(world.render(scene));
      for (const name of ['objects', 'colours', 'places'] as const) {
        const apart = logits[name].map((value, i) => Math.abs(value - (ours[name][i] ?? Number.NaN)));
        expect(Math.max(...apart), name).toBeLessThan(2e-3);
      }
    }
  });

  it('reads true renders', async () => {
    let [right, places, all] = [0, 0, 0];
    for (let index = 0; index < 40; index++) {
      const scene = twoSpriteScene(world, new Dice(31, index));
      const reading = await judge.read(world.render(scene));
      places += Number(reading.place === scene.place);
      for (const wanted of scene.objects) {
        const found = objectAt(reading, world.cellsOf(wanted.position));
        right += Number(found?.object === wanted.object && found.colour === wanted.colour);
        all++;
      }
    }
    expect(places).toBe(40);
    expect(right / all).toBeGreaterThanOrEqual(0.95);
  });

  it('sees nothing on an empty place', async () => {
    for (const { name } of world.file.places.items) {
      const reading = await judge.read(world.renderPlace(name, 32));
      expect(reading.cells.map(({ object }) => object)).toEqual(reading.cells.map(() => undefined));
    }
  });

  it('names the file that is missing, cut off, or of another world', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'judge-'));
    try {
      await expect(SecondJudge.open(runtime, world, join(folder, 'none'))).rejects.toThrow(/none/);
      cpSync(FOLDER, folder, { recursive: true });
      truncateSync(join(folder, 'model.safetensors'), 1000);
      await expect(SecondJudge.open(runtime, world, folder)).rejects.toThrow(
        expect.objectContaining({ kind: 'checkpoint-malformed' }),
      );
      const { places, ...rest } = world.file;
      const other = Object.assign(Object.create(World.prototype) as World, {
        file: { ...rest, places: { ...places, items: places.items.slice(1) } },
      });
      await expect(SecondJudge.open(runtime, other)).rejects.toThrow(/config\.json.*another world.*train_judge\.py/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

interface GoldenPicture extends Scene {
  readonly logits: Readonly<Record<'objects' | 'colours' | 'places', readonly number[]>>;
}
