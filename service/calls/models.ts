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
  const { models, settings, supervisor, emit, takeGrant } = context;
  const change = async (next: Parameters<typeof settings.set>[0]) => {
    const value = await settings.set(next);
    supervisor.update();
    emit({ kind: 'settings', settings: value });
    return value;
  };
  /** Throws 'request-invalid' for a provider that jobs cannot run on. */
  const checkProvider = async (name: string) => {
    if (name === 'cpu') return;
    const figures = await supervisor.measure();
    const figure = figures.find((known) => known.name === name);
    if (figure?.isUsable) return;
    const usable = figures.filter(({ isUsable }) => isUsable).map((known) => known.name);
    throw new AttuneError(
      'request-invalid',
      figure?.note ?? `There is no provider "${name}"; choose one of: ${usable.join(', ')}.`,
      { field: 'provider' },
    );
  };
  const changeFolders = async (modelFolders: string[]) => {
    await change({ modelFolders });
    const listed = models.list();
    emit({ kind: 'models', ...listed });
    return listed;
  };
  return {
    async 'models.list'() {
      await settings.reload();
      supervisor.update();
      return models.list();
    },
    'models.check': ({ ref }) => models.check(ref),
    'models.addFolder': ({ grant }) => changeFolders(foldersWith(settings.value.modelFolders, takeGrant(grant))),
    'models.removeFolder': ({ ref }) => {
      const isLost = models.list().lostFolders.some(({ folder }) => folder === ref);
      return changeFolders(foldersWithout(settings.value.modelFolders, isLost ? ref : models.entry(ref).folder));
    },
    async 'settings.set'({ settings: asked }) {
      if (asked.provider !== undefined && asked.provider !== settings.value.provider)
        await checkProvider(asked.provider);
      // What was not asked for stays.
      const entries = Object.entries(asked).filter(([, value]) => value !== undefined);
      return { settings: await change(Object.fromEntries(entries)) };
    },
    'providers.measure': async () => ({ providers: [...(await supervisor.measure())] }),
  };
}
