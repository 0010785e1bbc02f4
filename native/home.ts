import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';
import { AttuneError } from '../engine/base/errors.ts';

/**
 * The user's home folder. An empty or relative `HOME` would put it into the folder that one happens to be in, so the system's own answer
 * stands for it. Throws 'file-failed' where the system has none.
 */
export function homeOf({ HOME, USERPROFILE }: Readonly<Record<string, string | undefined>>): string {
  const given = process.platform === 'win32' ? USERPROFILE : HOME;
  if (given !== undefined && isAbsolute(given)) return given;
  try {
    return given === undefined ? homedir() : userInfo().homedir;
  } catch (cause) {
    // A container's user need not be known to the system.
    throw new AttuneError(
      'file-failed',
      'The home folder is not known; set HOME to a folder that you may write.',
      {},
      cause,
    );
  }
}
