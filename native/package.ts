import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Attune's own folder and what ships in it, wherever this code runs from: the repository, `dist/lib` of the npm package, or a bundle. */

/** The nearest folder with a package.json. */
export const ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)));

/** The checkpoints that ship with Attune. */
export const EMBEDDED = join(ROOT, 'models', 'embedded');

/** The upscaler that ships with Attune. */
export const UPSCALER = join(ROOT, 'models', 'upscalers', 'realesr-animevideov3-x4.safetensors');

/** A picture to begin with. */
export const SAMPLE = join(ROOT, 'cli', 'sample', 'scene.png');

/** The version that package.json states. */
export const VERSION = readVersion(readFileSync(join(ROOT, 'package.json'), 'utf8'));

function rootAbove(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json in ${start} or above it`);
  }
}

function readVersion(manifest: string): string {
  const parsed: unknown = JSON.parse(manifest);
  const isManifest = typeof parsed === 'object' && parsed !== null && 'version' in parsed;
  if (!isManifest || typeof parsed.version !== 'string') throw new Error('package.json states no version');
  return parsed.version;
}
