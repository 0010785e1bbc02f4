import { batch } from './batch.ts';
import type { Benchmark } from './benchmark.ts';
import { edit } from './edit.ts';
import { editor } from './editor.ts';
import { hooks } from './hooks.ts';
import { loading } from './loading.ts';
import { queue } from './queue.ts';
import { select } from './select.ts';
import { sessions } from './sessions.ts';
import { soak } from './soak.ts';
import { stop } from './stop.ts';
import { tiled } from './tiled.ts';
import { torch } from './torch.ts';
import { video } from './video.ts';

/** Every benchmark; adding one is a file and a line. */
export const benchmarks: readonly Benchmark[] = [
  hooks,
  loading,
  edit,
  editor,
  batch,
  queue,
  select,
  sessions,
  soak,
  stop,
  tiled,
  torch,
  video,
];
