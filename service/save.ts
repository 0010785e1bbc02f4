import { basename } from 'node:path';
import { stageFile } from '../native/files.ts';
import type { Exported } from './export.ts';

/** Writes a file where the user said in a dialog, which has asked whether to replace. Throws 'file-failed'. */
export async function saveExport(
  { bytes, notices }: Exported,
  path: string,
): Promise<{ readonly name: string; readonly notices: string[] }> {
  return { ...(await saveStream(bytes, path)), notices };
}

/** The same for what is made while it is written. Throws 'file-failed', and what the stream throws. */
export async function saveStream(
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  path: string,
): Promise<{ readonly name: string }> {
  const staged = await stageFile(path, bytes, { replace: true });
  try {
    await staged.commit();
  } finally {
    await staged.discard();
  }
  return { name: basename(path) };
}
