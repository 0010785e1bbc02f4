import { join } from 'node:path';
import { openEngine } from '../../engine/index.ts';
import * as families from '../../models/registry.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { Judge } from './judge.ts';
import type { ProgressBar } from './progress.ts';
import { Readers } from './readers.ts';
import type { Bench } from './run.ts';
import { SecondJudge } from './secondjudge.ts';
import { hashFiles, Store } from './store.ts';
import { World } from './world.ts';

export interface BenchPlaces {
  /** Folder of the models that ship. */
  readonly embedded: string;
  /** Folder of the results. */
  readonly out: string;
  readonly seed: number;
  readonly fresh: boolean;
  readonly progress: ProgressBar;
}

/** Files of the checkpoint that decide a picture; the world and the second judge decide its marks. */
const DECISIVE = [
  'attune.json',
  'transformer/diffusion_pytorch_model.safetensors',
  'text_encoder/model.safetensors',
  'vae/diffusion_pytorch_model.safetensors',
];

/** The engine, the world, both judges and what earlier runs left. */
export async function openBench({
  embedded,
  out,
  seed,
  fresh,
  progress,
}: BenchPlaces): Promise<Bench & { close(): Promise<void> }> {
  const checkpoint = DECISIVE.map((name) => join(embedded, 'image', name));
  const decisive = hashFiles([...checkpoint, ...World.files, SecondJudge.weights]);
  const store = Store.open(join(out, 'results.jsonl'), `${decisive} seed ${seed}`, fresh);
  // One thread: the order of sums, and with it the last bits of a picture, does not depend on the machine's cores.
  const runtime = createOnnxRuntime({ threads: 1 });
  const engine = openEngine({
    runtime,
    families,
    places: { embedded },
    version: 'bench',
    clock: () => performance.now(),
  });
  const world = await World.open();
  const second = await SecondJudge.open(runtime, world);
  return {
    engine,
    readers: new Readers(world, new Judge(world), second),
    store,
    progress,
    async close() {
      await second.close();
      await engine.close();
    },
  };
}
