import { createReadStream, type ReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeZip } from 'client-zip';

/** The files of a batch as one ZIP, which is made while it is read: of whatever size, some hundred kilobytes of it are held. */
export interface Archive {
  readonly name: string;
  readonly stream: ReadableStream<Uint8Array>;
}

/** All files and manifests of a batch's folder as a ZIP of that name; what is being written at the time is left out. */
export async function archiveOf(folder: string, name: string): Promise<Archive> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.attune-') && entry.name !== 'batch.jsonl')
    .map((entry) => join(entry.parentPath, entry.name));
  return { name, stream: ReadableStream.from(partsOf(paths, folder)) };
}

async function* partsOf(paths: readonly string[], folder: string) {
  let file: ReadStream | undefined;
  async function* files() {
    for (const path of paths) {
      const { mtime, size } = await stat(path);
      file = createReadStream(path);
      yield { name: path.slice(folder.length + 1).replaceAll('\\', '/'), lastModified: mtime, size, input: file };
    }
  }
  try {
    yield* makeZip(files());
  } finally {
    // A reader that has gone leaves the file that was being read.
    file?.destroy();
  }
}
