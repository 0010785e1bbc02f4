import { readdir } from 'node:fs/promises';
import { extname, join, parse, resolve } from 'node:path';
import type { EditRecord } from '../contract/index.ts';
import { AttuneError, type ImageFormat, type Pixels, throwIfCancelled, writeMetadata } from '../engine/index.ts';
import { checkTarget, type StagedFile, sha256Of, stageFile } from '../native/files.ts';
import { FORMAT_OF_ENDING } from '../native/picturefile.ts';
import type { Output } from './command.ts';
import { UsageError } from './errors.ts';
import type { Host } from './host.ts';
import type { Values } from './options.ts';
import { didYouMean } from './suggest.ts';

/** Where the results of a run go; checked before the run, so that nobody waits for a picture that cannot be written. */
export interface OutputPlan {
  /** `-` is standard output. */
  readonly path: string;
  readonly format: ImageFormat;
  readonly mapsFolder?: string;
  readonly replace: boolean;
  readonly withMetadata: boolean;
}

export async function planOutput(values: Values): Promise<OutputPlan> {
  const path = values.required('output', 'name the file to write, e.g. -o out.png, or - for standard output');
  const replace = values.has('force');
  const mapsFolder = values.text('maps');
  const format = formatOf(path);
  if (path === '-' && values.has('json')) {
    throw new UsageError('--json and -o - both want standard output; give the picture a file name.');
  }
  if (path !== '-') await checkTarget(path, replace);
  if (mapsFolder !== undefined && !replace) await checkEmpty(mapsFolder);
  return {
    path,
    format,
    replace,
    withMetadata: !values.has('no-metadata'),
    ...(mapsFolder !== undefined && { mapsFolder }),
  };
}

function formatOf(path: string): ImageFormat {
  if (path === '-') return 'png';
  const extension = extname(path).toLowerCase();
  const format = FORMAT_OF_ENDING[extension];
  if (format) return format;
  const known = Object.keys(FORMAT_OF_ENDING);
  const what =
    extension === ''
      ? 'The output needs an ending that names its format'
      : `"${extension}" is no format that is written`;
  throw new UsageError(`${what}: ${known.join(', ')}.${extension === '' ? '' : didYouMean(extension, known)}`);
}

/** Throws 'file-failed' for a folder for maps that holds something. */
export async function checkEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new AttuneError('file-failed', `${folder} cannot be used as a folder for maps.`, { file: folder }, error);
  });
  if (entries.length === 0) return;
  throw new AttuneError(
    'file-failed',
    `${folder} is not empty; choose another folder, or add --force to write into it.`,
    {
      file: folder,
    },
  );
}

export interface Results {
  readonly images: readonly Pixels[];
  readonly maps: readonly { readonly word: string; readonly image: Pixels }[];
  readonly mask?: Pixels;
  readonly record: EditRecord;
}

export interface Written {
  readonly outputs: readonly Output[];
  /** Bytes of the first picture as written. */
  readonly picture: Uint8Array;
  /** Sentences about what could not be kept. */
  readonly notices: readonly string[];
}

/** Encodes and writes everything; all files get their names at the very end, and none does when the run was cancelled. */
export async function writeResults(results: Results, plan: OutputPlan, host: Host): Promise<Written> {
  const codec = await host.images();
  const notices: string[] = [];
  const files: { readonly bytes: Uint8Array; readonly output: Output }[] = [];
  const add = (bytes: Uint8Array, { width, height }: Pixels, about: Pick<Output, 'kind' | 'path' | 'word'>) => {
    files.push({ bytes, output: { ...about, width, height, bytes: bytes.length, sha256: sha256Of(bytes) } });
  };
  for (const [index, image] of results.images.entries()) {
    const encoded = await codec.encode(image, plan.format);
    const written = plan.withMetadata ? writeMetadata(encoded, plan.format, results.record) : undefined;
    notices.push(...(written?.notices ?? []));
    add(written?.bytes ?? encoded, image, { kind: 'image', path: numbered(plan.path, index) });
  }
  if (plan.mapsFolder !== undefined) {
    const names = new Set<string>();
    for (const { word, image } of results.maps) {
      const path = join(plan.mapsFolder, `${freshName(word, names)}.png`);
      add(await codec.encode(image, 'png'), image, { kind: 'map', path, word });
    }
    if (results.mask) {
      const path = join(plan.mapsFolder, `${freshName('mask', names)}.png`);
      add(await codec.encode(results.mask, 'png'), results.mask, { kind: 'mask', path });
    }
  }
  await commitTogether(files, plan.replace, host);
  return {
    outputs: files.map(({ output }) => (output.path === '-' ? output : { ...output, path: resolve(output.path) })),
    picture: files[0]?.bytes ?? new Uint8Array(0),
    notices: [...new Set(notices)],
  };
}

/** Encodes and writes one picture that is no result of a run, such as a mask. */
export async function writePicture(
  picture: Pixels,
  about: Pick<Output, 'kind' | 'word'>,
  { path, format, replace }: Pick<OutputPlan, 'path' | 'format' | 'replace'>,
  host: Host,
): Promise<Output> {
  const bytes = await (await host.images()).encode(picture, format);
  const { width, height } = picture;
  const output = { ...about, path, width, height, bytes: bytes.length, sha256: sha256Of(bytes) };
  await commitTogether([{ bytes, output }], replace, host);
  return path === '-' ? output : { ...output, path: resolve(path) };
}

async function commitTogether(
  files: readonly { readonly bytes: Uint8Array; readonly output: Output }[],
  replace: boolean,
  host: Host,
): Promise<void> {
  const staged: StagedFile[] = [];
  try {
    for (const { bytes, output } of files) {
      if (output.path !== '-') staged.push(await stageFile(output.path, bytes, { replace }));
      throwIfCancelled(host.signal);
    }
    for (const file of staged) await file.commit();
  } finally {
    await Promise.all(staged.map((file) => file.discard()));
  }
  for (const { bytes, output } of files) if (output.path === '-') await host.writeOut(bytes);
}

/** `out.png`, `out-2.png`, `out-3.png` */
function numbered(path: string, index: number): string {
  if (index === 0 || path === '-') return path;
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-${index + 1}${ext}`);
}

const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/** A file name for a word on any platform, not taken yet. */
export function freshName(word: string, taken: Set<string>): string {
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
