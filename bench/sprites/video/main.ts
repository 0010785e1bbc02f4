import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openEngine } from '../../../engine/index.ts';
import * as families from '../../../models/registry.ts';
import { openImageCodec } from '../../../native/images.ts';
import { createOnnxRuntime } from '../../../native/runtime.ts';
import { Judge } from '../judge.ts';
import { sheet } from '../sheet.ts';
import { World } from '../world.ts';
import { promptsTask } from './prompts.ts';
import { editTask, motionTask, type VideoBench } from './tasks.ts';

/** `npm run spritebench:video`: T9 to T11 of SpriteBench on the embedded video model. */

const TASKS = { T9: motionTask, T10: editTask, T11: promptsTask } as const;
/** Rows of a sheet; more are too long to look at. */
const SHEET_ROWS = 16;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '12' },
    seed: { type: 'string', default: '14' },
    tasks: { type: 'string', default: 'T9,T10,T11' },
    model: { type: 'string', default: 'embedded/video' },
    out: { type: 'string', default: 'out/spritebench-video' },
  },
});
const world = await World.open();
const engine = openEngine({
  // One thread: the order of sums does not depend on the machine's cores.
  runtime: createOnnxRuntime({ threads: 1 }),
  families,
  places: { embedded: fileURLToPath(new URL('../../../models/embedded', import.meta.url)) },
  version: 'bench',
  clock: () => performance.now(),
});
const bench: VideoBench = {
  engine,
  checkpoint: values.model,
  world,
  judge: new Judge(world),
  seed: Number(values.seed),
  cases: Number(values.cases),
  say: (line) => console.error(line),
};
await mkdir(values.out, { recursive: true });
const codec = openImageCodec();
for (const name of values.tasks.split(',')) {
  const task = TASKS[name as keyof typeof TASKS];
  if (task === undefined) throw new Error(`There is no task "${name}"; there are ${Object.keys(TASKS).join(', ')}.`);
  for (const { task: title, variant, figures, videos } of await task(bench)) {
    const shown = Object.entries(figures).map(([figure, value]) => `${figure} ${value.toFixed(3)}`);
    console.log(`${title}, ${variant} (${values.cases} cases): ${shown.join(', ')}`);
    const file = [title, variant]
      .join(' ')
      .match(/[A-Za-z0-9]+/g)
      ?.join('-');
    await writeFile(
      join(values.out, `${file}.png`),
      await codec.encode(sheet(videos.slice(0, SHEET_ROWS), 1, 4), 'png'),
    );
  }
}
await engine.close();
