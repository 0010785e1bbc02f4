import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EditRecord, MediaRef } from '../../contract/index.ts';
import {
  AttuneError,
  compareWhere,
  framesOfSource,
  type PictureMetadata,
  type Pixels,
  type RunMedia,
} from '../../engine/index.ts';
import { readFileWithin } from '../../native/files.ts';
import { MAX_PICTURE_BYTES } from '../../native/picturefile.ts';
import { aboutVideo } from '../about.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import type { Host } from '../host.ts';
import { findFile, loadPicture, metadataOf, readInput } from '../media.ts';
import type { Values } from '../options.ts';
import { planOutput } from '../output.ts';
import { checkpointOf, differencesOfMaking } from '../redone.ts';
import { outcomeOf, runAndWrite } from '../run.ts';
import { loadSource, partOf, readMask } from '../source.ts';
import { framesIn } from '../writers/pngsequence.ts';

export const redo: Command = {
  name: 'redo',
  summary: 'run the record in a picture or video again and say how far the result is',
  arguments: [
    {
      name: 'FILE',
      required: true,
      summary: 'a picture, film or folder of frames that Attune wrote; - is a picture from standard input',
    },
  ],
  options: [
    {
      name: 'output',
      short: 'o',
      type: 'text',
      value: 'OUT',
      summary: 'where it is written: a file of the same kind, or a folder for frames',
    },
    { name: 'source', type: 'text', value: 'FILE', summary: 'where the source is, if it was moved' },
    { name: 'mask', type: 'text', value: 'FILE', summary: 'where the mask is, if it was moved' },
    { name: 'model', short: 'm', type: 'text', value: 'REF', summary: 'where the checkpoint is, if it was moved' },
    { name: 'force', type: 'flag', summary: 'replace files that exist' },
    ...COMMON_OPTIONS,
  ],
  examples: ['attune redo out.png -o again.png'],
  async run(values, host) {
    const [path = '-'] = values.arguments;
    const { record, bytes } = await readOriginal(path, host);
    const plan = await planOutput(values, record.request.fps === undefined ? 'picture' : 'video', host);
    const [engine] = await Promise.all([host.engine(), host.compute()]);
    const { media, source } = await findMedia(record, path, values, host);
    const checkpoint = await checkpointOf(record, values, engine, host);
    const ran = await runAndWrite({ request: { ...record.request, checkpoint }, media, source, plan }, values, host);
    const { content } = ran;
    const before = bytes === undefined ? await framesOf(path, host) : [await decode(bytes, path, host)];
    const after = content === undefined ? await framesOf(plan.path, host) : [await decode(content, plan.path, host)];
    const { changed, largest } = compare(before, after, path);
    const isIdentical = bytes !== undefined && content !== undefined && Buffer.from(bytes).equals(content);
    const outcome = outcomeOf(ran);
    return {
      ...outcome,
      figures: {
        ...outcome.figures,
        ...(bytes === undefined ? {} : { identicalBytes: isIdentical ? 1 : 0 }),
        changedPixels: changed,
        largestDifference: largest,
      },
      lines: [
        ...outcome.lines,
        bytes === undefined
          ? frameSentence(before.length, changed, largest)
          : sentenceOf(isIdentical, changed, largest),
        ...differencesOfMaking(record, ran.record),
      ],
    };
  },
};

/** What a file says of its making; a picture's bytes too, which the new one is compared with. */
async function readOriginal(
  path: string,
  host: Host,
): Promise<{ readonly record: EditRecord; readonly bytes?: Uint8Array }> {
  const video = path === '-' ? undefined : await aboutVideo(path, host.env);
  if (video !== undefined) return { record: recordOf(video, path) };
  const bytes = await readInput(path, host);
  const record = recordOf(metadataOf(bytes, path), path);
  // An animated WebP is a picture by its form alone.
  return record.request.fps === undefined ? { record, bytes } : { record };
}

function recordOf({ record, problems }: Pick<PictureMetadata, 'record' | 'problems'>, path: string): EditRecord {
  if (record !== undefined) return record;
  const why = problems.length > 0 ? problems.join(' ') : 'It carries no record of Attune.';
  throw new AttuneError('request-invalid', `${path} cannot be redone. ${why} "attune inspect" shows what it says.`, {
    file: path,
  });
}

/** The source and the mask that a record names. */
async function findMedia({ request }: EditRecord, path: string, values: Values, host: Host) {
  const find = (ref: MediaRef, option: 'source' | 'mask') => {
    const besides = path === '-' ? [ref.name] : [join(dirname(path), ref.name), ref.name];
    return findFile(ref, option, { given: values.text(option), besides }, host);
  };
  const source =
    request.source && (await loadSource(await find(request.source, 'source'), host, { part: partOf(request) }));
  const mask = request.mask && (await loadPicture(await find(request.mask, 'mask'), host)).pixels;
  const media: RunMedia = {
    ...(source && { source: source.source }),
    ...(mask && { mask: readMask(mask, source?.source, host) }),
  };
  return { media, source };
}

const decode = async (bytes: Uint8Array, path: string, host: Host): Promise<Pixels> =>
  (await host.images()).decode(bytes, path);

/** The frames of a video: of a folder or of a file. */
async function framesOf(path: string, host: Host): Promise<readonly Pixels[]> {
  if ((await stat(path)).isDirectory()) {
    const frames: Pixels[] = [];
    for (const file of await framesIn(path))
      frames.push(await decode(await readFileWithin(file, MAX_PICTURE_BYTES), file, host));
    return frames;
  }
  const { source } = await loadSource(path, host);
  return framesOfSource(source);
}

function compare(before: readonly Pixels[], after: readonly Pixels[], path: string) {
  let [changed, largest] = [0, 0];
  for (const [at, frame] of before.entries()) {
    const again = after[at];
    const isAlike =
      again !== undefined &&
      before.length === after.length &&
      frame.width === again.width &&
      frame.height === again.height &&
      frame.channels === again.channels;
    if (!isAlike)
      throw new AttuneError('runtime-failed', `${path} and what was redone differ in size or length.`, { file: path });
    const found = compareWhere(frame, again);
    changed += found.changed;
    largest = Math.max(largest, found.largest);
  }
  return { changed, largest };
}

const frameSentence = (frames: number, changed: number, largest: number) =>
  changed === 0
    ? `the same pixels in all ${frames} frames`
    : `${changed} pixels of ${frames} frames differ, by at most ${largest} of 255`;

const sentenceOf = (isIdentical: boolean, changed: number, largest: number) =>
  isIdentical
    ? 'the same bytes'
    : `${changed} pixels differ, by at most ${largest} of 255${changed === 0 ? '; the file around them differs' : ''}`;
