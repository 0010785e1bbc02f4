import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stageFile } from './files.ts';

/**
 * Remembers, on this machine only, where the pictures and checkpoints of past jobs lie. A record names them without their folders,
 * so that a shared picture tells nobody's home folder; `redo` still finds them through here. One small file per key, each
 * written atomically: processes side by side cannot harm each other.
 */
export interface KnownPlaces {
  /** Never fails: a place that cannot be remembered only means that it must be named again. */
  remember(key: string, path: string): Promise<void>;
  recall(key: string): Promise<string | undefined>;
}

const KEY = /^[0-9a-f]{64}$/;

/** @param folder the state folder; keys are lower-case SHA-256 values */
export function openKnownPlaces(folder: string): KnownPlaces {
  const fileOf = (key: string) => {
    if (!KEY.test(key)) throw new RangeError(`${key} is not a key`);
    return join(folder, 'places', key);
  };
  return {
    async remember(key, path) {
      const file = fileOf(key);
      try {
        const staged = await stageFile(file, Buffer.from(path), { replace: true });
        await staged.commit();
      } catch {
        // A full or read-only home must not fail an edit.
      }
    },
    async recall(key) {
      const file = fileOf(key);
      return readFile(file, 'utf8').catch(() => undefined);
    },
  };
}
