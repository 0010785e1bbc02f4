import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  AttuneError,
  type CheckpointReport,
  complete,
  type Engine,
  type LostFolder,
  reportLines,
} from '../../engine/index.ts';
import type { Command, Outcome } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { toUserError, UsageError } from '../errors.ts';
import { columns } from '../help.ts';
import type { Host } from '../host.ts';
import { DEFAULT_MODEL } from '../request.ts';
import { didYouMean } from '../suggest.ts';
import { foundLines, wordLines } from '../words.ts';

const ACTIONS = ['list', 'check', 'words', 'add', 'remove'];

export const models: Command = {
  name: 'models',
  summary: 'list the checkpoints, check that they are whole, list the words one knows, add or remove a folder',
  arguments: [
    { name: 'list|check|words|add|remove', required: false, summary: 'list is the default' },
    {
      name: 'REF',
      required: false,
      summary:
        'the one to check, without it all; the one whose words are listed, without it the embedded model; the folder to add or remove',
    },
  ],
  options: [
    {
      name: 'find',
      type: 'text',
      value: 'TEXT',
      summary: 'with words: only those that TEXT begins or is a synonym of',
    },
    ...COMMON_OPTIONS,
  ],
  examples: [
    'attune models list',
    'attune models check embedded/image',
    'attune models words',
    'attune models words --find kit',
    'attune models add ~/models/sd3.5-medium',
  ],
  async run(values, host) {
    const [action = 'list', ref] = values.arguments;
    if (!ACTIONS.includes(action))
      throw new UsageError(
        `models has no "${action}".${didYouMean(action, ACTIONS) || ' It has list, check, words, add and remove.'}`,
      );
    if (action === 'list' && ref !== undefined)
      throw new UsageError(`"models list" takes no name; did you mean models check ${ref}?`);
    const find = values.text('find');
    if (action !== 'words' && find !== undefined)
      throw new UsageError(`"models ${action}" takes no --find; it belongs to "models words".`);
    if (action === 'add' || action === 'remove') return changeFolders(action, ref, host);
    const engine = await host.engine();
    if (action === 'words') return wordsOf(engine, ref ?? DEFAULT_MODEL, find);
    return action === 'list' ? list(engine) : check(engine, ref);
  },
};

/** The folders that are searched, kept in the settings that the editor has too. */
async function changeFolders(action: 'add' | 'remove', folder: string | undefined, host: Host): Promise<Outcome> {
  if (folder === undefined) throw new UsageError(`"models ${action}" needs a folder: attune models ${action} FOLDER`);
  const [{ openSettings }, { foldersWith, foldersWithout }] = await Promise.all([
    import('../../service/store/settings.ts'),
    import('../../service/folders.ts'),
  ]);
  const settings = await openSettings(host.folders.settings);
  const before = settings.value.modelFolders;
  const modelFolders = action === 'add' ? foldersWith(before, folder) : foldersWithout(before, folder);
  await settings.set({ modelFolders });
  const lines =
    modelFolders.length === 0 ? ['No folders are searched.'] : ['Folders that are searched:', ...modelFolders];
  return { ok: true, outputs: [], figures: {}, lines, details: { modelFolders } };
}

function list(engine: Engine): Outcome {
  const listed = engine.listModels();
  const lines =
    listed.length === 0
      ? ['There are no checkpoints; --model takes the path of one.']
      : columns(listed.map(({ ref, title }) => [ref, title]));
  const lostFolders = engine.lostFolders();
  const lost = lostFolders.length === 0 ? [] : ['Folders that could not be searched:', ...lostFolders.map(lostLine)];
  return { ok: true, outputs: [], figures: {}, lines: [...lines, ...lost], details: { models: listed, lostFolders } };
}

const LOST: Readonly<Record<LostFolder['reason'], string>> = {
  gone: 'there is no such folder',
  'broken-link': 'this link leads nowhere',
  'not-a-folder': 'this is a file',
  unreadable: 'reading it is not permitted',
};

/** A folder with why it could not be searched. */
export const lostLine = ({ folder, reason }: LostFolder): string => `  ${folder}: ${LOST[reason]}`;

function wordsOf(engine: Engine, ref: string, find: string | undefined): Outcome {
  const vocabulary = engine.vocabulary(ref);
  const said = (lines: readonly string[], details: Readonly<Record<string, unknown>>) => ({
    ok: true,
    outputs: [],
    figures: {},
    lines,
    details: { model: ref, ...details },
  });
  if (vocabulary === undefined) return said([`${ref} takes free text: it has no list of words.`], { vocabulary: null });
  if (find === undefined) return said(wordLines(ref, vocabulary), { vocabulary });
  return said(foundLines(find, vocabulary), { suggestions: complete(find, vocabulary) });
}

interface Checked {
  readonly ref: string;
  readonly isSound: boolean;
  readonly lines: readonly string[];
  readonly report?: CheckpointReport;
}

async function check(engine: Engine, ref: string | undefined): Promise<Outcome> {
  const listed = engine.listModels();
  const chosen = ref === undefined ? listed : listed.filter((model) => model.ref === ref);
  const targets = ref !== undefined && chosen.length === 0 ? [{ ref, folder: resolve(ref) }] : chosen;
  const checked: Checked[] = [];
  for (const target of targets) {
    if ((await stat(target.folder).catch(() => undefined)) === undefined) {
      const refs = listed.map((model) => model.ref);
      throw new AttuneError(
        'file-failed',
        `${target.ref} is neither a name of "models list" nor a path that exists.${didYouMean(target.ref, refs)}`,
        {
          file: target.ref,
        },
      );
    }
    checked.push(checkOne(engine, target));
  }
  // One that is asked for by name is there, wherever others may be.
  const lostFolders = ref === undefined ? engine.lostFolders() : [];
  return {
    ok: checked.every(({ isSound }) => isSound) && lostFolders.length === 0,
    outputs: [],
    figures: {},
    lines: [
      ...checked.flatMap(({ ref: name, isSound, lines }) => [`${name}: ${isSound ? 'whole' : 'not usable'}`, ...lines]),
      ...(lostFolders.length === 0 ? [] : ['Folders that could not be searched:', ...lostFolders.map(lostLine)]),
    ],
    details: { models: checked.map(({ ref: name, isSound, report }) => ({ ref: name, isSound, report })), lostFolders },
  };
}

/** What only opening it finds: tokenizers, the scheduler, its own settings, networks that do not fit together. */
function faultOnOpening(engine: Engine, folder: string): string | undefined {
  try {
    engine.defaults(folder);
    return undefined;
  } catch (error) {
    return toUserError(error).message;
  }
}

/** A checkpoint is sound when nothing is missing, nothing breaks its format, and it opens. */
export function checkOne(engine: Engine, { ref, folder }: { readonly ref: string; readonly folder: string }): Checked {
  try {
    const report = engine.inspect(folder);
    const isWhole = report.form === 'model' && report.missing.length === 0 && report.faults.length === 0;
    const fault = isWhole ? faultOnOpening(engine, folder) : undefined;
    const lines = [...reportLines(report), ...(fault === undefined ? [] : [`  fault: ${fault}`])];
    return { ref, isSound: isWhole && fault === undefined, lines, report };
  } catch (error) {
    return { ref, isSound: false, lines: [`  ${toUserError(error).message}`] };
  }
}
