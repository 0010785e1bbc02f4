import { createRequire } from 'node:module';
import type Sharp from 'sharp';
import { AttuneError } from '../engine/base/errors.ts';
import { missingPart } from './parts.ts';

let loaded: typeof Sharp | undefined;

/** sharp, loaded when pictures are first needed: help and doctor must work without it. Throws 'runtime-failed' where it cannot be loaded. */
export function sharp(): typeof Sharp {
  if (loaded !== undefined) return loaded;
  try {
    loaded = createRequire(import.meta.url)('sharp') as typeof Sharp; // what the package is
  } catch (cause) {
    throw new AttuneError(
      'runtime-failed',
      missingPart(cause) ?? `sharp cannot be loaded (${String(cause)}).`,
      {},
      cause,
    );
  }
  // Its cache keeps decoded files by name; ours are read once, and a changed file must never come from a cache.
  loaded.cache(false);
  return loaded;
}
