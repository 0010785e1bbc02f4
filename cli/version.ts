import { readFileSync } from 'node:fs';

/** The version that package.json states. */
export const VERSION = readVersion(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

function readVersion(manifest: string): string {
  const parsed: unknown = JSON.parse(manifest);
  const isManifest = typeof parsed === 'object' && parsed !== null && 'version' in parsed;
  if (!isManifest || typeof parsed.version !== 'string') throw new Error('package.json states no version');
  return parsed.version;
}
