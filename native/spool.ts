import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AttuneError } from '../engine/base/errors.ts';
import type { FrameSpool } from '../engine/ports.ts';
import { makeFolder, naming } from './files.ts';

/**
 * A spool in one file that has no name: it is unlinked as soon as it is open, so that nothing is left behind however this process ends.
 * Throws 'file-failed' with a sentence where `folder` cannot be written or the disk is full; it is made as needed.
 */
export async function openDiskSpool(folder: string): Promise<FrameSpool> {
  const path = join(folder, `spool-${process.pid}-${crypto.randomUUID()}`);
  await makeFolder(folder);
  const file = await naming(path, async () => {
    const opened = await open(path, 'wx+', 0o600);
    await unlink(path);
    return opened;
  });
  const pieces = new Map<string, { readonly at: number; readonly length: number }>();
  let end = 0;
  const read = async (key: string) => {
    const piece = pieces.get(key);
    if (piece === undefined) throw new RangeError(`nothing waits as ${key}`);
    const data = new Uint8Array(piece.length);
    await naming(path, async () => {
      for (let done = 0; done < data.length; ) {
        const { bytesRead } = await file.read(data, done, data.length - done, piece.at + done);
        if (bytesRead === 0) throw new AttuneError('file-failed', `${path} ends too soon.`, { file: path });
        done += bytesRead;
      }
    });
    return data;
  };
  return {
    put: (key, data) =>
      naming(path, async () => {
        // A piece that is written anew at every step must not make the file longer.
        const before = pieces.get(key);
        const at = before?.length === data.length ? before.at : end;
        if (at === end) end += data.length;
        for (let done = 0; done < data.length; )
          done += (await file.write(data, done, data.length - done, at + done)).bytesWritten;
        pieces.set(key, { at, length: data.length });
      }),
    read,
    async take(key) {
      const data = await read(key);
      pieces.delete(key);
      return data;
    },
    close: () => file.close(),
  };
}
