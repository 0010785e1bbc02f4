import type { EditRequest, MediaRef } from '../../contract/index.ts';
import { AttuneError, type RunMedia } from '../../engine/index.ts';
import { batchIn, openPlanner, requestCheck, runBatch } from '../../service/batch/index.ts';
import { BatchReport, batchOutcome, planOutcome } from '../batch/report.ts';
import { type ReadTable, readTable } from '../batch/table.ts';
import { orCancelled } from '../cancel.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { toUserError, UsageError } from '../errors.ts';
import { keptOf } from '../kept.ts';
import { loadPicture } from '../media.ts';
import type { Values } from '../options.ts';
import { REGION_OPTIONS } from '../region.ts';
import { RUN_OPTIONS, rememberCheckpoint } from '../request.ts';
import { loadSource, partOf, readMask } from '../source.ts';

/** Whether a batch is to go on with nothing else given: its journal says the rest. */
const isAlone = (values: Values) =>
  values.has('resume') && values.arguments.length === 0 && !['matrix', 'prompt', 'to'].some((name) => values.has(name));

/** Options that do not change what a batch makes. */
const HARMLESS = new Set(['output', 'resume', 'dry-run', 'json', 'quiet', 'help']);

/** The table that the batch of a folder began with. */
function begunTable(values: Values, folder: string, begun: Awaited<ReturnType<typeof batchIn>>): ReadTable {
  if (begun === undefined)
    throw new AttuneError('file-failed', `${folder} holds no batch to go on with; give a table to begin one.`, {
      file: folder,
    });
  const given = batch.options.find(({ name }) => values.has(name) && !HARMLESS.has(name));
  if (given)
    throw new UsageError(
      `--${given.name} would change the batch, which goes on as it began; leave it out, or give the table with all its options again.`,
    );
  const { origin } = begun;
  if (origin !== undefined) return { table: origin.table, paths: new Map(Object.entries(origin.paths)), notices: [] };
  throw new UsageError(
    `The journal in ${folder} does not say what the batch began with: give the table with all its options again.`,
  );
}

/** Options of one picture that mean something else here. */
const OTHER = new Set(['output', 'maps', 'force']);

export const batch: Command = {
  name: 'batch',
  summary: 'run a table of jobs, or every picture of a folder, into a folder',
  arguments: [
    {
      name: 'JOBS',
      required: false,
      summary: '.csv, .tsv, .json, .jsonl or .txt (a prompt a line), or a folder of pictures',
    },
  ],
  options: [
    {
      name: 'output',
      short: 'o',
      type: 'text',
      value: 'DIR',
      summary: 'folder for the results, their journal and their manifest',
    },
    {
      name: 'resume',
      type: 'flag',
      summary: 'go on with the batch that the folder holds, with nothing else given; failed rows are tried again',
    },
    {
      name: 'prompt',
      short: 'p',
      type: 'text',
      value: 'TEXT',
      summary: 'what results show, for rows without a prompt; {a|b}, __list__',
    },
    { name: 'from', type: 'text', value: 'TEXT', summary: 'what the pictures show, for rows that do not say' },
    { name: 'to', type: 'text', value: 'TEXT', summary: 'the same as --prompt, as "attune edit" calls it' },
    { name: 'mask', type: 'text', value: 'PNG', summary: 'mask of rows that have none' },
    ...REGION_OPTIONS,
    ...RUN_OPTIONS.filter(({ name }) => !OTHER.has(name)),
    { name: 'repeats', type: 'text', value: 'N', summary: 'results a row; seeds count up' },
    {
      name: 'matrix',
      type: 'text',
      value: '"base|a|b"',
      summary: 'prompts: the base with every combination of the options',
    },
    {
      name: 'wildcards',
      type: 'text',
      value: 'DIR',
      summary: 'folder of name.txt: __name__ in a prompt is one of its lines',
    },
    {
      name: 'encoding',
      type: 'text',
      value: 'NAME',
      summary: 'of the table and the lists, where they are not UTF-8 or UTF-16, e.g. windows-1252',
    },
    { name: 'format', type: 'text', value: 'FORMAT', summary: 'png (default), jpeg, webp or avif' },
    { name: 'quality', type: 'text', value: 'N', summary: '1 to 100; without it, webp and avif keep every pixel' },
    { name: 'pattern', type: 'text', value: 'P', summary: 'names of the files, e.g. "[source_name]-[method]-[seed]"' },
    { name: 'maps', type: 'flag', summary: 'also write where each word is, in a folder beside each result' },
    { name: 'dry-run', type: 'flag', summary: 'only say what would be made' },
    ...COMMON_OPTIONS,
  ],
  examples: [
    'attune batch jobs.csv -o out/batch',
    'attune batch photos -o out/batch --from "a red apple, on grass" --to "a green apple, on grass"',
    'attune batch --matrix "a red apple|on grass|at night" -o out/matrix',
    'attune batch --resume -o out/batch',
  ],
  async run(values, host) {
    const folder = values.required('output', 'name the folder for the results, e.g. -o out/batch');
    const engine = await host.engine();
    const [methods, check] = [engine.describeMethods(), requestCheck(() => engine)];
    const planner = openPlanner(check);
    const resumed = values.has('resume') ? await batchIn(folder) : undefined;
    const { table, paths, notices } = isAlone(values)
      ? begunTable(values, folder, resumed)
      : await readTable(values, engine, resumed?.seed);
    for (const notice of notices) host.writeErr(`attune: ${notice}\n`);
    if (values.has('dry-run')) return planOutcome(await orCancelled(planner.plan(table, methods), host.signal));

    const compute = await host.compute();
    const codec = await host.images();
    const report = new BatchReport(host, values.has('quiet'));
    const pathOf = (ref: MediaRef) => paths.get(ref.sha256) ?? ref.name;
    const unchanged = (found: MediaRef, ref: MediaRef) => {
      if (found.sha256 !== ref.sha256)
        throw new AttuneError('file-failed', `${ref.name} was changed since the batch began.`, { file: ref.name });
    };
    const load = async (request: EditRequest) => {
      const { source: from, mask: over } = request;
      const source = from && (await loadSource(pathOf(from), host, { part: partOf(request) }));
      const mask = over && (await loadPicture(pathOf(over), host));
      if (source) unchanged(source.ref, from);
      if (mask) unchanged(mask.ref, over);
      const media: RunMedia = {
        ...(source && { source: source.source }),
        ...(mask && { mask: readMask(mask.pixels, source?.source, host) }),
      };
      return { media, source };
    };
    const outcome = await runBatch({
      table,
      paths,
      folder,
      ...{ methods, check, codec },
      // A large table takes long, and Ctrl-C is heard meanwhile.
      prepare: (asked) => orCancelled(planner.prepare(asked, methods), host.signal),
      explain: (error) => toUserError(error),
      resume: values.has('resume'),
      signal: host.signal,
      onProgress: report.onProgress,
      async runJob({ request }, signal) {
        const { media, source } = await load(request);
        const { onEvent } = report;
        const result = await compute.run(request, media, { onEvent, ...(signal && { signal }) });
        await rememberCheckpoint(result.record.request.checkpoint, request.checkpoint, host);
        const { seconds, notices } = keptOf(source, request, { kind: 'video', format: 'webp' });
        return { ...result, ...(seconds && { seconds }), warnings: [...result.warnings, ...notices] };
      },
    }).finally(() => report.end());
    return batchOutcome(outcome, folder);
  },
};
