import { parseArgs } from 'node:util';
import type { BenchMethod } from './methods/method.ts';
import type { Settings } from './methods/product.ts';
import { methods, plannedMethods, withSettings } from './methods/registry.ts';
import type { Plan } from './run.ts';
import { tasks, videoTasks } from './tasks/registry.ts';
import type { SourceKind, Task } from './tasks/task.ts';

export interface Options extends Plan {
  readonly out: string;
  readonly json: boolean;
  readonly fresh: boolean;
  readonly sheets: boolean;
}

export const USAGE = `npm run spritebench -- [options]

  --tasks T1,T2      tasks by number; all by default: ${tasks.map(({ id, title }) => `${id} ${title}`).join(', ')}
  --methods a,b      rows by name; all by default. A method of the product takes settings:
                     "prompt-edit:selfReplaceSteps=0.5;steps=20"
  --sources files,own  kinds of source for tasks that edit; both by default
  --cases N          seen cases of each task, and half as many unseen ones (64)
  --seed S           seed of the cases (14)
  --out DIR          results, table, sheets (out/spritebench); a run that was stopped goes on from there
  --fresh            forget what an earlier run left there
  --no-sheets        no sheets of pictures
  --json             JSON on the output instead of the tables`;

/** A sentence for the person who typed the command. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readOptions(argv: readonly string[]): Options {
  const values = parse(argv);
  const kinds = list(values.sources) ?? ['files', 'own'];
  for (const kind of kinds)
    if (kind !== 'files' && kind !== 'own') throw new UsageError(`--sources: "${kind}" is neither files nor own.`);
  return {
    tasks: list(values.tasks)?.map(taskOf) ?? tasks,
    methods: list(values.methods)?.flatMap(methodsOf) ?? methods,
    sourceKinds: ['none', ...kinds] as readonly SourceKind[],
    cases: whole('--cases', values.cases, 1, 10_000),
    seed: whole('--seed', values.seed, 0, 100_000),
    out: values.out,
    json: values.json,
    fresh: values.fresh,
    sheets: !values['no-sheets'],
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        tasks: { type: 'string' },
        methods: { type: 'string' },
        sources: { type: 'string' },
        cases: { type: 'string', default: '64' },
        seed: { type: 'string', default: '14' },
        out: { type: 'string', default: 'out/spritebench' },
        fresh: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        'no-sheets': { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

const list = (text: string | undefined): readonly string[] | undefined =>
  text
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function taskOf(id: string): Task {
  const task = tasks.find((one) => one.id === id.toUpperCase());
  if (task !== undefined) return task;
  const ofClips = videoTasks[id.toUpperCase()];
  if (ofClips !== undefined)
    throw new UsageError(`--tasks: ${id.toUpperCase()} (${ofClips}) is run by npm run spritebench:video.`);
  throw new UsageError(`--tasks: there is no "${id}"; there are ${tasks.map((one) => one.id).join(', ')}.`);
}

function methodsOf(typed: string): readonly BenchMethod[] {
  const [id = '', settings] = typed.split(/:(.*)/s);
  if (settings !== undefined) {
    const method = withSettings(id, settingsOf(settings));
    if (method !== undefined) return [method];
  }
  const found = methods.filter(({ name, family }) => name === typed || family === typed);
  if (found.length > 0) return found;
  if (plannedMethods[id] !== undefined) throw new UsageError(`--methods: ${id} has no code yet.`);
  const names = [...new Set(methods.map(({ name, family }) => family ?? name))];
  throw new UsageError(`--methods: there is no "${typed}"; there are ${names.join(', ')}.`);
}

function settingsOf(text: string): Settings {
  const entries = text.split(';').map((pair) => {
    const [name = '', value] = pair.split('=');
    if (name.trim() === '' || value === undefined || value.trim() === '')
      throw new UsageError(`--methods: "${pair}" is not of the form name=value.`);
    return [name.trim(), settingValue(value.trim())] as const;
  });
  const params = Object.fromEntries(entries.filter(([name]) => name !== 'steps' && name !== 'guidance'));
  const number = (wanted: string) => entries.find(([name]) => name === wanted)?.[1];
  const [steps, guidance] = [number('steps'), number('guidance')];
  return {
    ...(Object.keys(params).length === 0 ? {} : { params }),
    ...(typeof steps === 'number' ? { steps } : {}),
    ...(typeof guidance === 'number' ? { guidance } : {}),
  };
}

function settingValue(text: string): number | boolean | string {
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`${name}: "${text}" is not a whole number from ${least} to ${most}.`);
}
