import { dirname, join } from 'node:path';
import type { EditRecord, MediaRef } from '../../contract/index.ts';
import { AttuneError, compareWhere, type PictureMetadata } from '../../engine/index.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { readMask } from '../edit.ts';
import type { Host } from '../host.ts';
import { findPicture, metadataOf, readInput } from '../media.ts';
import type { Values } from '../options.ts';
import { planOutput } from '../output.ts';
import { checkpointOf, differencesOfMaking } from '../redone.ts';
import { outcomeOf, runAndWrite } from '../run.ts';
import { aboutVideo } from '../video/about.ts';
import { redoVideo } from '../video/redo.ts';

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
    const video = path === '-' ? undefined : await aboutVideo(path, host.env);
    if (video !== undefined) return redoVideo(recordOf(video, path), path, values, host);
    const original = await readInput(path, host);
    const record = recordOf(metadataOf(original, path), path);
    // An animated WebP is a picture by its form alone.
    if (record.request.fps !== undefined) return redoVideo(record, path, values, host);
    const plan = await planOutput(values);
    const media = await findMedia(record, path, values, host);
    const engine = await host.engine();
    const checkpoint = await checkpointOf(record, values, engine, host);
    const ran = await runAndWrite({ request: { ...record.request, checkpoint }, media, plan }, values, host);

    const codec = await host.images();
    const before = await codec.decode(original, path);
    const after = await codec.decode(ran.written.picture, plan.path);
    const sameShape =
      before.width === after.width && before.height === after.height && before.channels === after.channels;
    if (!sameShape)
      throw new AttuneError('runtime-failed', `${path} and its redone picture differ in size.`, { file: path });
    const { changed, largest } = compareWhere(before, after);
    const isIdentical = Buffer.from(original).equals(ran.written.picture);
    const outcome = outcomeOf(ran);
    return {
      ...outcome,
      figures: {
        ...outcome.figures,
        identicalBytes: isIdentical ? 1 : 0,
        changedPixels: changed,
        largestDifference: largest,
      },
      lines: [
        ...outcome.lines,
        isIdentical
          ? 'the same bytes'
          : `${changed} pixels differ, by at most ${largest} of 255${changed === 0 ? '; the file around them differs' : ''}`,
        ...differencesOfMaking(record, ran.record),
      ],
    };
  },
};

function recordOf({ record, problems }: Pick<PictureMetadata, 'record' | 'problems'>, path: string): EditRecord {
  if (record !== undefined) return record;
  const why = problems.length > 0 ? problems.join(' ') : 'It carries no record of Attune.';
  throw new AttuneError('request-invalid', `${path} cannot be redone. ${why} "attune inspect" shows what it says.`, {
    file: path,
  });
}

async function findMedia({ request }: EditRecord, path: string, values: Values, host: Host) {
  const find = (ref: MediaRef, option: 'source' | 'mask') => {
    const besides = path === '-' ? [ref.name] : [join(dirname(path), ref.name), ref.name];
    return findPicture(ref, option, { given: values.text(option), besides }, host);
  };
  if (!request.source) return {};
  const source = (await find(request.source, 'source')).pixels;
  if (!request.mask) return { source };
  return { source, mask: readMask((await find(request.mask, 'mask')).pixels, source, host) };
}
