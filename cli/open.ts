import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../engine/index.ts';
import { VERSION } from './version.ts';

/** Joins engine, network families and runtime. Loaded when first needed: the help must not wait for them. */
export async function openLocalEngine(env: Readonly<Record<string, string | undefined>>): Promise<Engine> {
  const [{ hfCacheFolder, openEngine }, families, { createOnnxRuntime }, { availableMemory }] = await Promise.all([
    import('../engine/index.ts'),
    import('../models/registry.ts'),
    import('../native/runtime.ts'),
    import('../native/available.ts'),
  ]);
  return openEngine({
    runtime: createOnnxRuntime(),
    families,
    places: { embedded: EMBEDDED, hubCache: hfCacheFolder(env, homedir()) },
    version: VERSION,
    clock: () => performance.now(),
    availableBytes: availableMemory,
  });
}

const EMBEDDED = fileURLToPath(new URL('../models/embedded', import.meta.url));
