import { cpuUsage } from 'node:process';
import type { Figure } from './benchmark.ts';
import { ratios } from './statistics.ts';

/** Seconds that one run took. */
export interface Sample {
  readonly wall: number;
  /** Processor time of the whole process. */
  readonly cpu: number;
}

/** What has passed since both clocks were read. */
export function sampleSince(wallStart: number, cpuStart: NodeJS.CpuUsage): Sample {
  const { user, system } = cpuUsage(cpuStart);
  return { wall: (performance.now() - wallStart) / 1000, cpu: (user + system) / 1e6 };
}

export async function timed<T>(run: () => Promise<T>): Promise<Sample & { readonly result: T }> {
  const cpuStart = cpuUsage();
  const start = performance.now();
  const result = await run();
  return { result, ...sampleSince(start, cpuStart) };
}

export interface Contender {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

/**
 * Runs the contenders in turn, once unmeasured and then `rounds` times, so that whatever else the machine does meets them alike; every
 * other round goes backwards. Samples by name, one a round.
 */
export async function alternate(
  contenders: readonly Contender[],
  rounds: number,
): Promise<ReadonlyMap<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (const { run } of contenders) await run();
  for (let round = 0; round < rounds; round += 1)
    for (const { name, run } of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const { wall, cpu } = await timed(run);
      samples.get(name)?.push({ wall, cpu });
    }
  return samples;
}

/** The seconds of one contender. */
export function timeFigure(label: string, samples: readonly Sample[], bar?: Figure['bar']): Figure {
  const clocks = { values: samples.map(({ wall }) => wall), cpu: samples.map(({ cpu }) => cpu) };
  return { label, unit: 's', ...clocks, ...(bar === undefined ? {} : { bar }) };
}

/** How many times the base a contender took, round by round. */
export function ratioFigure(
  label: string,
  samples: readonly Sample[],
  base: readonly Sample[],
  bar?: Figure['bar'],
): Figure {
  const by = (clock: keyof Sample) =>
    ratios(
      samples.map((sample) => sample[clock]),
      base.map((sample) => sample[clock]),
    );
  return { label, unit: 'ratio', values: by('wall'), cpu: by('cpu'), ...(bar === undefined ? {} : { bar }) };
}
