import { cpuUsage } from 'node:process';
import type { EditRequest } from '../contract/index.ts';
import { openEngine, type RunMedia } from '../engine/index.ts';
import * as families from '../models/registry.ts';
import { createOnnxRuntime } from '../native/runtime.ts';
import { tell } from './child.ts';
import { EMBEDDED, EMBEDDED_IMAGE } from './embedded.ts';
import { type Sample, sampleSince, timed } from './measure.ts';
import { casesOf } from './sprites/cases.ts';
import { changeColour } from './sprites/tasks/change-colour.ts';
import { World } from './sprites/world.ts';

/** The measured process of edit.ts. Arguments: the method, how many clicks. Threads and settings are a user's. */
const [method = '', clicks] = process.argv.slice(2);
const engine = openEngine({
  runtime: createOnnxRuntime(),
  families,
  places: { embedded: EMBEDDED },
  version: 'bench',
  clock: () => performance.now(),
});
await tell('open');

const world = await World.open();
const [edit] = casesOf(world, changeColour, 'seen', 1).take(1);
if (edit?.source === undefined) throw new Error('there is no case');
const base = { method, checkpoint: EMBEDDED_IMAGE, prompt: edit.to[0] ?? '', seed: edit.seed } as const;
const [request, media]: [EditRequest, RunMedia] =
  method === 'generate' ? [base, {}] : [{ ...base, sourcePrompt: edit.from }, { source: world.render(edit.source) }];

for (let click = 0; click < Number(clicks); click += 1) {
  const start = performance.now();
  const cpuStart = cpuUsage();
  let firstPreview: Sample | undefined;
  const { wall, cpu } = await timed(() =>
    engine.run(request, media, {
      previews: true,
      onEvent: ({ kind }) => {
        if (kind === 'preview') firstPreview ??= sampleSince(start, cpuStart);
      },
    }),
  );
  await tell({ firstPreview, end: { wall, cpu } });
}
await engine.close();
process.disconnect();
