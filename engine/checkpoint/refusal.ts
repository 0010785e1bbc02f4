import { AttuneError, type ErrorKind, type ErrorWhere } from '../base/errors.ts';

/**
 * An error about a checkpoint file: `<file>: <sentence>`, with the file in `where`. The sentence says what is wrong and
 * what to do about it.
 */
export function refusal(
  kind: ErrorKind,
  file: string,
  sentence: string,
  where: ErrorWhere = {},
  cause?: unknown,
): AttuneError {
  return new AttuneError(kind, `${file}: ${sentence}`, { file, ...where }, cause);
}

/** A 'checkpoint-malformed' error; every such file has the same way out. */
export function malformed(file: string, fault: string, where: ErrorWhere = {}, cause?: unknown): AttuneError {
  return refusal(
    'checkpoint-malformed',
    file,
    `${fault}. The file is damaged or was changed; download it again.`,
    where,
    cause,
  );
}

const LONGEST_QUOTE = 80;

/** A name out of a file, fit for a message: quoted, cut, and without characters that could drive a terminal. */
export function quote(name: string): string {
  const cut = name.length > LONGEST_QUOTE ? `${name.slice(0, LONGEST_QUOTE)}...` : name;
  return JSON.stringify(cut.replace(/\p{C}/gu, '?'));
}
