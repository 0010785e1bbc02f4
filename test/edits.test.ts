import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EditTask } from '../bench/sprites/cases.ts';
import { productMethod } from '../bench/sprites/contenders.ts';
import { captionFigures } from '../bench/sprites/fidelity.ts';
import { Judge } from '../bench/sprites/judge.ts';
import { score } from '../bench/sprites/measure.ts';
import { fileCases, runContender } from '../bench/sprites/run.ts';
import { World } from '../bench/sprites/world.ts';
import { type Engine, openEngine } from '../engine/index.ts';
import * as families from '../models/registry.ts';
import { createOnnxRuntime } from '../native/runtime.ts';

/** A small slice of `npm run edits`: the shipped checkpoint, the real engine, pictures read from a file's bytes. */

const CASES = 8;
let engine: Engine;
let world: World;
let judge: Judge;

beforeAll(async () => {
  const embedded = decodeURIComponent(new URL('../models/embedded', import.meta.url).pathname);
  engine = openEngine({
    runtime: createOnnxRuntime(),
    families,
    places: { embedded },
    version: 'test',
    clock: () => performance.now(),
  });
  world = await World.open();
  judge = new Judge(world);
});

afterAll(() => engine.close());

describe('the embedded model', () => {
  it('paints what a caption says, on the right ground', async () => {
    const { one } = await captionFigures(engine, world, judge, { count: 24, seed: 77 });
    expect(one.background).toBeGreaterThanOrEqual(0.95);
    expect(one.whole).toBeGreaterThanOrEqual(0.6);
  });
});

describe('prompt-edit on files', () => {
  for (const task of ['recolour', 'swap'] as const) {
    it(`does what was asked and keeps the rest: ${task}`, async () => {
      const ours = await scoreOf('prompt-edit', task);
      expect(ours.success).toBeGreaterThanOrEqual(0.7);
      expect(ours.otherKept).toBe(1);
      expect(ours.placeKept).toBe(1);
      expect(ours.backgroundDb).toBeGreaterThan(40);
    });
  }
});

async function scoreOf(method: string, task: EditTask) {
  const list = await fileCases(engine, world, judge, task, CASES, 21);
  const results = await runContender(engine, world, judge, list, productMethod(method));
  return score(results.map(({ figures }) => figures));
}
