import { fileURLToPath } from 'node:url';
import { openEngine } from '../engine/index.ts';
import * as families from '../models/registry.ts';
import { createOnnxRuntime } from '../native/runtime.ts';
import type { Benchmark } from './benchmark.ts';
import { type Found, findObjects } from './sprites/selection.ts';
import { World } from './sprites/world.ts';

const SCENES = 64;
const SEED = 14;

export const select: Benchmark = {
  name: 'select',
  title: `objects of ${SCENES} sprite scenes selected by word: intersection over union with their true pixels`,
  async run({ threads }) {
    const engine = openEngine({
      runtime: createOnnxRuntime({ threads }),
      families,
      places: { embedded: fileURLToPath(new URL('../models/embedded', import.meta.url)) },
      version: 'bench',
      clock: () => performance.now(),
    });
    try {
      const found = await findObjects(engine, await World.open(), SCENES, SEED);
      const one = (objects: number) => found.filter(({ scene }) => scene.objects.length === objects);
      const figure = (label: string, of: readonly Found[], reading: 'withCaption' | 'withoutPrompt') => ({
        label: `${label}, ${of.length} objects`,
        unit: 'share' as const,
        values: [of.reduce((sum, item) => sum + item[reading], 0) / of.length],
      });
      return [
        figure('with the caption, one object', one(1), 'withCaption'),
        figure('with the caption, one of two', one(2), 'withCaption'),
        figure('with the caption', found, 'withCaption'),
        figure('without a prompt, one object', one(1), 'withoutPrompt'),
        figure('without a prompt, one of two', one(2), 'withoutPrompt'),
        figure('without a prompt', found, 'withoutPrompt'),
      ];
    } finally {
      await engine.close();
    }
  },
};
