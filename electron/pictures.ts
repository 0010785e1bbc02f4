import { readFile, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { MAX_MEDIA_BYTES, type OpenedPicture } from '../contract/index.ts';

/** What the editor opens; a name of another kind in a command line is none of ours. */
const KINDS: ReadonlySet<string> = new Set([
  '.png',
  '.jpg',
  '.jpeg',
  '.webp',
  '.avif',
  '.gif',
  '.tif',
  '.tiff',
  '.json',
]);

/** Pictures that wait for the editor at most: whoever opens a folder of thousands with Attune gets the first of them. */
const MAX_WAITING = 16;

/** The paths of pictures in a command line, also in one that Chromium has added its own switches to. */
export function picturesIn(argv: readonly string[], folder: string): string[] {
  return argv
    .filter((word) => !word.startsWith('-') && KINDS.has(extname(word).toLowerCase()))
    .map((word) => resolve(folder, word));
}

/** Pictures that the system gave to Attune, on their way to the editor, which may not be there yet. */
export interface Pictures {
  open(paths: readonly string[]): void;
  /** The editor listens from now on, or (undefined) no longer. */
  listen(send: ((picture: OpenedPicture) => void) | undefined): void;
}

/** @param onProblem told of a file that cannot be opened, with a sentence for the user */
export function openPictures(onProblem: (sentence: string) => void): Pictures {
  let waiting: string[] = [];
  let listener: ((picture: OpenedPicture) => void) | undefined;
  let isSending = false;
  // One after another: in the order they were given, and with one of them in memory.
  const flush = async () => {
    if (isSending) return;
    isSending = true;
    while (listener !== undefined) {
      const path = waiting.shift();
      if (path === undefined) break;
      const picture = await read(path).catch(() => undefined);
      if (picture === undefined)
        onProblem(`${basename(path)} could not be opened: choose a picture of at most 512 MB that you may read.`);
      else if (listener === undefined)
        waiting.unshift(path); // the page went away meanwhile
      else listener(picture);
    }
    isSending = false;
  };
  return {
    open(paths) {
      waiting = [...waiting, ...paths].slice(0, MAX_WAITING);
      void flush();
    },
    listen(send) {
      listener = send;
      void flush();
    },
  };
}

/** Undefined for what is no file, or a file that is too large. */
async function read(path: string): Promise<OpenedPicture | undefined> {
  const found = await stat(path);
  if (!found.isFile() || found.size > MAX_MEDIA_BYTES) return undefined;
  return { name: basename(path), bytes: new Uint8Array(await readFile(path)) };
}
