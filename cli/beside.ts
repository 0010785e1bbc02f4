import { join, resolve } from 'node:path';
import { type ImageCodec, type Pixels, type RunResult, throwIfCancelled } from '../engine/index.ts';
import { type StagedFile, stageFile } from '../native/files.ts';
import type { Output } from './command.ts';
import type { Host } from './host.ts';
import type { OutputPlan } from './output.ts';
import { frameName } from './writers/pngsequence.ts';
import { weighed } from './writers/writer.ts';

/** Files that lie beside a result and have no names yet. */
export interface Beside {
  readonly outputs: readonly Output[];
  readonly files: readonly StagedFile[];
}

type Shown = Pick<RunResult, 'maps' | 'masks' | 'fps'>;

/** One file of a folder of maps. */
interface Picture extends Pick<Output, 'kind' | 'word'> {
  readonly path: string;
  readonly image: Pixels;
}

/**
 * Maps and masks of a result: of a picture one file for each word, of a video a folder for each word with a file for each latent frame.
 * They get their names by `commit`. Throws 'file-failed', or 'cancelled', and then leaves none behind.
 */
export async function stageBeside(result: Shown, plan: OutputPlan, host: Host): Promise<Beside> {
  const { mapsFolder, replace } = plan;
  if (mapsFolder === undefined) return { outputs: [], files: [] };
  const codec: ImageCodec = await host.images();
  const outputs: Output[] = [];
  const files: StagedFile[] = [];
  try {
    for (const { path, image, ...about } of picturesOf(result, mapsFolder)) {
      const bytes = await codec.encode(image, 'png');
      files.push(await stageFile(path, bytes, { replace }));
      const { width, height } = image;
      outputs.push({ ...about, path: resolve(path), width, height, ...weighed(bytes) });
      throwIfCancelled(host.signal);
    }
  } catch (error) {
    await Promise.all(files.map((file) => file.discard()));
    throw error;
  }
  return { outputs, files };
}

function picturesOf({ maps, masks = [], fps }: Shown, folder: string): readonly Picture[] {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  const said = new Map<string, number>();
  const words = maps.map(({ word, frame, image }): Picture => {
    // A prompt may say a word twice: the second one has another name. The same word of the next prompt goes on in the first one's folder.
    const count = (said.get(`${frame} ${word}`) ?? 0) + 1;
    said.set(`${frame} ${word}`, count);
    const key = `${count} ${word}`;
    const name = names.get(key) ?? freshName(word, taken);
    names.set(key, name);
    const path = fps === undefined ? join(folder, `${name}.png`) : join(folder, name, frameName(frame));
    return { kind: 'map', word, path, image };
  });
  if (masks.length === 0) return words;
  const name = freshName('mask', taken);
  const areas = masks.map((image, frame): Picture => {
    const path = masks.length === 1 ? join(folder, `${name}.png`) : join(folder, name, frameName(frame));
    return { kind: 'mask', path, image };
  });
  return [...words, ...areas];
}

const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/** A file name for a word on any platform, not taken yet. */
function freshName(word: string, taken: Set<string>): string {
  const safe = word
    .replace(/[\\/:*?"<>|\p{Cc}]/gu, '')
    .replace(/[. ]+$/u, '')
    .trim();
  const stem = safe === '' || DEVICES.test(safe) ? `word-${safe}` : safe.slice(0, 40);
  let name = stem;
  for (let count = 2; taken.has(name.toLowerCase()); count++) name = `${stem}-${count}`;
  taken.add(name.toLowerCase());
  return name;
}
