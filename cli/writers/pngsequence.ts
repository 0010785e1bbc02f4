import { readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { EditRecord } from '../../contract/index.ts';
import { AttuneError, type ImageCodec } from '../../engine/index.ts';
import { checkTarget, naming, type StagedFile, stageFile } from '../../native/files.ts';
import { type FrameWriter, weighedFiles } from './writer.ts';

/** Frames are counted from 1 and padded with zeros, as `ffmpeg -i %06d.png` and film programs read them. */
const DIGITS = 6;
const FRAME = /^\d{6}\.png$/;

export const frameName = (index: number): string => `${String(index + 1).padStart(DIGITS, '0')}.png`;

/** The file beside the frames that says how they were made. */
export const RECORD = 'record.json';

export interface SequenceOptions {
  /** Whether an earlier video in the folder may be replaced. Other files stay as they are. */
  readonly replace: boolean;
}

/**
 * Throws 'file-failed' unless the folder can take a video: for checking before a job runs. It may exist if it is empty; with `replace` it
 * may hold anything.
 */
export async function checkSequence(folder: string, { replace }: SequenceOptions): Promise<void> {
  const entries = await entriesOf(folder);
  if (entries !== undefined && entries.length > 0 && !replace)
    throw new AttuneError(
      'file-failed',
      `${folder} is not empty; choose another folder, or add --force to replace the frames in it.`,
      { file: folder },
    );
  await checkTarget(join(folder, frameName(0)), replace);
  if (entries === undefined) await removeIfEmpty(folder);
}

/**
 * A folder with a PNG for each frame, `000001.png`, `000002.png`, ... Every frame waits under another name until the last one is there;
 * what an earlier, longer video left is removed then.
 */
export async function openSequence(
  folder: string,
  codec: Pick<ImageCodec, 'encode'>,
  options: SequenceOptions,
): Promise<FrameWriter> {
  await checkSequence(folder, options);
  const isNew = (await entriesOf(folder)) === undefined;
  const staged: StagedFile[] = [];
  return {
    begin() {},
    async write(frame) {
      const path = join(folder, frameName(staged.length));
      staged.push(await stageFile(path, await codec.encode(frame, 'png'), options));
    },
    async finish(record) {
      const last = frameName(staged.length - 1);
      if (record !== undefined) staged.push(await stageFile(join(folder, RECORD), jsonOf(record), options));
      for (const file of staged) await file.commit();
      for (const name of (await entriesOf(folder)) ?? []) {
        const isOld = (FRAME.test(name) && name > last) || (name === RECORD && record === undefined);
        if (isOld) await naming(join(folder, name), () => unlink(join(folder, name)));
      }
      return { ...(await weighedFiles(await framesIn(folder))), notices: [] };
    },
    async abort() {
      await Promise.all(staged.map((file) => file.discard()));
      if (isNew) await removeIfEmpty(folder);
    },
  };
}

const jsonOf = (record: EditRecord) => new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`);

/** The frames of a sequence in their order, as real paths. */
export async function framesIn(folder: string): Promise<readonly string[]> {
  return ((await entriesOf(folder)) ?? [])
    .filter((name) => FRAME.test(name))
    .sort()
    .map((name) => resolve(folder, name));
}

/** Undefined for a folder that does not exist. */
async function entriesOf(folder: string): Promise<readonly string[] | undefined> {
  const status = await stat(folder).catch(() => undefined);
  if (status === undefined) return undefined;
  if (status.isDirectory()) return naming(folder, () => readdir(folder));
  throw new AttuneError('file-failed', `${folder} is a file; give the name of a folder for the frames.`, {
    file: folder,
  });
}

/** A folder that was made for nothing goes away again; one that holds something stays. */
async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined);
}
