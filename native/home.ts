import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';

/**
 * The user's home folder. An empty or relative `HOME` would put it into the folder that one happens to be in, so the system's own answer
 * stands for it.
 */
export function homeOf({ HOME, USERPROFILE }: Readonly<Record<string, string | undefined>>): string {
  const given = process.platform === 'win32' ? USERPROFILE : HOME;
  if (given !== undefined && isAbsolute(given)) return given;
  return given === undefined ? homedir() : userInfo().homedir;
}
