import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import type { EditRecord } from '../../contract/index.ts';
import type { VideoResult } from '../../engine/index.ts';
import { readFileWithin, sha256Of, stageFile } from '../../native/files.ts';
import type { Output } from '../command.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Values } from '../options.ts';
import { checkEmpty, freshName } from '../output.ts';
import { checkSequence, frameName, framesIn, openSequence } from './pngsequence.ts';
import type { VideoWriter } from './writer.ts';

/** Where a video goes; checked before the run, so that nobody waits for frames that cannot be written. */
export interface VideoPlan {
  /** A folder for PNG frames. */
  readonly path: string;
  readonly mapsFolder?: string;
  readonly replace: boolean;
  readonly withRecord: boolean;
}

/** The file beside the frames that says how they were made. */
const RECORD = 'record.json';
/** No frame that an encoder here makes is larger. */
const MAX_FRAME_BYTES = 512 * 1024 * 1024;

export async function planVideoOutput(values: Values): Promise<VideoPlan> {
  const path = values.required('output', 'name the folder to write the frames into, e.g. -o out/clip');
  const replace = values.has('force');
  const mapsFolder = values.text('maps');
  refuseFormat(path);
  await checkSequence(path, { replace });
  if (mapsFolder !== undefined && resolve(mapsFolder) === resolve(path))
    throw new UsageError('--maps and -o name the same folder; give the maps one of their own.');
  if (mapsFolder !== undefined && !replace) await checkEmpty(mapsFolder);
  return { path, replace, withRecord: !values.has('no-metadata'), ...(mapsFolder !== undefined && { mapsFolder }) };
}

/** Opens what the ending of the path asks for. */
export async function openVideoWriter({ path, replace }: VideoPlan, host: Host): Promise<VideoWriter> {
  return openSequence(path, await host.images(), { replace });
}

/** What a file ending looks like; `v1.5` names a folder as well as anything. */
const ENDING = /^\.[a-z][a-z0-9]{1,4}$/i;

function refuseFormat(path: string): void {
  if (path === '-')
    throw new UsageError('A video is written as a folder of frames, which standard output cannot take.');
  const ending = extname(path);
  if (ENDING.test(ending))
    throw new UsageError(
      `"${ending}" is no form that videos are written in; give the name of a folder, which gets a PNG for each frame.`,
    );
}

/** Writes the record and the maps beside the frames, and tells of all. */
export async function writeBeside(result: VideoResult, plan: VideoPlan, host: Host): Promise<readonly Output[]> {
  const { size, frames, fps, record } = result;
  if (plan.withRecord) await writeRecord(record, plan);
  // That of an earlier video would speak of other frames.
  else await rm(join(plan.path, RECORD), { force: true });
  const video: Output = { kind: 'video', path: resolve(plan.path), ...size, frames, fps, ...(await weigh(plan.path)) };
  return [video, ...(plan.mapsFolder === undefined ? [] : await writeMaps(result, plan.mapsFolder, plan, host))];
}

async function writeRecord(record: EditRecord, { path, replace }: VideoPlan): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`);
  const file = await stageFile(join(path, RECORD), bytes, { replace });
  await file.commit();
}

/** Size and hash of a sequence: of its files one after the other. */
async function weigh(folder: string): Promise<Pick<Output, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const file of await framesIn(folder)) {
    const frame = await readFileWithin(file, MAX_FRAME_BYTES);
    hash.update(frame);
    bytes += frame.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** A folder for each word, with a picture for each latent frame. */
async function writeMaps(
  { maps }: Pick<VideoResult, 'maps'>,
  folder: string,
  { replace }: VideoPlan,
  host: Host,
): Promise<readonly Output[]> {
  const codec = await host.images();
  const outputs: Output[] = [];
  const taken = new Set<string>();
  const names = new Map<string, string>();
  let last = -1;
  let place = 0;
  for (const { word, frame, image } of maps) {
    place = frame === last ? place + 1 : 0;
    last = frame;
    // A prompt may say a word twice: its place in the prompt tells the two apart.
    const key = `${place} ${word}`;
    const name = names.get(key) ?? freshName(word, taken);
    names.set(key, name);
    const path = join(folder, name, frameName(frame));
    const bytes = await codec.encode(image, 'png');
    await (await stageFile(path, bytes, { replace })).commit();
    const { width, height } = image;
    outputs.push({
      kind: 'map',
      path: resolve(path),
      width,
      height,
      bytes: bytes.length,
      sha256: sha256Of(bytes),
      word,
    });
  }
  return outputs;
}
