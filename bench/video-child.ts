import { tmpdir } from 'node:os';
import { openEngine } from '../engine/index.ts';
import * as families from '../models/registry.ts';
import { createOnnxRuntime } from '../native/runtime.ts';
import { openDiskSpool } from '../native/spool.ts';
import { tell } from './child.ts';
import { EMBEDDED } from './embedded.ts';
import { timed } from './measure.ts';

/** The measured process of video.ts. Arguments: how many prompts, steps. Frames are counted and let go. */
const [prompts, steps] = process.argv.slice(2).map(Number);
const engine = openEngine({
  runtime: createOnnxRuntime(),
  families,
  places: { embedded: EMBEDDED },
  version: 'bench',
  clock: () => performance.now(),
  openSpool: () => openDiskSpool(tmpdir()),
});
await tell('open');

const WORDS = ['moving right', 'rising', 'moving left', 'falling', 'growing', 'standing still'];
const segments = Array.from({ length: prompts ?? 1 }, (_, at) => ({
  prompt: `a red apple ${WORDS[at % WORDS.length]}, on sand`,
}));
const request = { method: 'ditctrl', checkpoint: 'embedded/video', prompt: '', segments, seed: 7, steps: steps ?? 1 };
let frames = 0;
const { wall, cpu } = await timed(() => engine.run(request, {}, { onFrame: () => void frames++ }));
await tell({ frames, wall, cpu });
await engine.close();
process.disconnect();
