import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EditRecord, MediaRef } from '../../contract/index.ts';
import { AttuneError, compareWhere, type Pixels, toMask, type VideoMedia } from '../../engine/index.ts';
import { readFileWithin } from '../../native/files.ts';
import { MAX_PICTURE_BYTES } from '../../native/picturefile.ts';
import type { Outcome } from '../command.ts';
import type { Host } from '../host.ts';
import { findFile, loadPicture } from '../media.ts';
import type { Values } from '../options.ts';
import { checkpointOf, differencesOfMaking } from '../redone.ts';
import { loadClip } from './clip.ts';
import { planVideoOutput } from './output.ts';
import { framesIn } from './pngsequence.ts';
import { runVideo } from './run.ts';

/** Runs the record of a video again and compares the frames of both files. Throws as `attune video`. */
export async function redoVideo(record: EditRecord, path: string, values: Values, host: Host): Promise<Outcome> {
  const plan = await planVideoOutput(values, host);
  const media = await mediaOf(record, path, values, host);
  const engine = await host.engine();
  const checkpoint = await checkpointOf(record, values, engine, host);
  const outcome = await runVideo({ request: { ...record.request, checkpoint }, media, plan }, values, host);
  const { frames, changed, largest } = compare(await framesOf(path, host), await framesOf(plan.path, host), path);
  return {
    ...outcome,
    figures: { ...outcome.figures, changedPixels: changed, largestDifference: largest },
    lines: [
      ...outcome.lines,
      changed === 0
        ? `the same pixels in all ${frames} frames`
        : `${changed} pixels of ${frames} frames differ, by at most ${largest} of 255`,
      ...(outcome.record === undefined ? [] : differencesOfMaking(record, outcome.record)),
    ],
  };
}

/** The clip and the mask that a record names. */
async function mediaOf({ request }: EditRecord, path: string, values: Values, host: Host): Promise<VideoMedia> {
  const find = (ref: MediaRef, option: 'source' | 'mask') =>
    findFile(ref, option, { given: values.text(option), besides: [join(dirname(path), ref.name), ref.name] }, host);
  const source = request.source && (await loadClip(await find(request.source, 'source'), host)).source;
  const mask = request.mask && toMask((await loadPicture(await find(request.mask, 'mask'), host)).pixels).mask;
  return { ...(source && { source }), ...(mask && { mask }) };
}

async function framesOf(path: string, host: Host): Promise<readonly Pixels[]> {
  if (!(await stat(path)).isDirectory()) return (await loadClip(path, host)).source.frames;
  const codec = await host.images();
  const frames: Pixels[] = [];
  for (const file of await framesIn(path))
    frames.push(await codec.decode(await readFileWithin(file, MAX_PICTURE_BYTES), file));
  return frames;
}

function compare(before: readonly Pixels[], after: readonly Pixels[], path: string) {
  let [changed, largest] = [0, 0];
  for (const [at, frame] of before.entries()) {
    const again = after[at];
    if (again === undefined || before.length !== after.length || again.data.length !== frame.data.length)
      throw new AttuneError('runtime-failed', `${path} and the redone video differ in size or length.`, { file: path });
    const found = compareWhere(frame, again);
    changed += found.changed;
    largest = Math.max(largest, found.largest);
  }
  return { frames: before.length, changed, largest };
}
