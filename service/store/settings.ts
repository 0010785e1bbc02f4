import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Settings } from '../../contract/index.ts';
import { AttuneError } from '../../engine/index.ts';
import { stageFile } from '../../native/files.ts';

const DEFAULT_SETTINGS: Settings = {
  provider: 'cpu',
  isOffline: false,
  withMetadata: true,
  theme: 'system',
  language: 'en',
  modelFolders: [],
};

/** The settings of this user, shared by the desktop application, `serve` and the command line. */
export interface SettingsStore {
  readonly value: Settings;
  /** A sentence where the file could not be read and was put aside. */
  readonly notice?: string;
  /** Written, then in force. What another process changed meanwhile stays. Throws 'file-failed'. */
  set(change: Partial<Settings>): Promise<Settings>;
  /** Takes in what another process changed: `attune models add` beside an open editor. */
  reload(): Promise<Settings>;
}

/** Opens `settings.json` in a folder. A file that cannot be read is kept beside it as `.broken` and told of, never overwritten. */
export async function openSettings(folder: string): Promise<SettingsStore> {
  const file = join(folder, 'settings.json');
  const read = await readSettings(file);
  let value = read.settings;
  return {
    get value() {
      return value;
    },
    ...(read.notice === undefined ? {} : { notice: read.notice }),
    async reload() {
      value = (await readSettings(file)).settings;
      return value;
    },
    async set(change) {
      const next = Settings.parse({ ...(await readSettings(file)).settings, ...change });
      const staged = await stageFile(file, new TextEncoder().encode(`${JSON.stringify(next, null, 2)}\n`), {
        replace: true,
      });
      await staged.commit();
      value = next;
      return next;
    },
  };
}

async function readSettings(file: string): Promise<{ readonly settings: Settings; readonly notice?: string }> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return { settings: DEFAULT_SETTINGS };
    throw new AttuneError('file-failed', `${file} cannot be read; check who may read it.`, { file }, cause);
  }
  const fault = (() => {
    try {
      // What a later version adds is not known here, and what an earlier one lacks has its default.
      const given: unknown = JSON.parse(text);
      if (typeof given !== 'object' || given === null || Array.isArray(given)) return 'it holds no JSON object';
      const known = Object.entries(given).filter(([key]) => Object.hasOwn(DEFAULT_SETTINGS, key));
      const settings = Settings.safeParse({ ...DEFAULT_SETTINGS, ...Object.fromEntries(known) });
      if (settings.success) return settings.data;
      const [issue] = settings.error.issues;
      return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`;
    } catch (error) {
      return `it is no JSON, ${error instanceof Error ? error.message : String(error)}`;
    }
  })();
  if (typeof fault !== 'string') return { settings: fault };
  const aside = `${file}.broken`;
  await rename(file, aside).catch((cause: unknown) => {
    throw new AttuneError(
      'file-failed',
      `${file} cannot be used (${fault}), and cannot be put aside.`,
      { file },
      cause,
    );
  });
  return {
    settings: DEFAULT_SETTINGS,
    notice: `${file} could not be used (${fault}). It is kept as ${aside}, and the usual settings are in force.`,
  };
}
