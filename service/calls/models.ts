import { AttuneError } from '../../engine/index.ts';
import type { Handlers } from '../../transport/index.ts';
import type { Context } from '../context.ts';
import { foldersWith, foldersWithout } from '../folders.ts';

type Names =
  | 'models.list'
  | 'models.check'
  | 'models.addFolder'
  | 'models.removeFolder'
  | 'settings.set'
  | 'providers.measure';

/** Calls about checkpoints, settings and what computes. */
export function modelCalls(context: Context): Pick<Handlers, Names> {
  const { models, settings, keeper, emit, takeGrant } = context;
  const change = async (next: Parameters<typeof settings.set>[0]) => {
    const value = await settings.set(next);
    keeper.update();
    emit({ kind: 'settings', settings: value });
    return value;
  };
  const changeFolders = async (modelFolders: string[]) => {
    await change({ modelFolders });
    const listed = models.list();
    emit({ kind: 'models', models: listed });
    return { models: listed };
  };
  return {
    'models.list': () => ({ models: models.list() }),
    'models.check': ({ ref }) => models.check(ref),
    'models.addFolder': ({ grant }) => changeFolders(foldersWith(settings.value.modelFolders, takeGrant(grant))),
    'models.removeFolder': ({ ref }) =>
      changeFolders(foldersWithout(settings.value.modelFolders, models.entry(ref).folder)),
    async 'settings.set'({ settings: asked }) {
      if (asked.provider !== undefined) await checkProvider(asked.provider);
      return { settings: await change(asked) };
    },
    'providers.measure': async () => ({ providers: [...(await keeper.measure())] }),
  };
}

/** Throws 'request-invalid' for a provider that jobs cannot run on. */
async function checkProvider(name: string): Promise<void> {
  // Only asked what there is; the library is not needed otherwise in this process.
  const { listProviders } = await import('../../native/providers.ts');
  const usable = listProviders().filter((provider) => provider.usable);
  if (usable.some((provider) => provider.name === name)) return;
  throw new AttuneError(
    'request-invalid',
    `The provider "${name}" cannot be used here; choose one of: ${usable.map((provider) => provider.name).join(', ')}.`,
    { field: 'provider' },
  );
}
