import { AttuneError } from '../../engine/index.ts';

/** Result codes of SQLite, https://sqlite.org/rescode.html; the low byte is the kind. */
const SENTENCES: Readonly<Record<number, string>> = {
  5: 'is in use by another program; close that, then try again',
  6: 'is in use by another program; close that, then try again',
  8: 'may not be written: the disk is read-only or the file is not yours; check its permissions',
  10: 'cannot be used: the disk reports an error; check the disk and what else is on it',
  13: 'cannot be written: the disk is full; make room, nothing that was stored is lost',
  14: 'cannot be opened: the disk is read-only or the folder is not yours; check its permissions',
};
const DAMAGED = new Set([11, 26]);

/** The kind of a failure of SQLite; undefined for any other error. */
export function codeOfStore(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

export const isDamage = (error: unknown): boolean => DAMAGED.has(codeOfStore(error) ?? 0);

/** What became of the file `file` as an error 'file-failed' with a sentence; what is no failure of the file is returned as it is. */
export function storeFailure(file: string, error: unknown): unknown {
  const code = codeOfStore(error);
  if (code === undefined) return error;
  const sentence = DAMAGED.has(code)
    ? 'is damaged; start Attune again, and what can be read is put into a new one'
    : SENTENCES[code];
  return sentence === undefined ? error : new AttuneError('file-failed', `${file} ${sentence}.`, { file }, error);
}
