import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Judge } from '../bench/sprites/judge.ts';
import { editTask, motionTask, type VideoBench } from '../bench/sprites/video/tasks.ts';
import { World } from '../bench/sprites/world.ts';
import { openTestEngine } from './embedded.ts';

/** The embedded video model as the engine runs it, judged: few clips, so that its bars are below those of the recipe's own table. */

const engine = openTestEngine();
let bench: VideoBench;
beforeAll(async () => {
  const world = await World.open();
  const judge = new Judge(world);
  bench = { engine, checkpoint: 'embedded/video', world, judge, seed: 31, cases: 6, say: () => {} };
});
afterAll(() => engine.close());

describe('the embedded video model', () => {
  it('moves the right object the right way before a ground that stands still', async () => {
    const [truth, made] = await motionTask(bench);
    expect(truth?.figures).toMatchObject({ motion: 1, place: 1, change: 1 });
    expect(made?.figures.motion).toBeGreaterThanOrEqual(0.8);
    expect(made?.figures.place).toBeGreaterThanOrEqual(0.8);
    expect(made?.figures.identity).toBeGreaterThanOrEqual(0.8);
    expect(made?.figures.change).toBeLessThanOrEqual(1.25);
  });

  it('edits a clip: the new colour, the old motion, nothing outside', async () => {
    const [edit] = await editTask(bench);
    expect(edit?.figures).toMatchObject({ motion: 1, place: 1, changedOutside: 0 });
    expect(edit?.figures.identity).toBeGreaterThanOrEqual(0.7);
  });
});
