import type { EditRecord, EditRequest } from '../contract/index.ts';
import type { Pixels, RunResult } from '../engine/index.ts';
import type { Outcome } from './command.ts';
import type { Host } from './host.ts';
import type { Values } from './options.ts';
import { type OutputPlan, type Written, writeResults } from './output.ts';
import { duration, ProgressReport } from './progress.ts';
import { rememberCheckpoint } from './request.ts';

export interface Run {
  readonly request: EditRequest;
  readonly media: { readonly source?: Pixels; readonly mask?: Pixels };
  readonly plan: OutputPlan;
}

export interface Ran {
  readonly result: RunResult;
  readonly written: Written;
  readonly record: EditRecord;
  /** Sentences the user should read. */
  readonly warnings: readonly string[];
  readonly elapsedMs: number;
}

const JPEG_CHANGES =
  'JPEG changes every pixel a little, outside the mask too; PNG, WebP and AVIF keep these as they were.';

/** Runs a request with progress on stderr and writes what comes out. */
export async function runAndWrite({ request, media, plan }: Run, values: Values, host: Host): Promise<Ran> {
  const engine = await host.engine();
  const startMs = host.now();
  const progress = values.has('quiet') ? undefined : new ProgressReport(host);
  const result = await engine
    .run(request, media, { ...(progress && { onEvent: progress.onEvent }), signal: host.signal })
    .finally(() => progress?.end());
  const { record } = result;
  await rememberCheckpoint(record.request.checkpoint, request.checkpoint, host);
  const written = await writeResults(result, plan, host);
  const isRecoded = plan.format === 'jpeg' && result.figures.changedOutside !== undefined;
  const warnings = [...result.warnings, ...written.notices, ...(isRecoded ? [JPEG_CHANGES] : [])];
  for (const warning of warnings) host.writeErr(`attune: ${warning}\n`);
  return { result, written, record, warnings, elapsedMs: host.now() - startMs };
}

/** What a run has to say when all went well. */
export function outcomeOf({ result, written, record, warnings, elapsedMs }: Ran): Outcome {
  const [first] = written.outputs;
  const { seed, method } = record.request;
  const changed = result.figures.changedOutside;
  return {
    ok: true,
    outputs: written.outputs,
    figures: { ...result.figures, elapsedMs },
    record,
    details: { warnings },
    lines: [
      ...(first
        ? [`${first.path}: ${first.width}x${first.height}, ${method}, seed ${seed}, ${duration(elapsedMs)}`]
        : []),
      ...written.outputs
        .slice(1)
        .map(({ path, kind, word }) => `${path}: ${kind}${word === undefined ? '' : ` of "${word}"`}`),
      ...(changed === undefined ? [] : [`${changed} pixels changed outside the mask`]),
    ],
  };
}
