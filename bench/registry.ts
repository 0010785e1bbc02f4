import type { Benchmark } from './benchmark.ts';
import { hooks } from './hooks.ts';

/** Every benchmark; adding one is a file and a line. */
export const benchmarks: readonly Benchmark[] = [hooks];
