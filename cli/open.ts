import type { Engine } from '../engine/index.ts';
import type { Folders } from '../native/folders.ts';
import { homeOf } from '../native/home.ts';
import { EMBEDDED, VERSION } from '../native/package.ts';

/**
 * The engine of this process, with the folders and the provider of the user's settings. Loaded when first needed: the help must not wait
 * for it.
 */
export async function openCliEngine(
  env: Readonly<Record<string, string | undefined>>,
  folders: Folders,
): Promise<Engine> {
  const [{ openLocalEngine, placesOf }, { openSettings }, { openRuntime }, { providerProbe }] = await Promise.all([
    import('../service/open-engine.ts'),
    import('../service/store/settings.ts'),
    import('../native/measure.ts'),
    import('../models/probe.ts'),
  ]);
  const { provider, modelFolders } = (await openSettings(folders.settings)).value;
  return openLocalEngine({
    places: placesOf({ embedded: EMBEDDED, env, home: homeOf(env), folders: modelFolders }),
    version: VERSION,
    runtime: await openRuntime(providerProbe, { provider }),
    scratch: folders.cache,
  });
}
