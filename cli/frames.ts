import { resolve } from 'node:path';
import { type Pixels, throwIfCancelled } from '../engine/index.ts';
import type { Output } from './command.ts';
import type { Host } from './host.ts';
import type { Kept } from './kept.ts';
import { type OutputPlan, openWriter } from './output.ts';

/** Frames that are made or known one after the other. */
export interface FrameSource {
  readonly count: number;
  /** Frames a second; absent for a picture. */
  readonly fps?: number;
  /** All have one size. */
  at(frame: number): Pixels | Promise<Pixels>;
}

/** What was written, and sentences about what could not be. */
export interface WrittenFrames {
  readonly output: Omit<Output, 'kind'>;
  readonly notices: readonly string[];
}

/** Writes frames that no record tells of; none of the files is there before all are. Throws as their source and their writer. */
export async function writeFrames(
  { count, fps, at }: FrameSource,
  kept: Pick<Kept, 'seconds' | 'sound'>,
  plan: OutputPlan,
  host: Host,
): Promise<WrittenFrames> {
  const rate = fps === undefined ? {} : { fps };
  const writer = await openWriter(plan, kept, host);
  try {
    const first = await at(0);
    const { width, height } = first;
    writer.begin({ size: { width, height }, frames: count, ...rate });
    for (let frame = 0; frame < count; frame++) await writer.write(frame === 0 ? first : await at(frame));
    throwIfCancelled(host.signal);
    const { bytes, sha256, notices } = await writer.finish(undefined);
    const path = plan.path === '-' ? '-' : resolve(plan.path);
    const length = fps === undefined ? {} : { frames: count, fps };
    return { output: { path, width, height, bytes, sha256, ...length }, notices };
  } finally {
    await writer.abort();
  }
}
