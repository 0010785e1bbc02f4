import { resolve } from 'node:path';
import type { EditRecord, EditRequest } from '../contract/index.ts';
import { type RunMedia, type RunResult, throwIfCancelled } from '../engine/index.ts';
import { stageBeside } from './beside.ts';
import type { Outcome, Output } from './command.ts';
import type { Host } from './host.ts';
import { keptOf } from './kept.ts';
import type { Values } from './options.ts';
import { type OutputPlan, openWriter } from './output.ts';
import { ProgressReport } from './progress.ts';
import { regionLine } from './region.ts';
import { rememberCheckpoint } from './request.ts';
import type { LoadedSource } from './source.ts';
import { duration } from './statusline.ts';
import type { Written } from './writers/writer.ts';

export interface Run {
  readonly request: EditRequest;
  readonly media: RunMedia;
  /** Where the media's source comes from. */
  readonly source?: LoadedSource | undefined;
  readonly plan: OutputPlan;
}

export interface Ran {
  readonly result: Omit<RunResult, 'unpasted'>;
  /** The result first, then what lies beside it. */
  readonly outputs: readonly Output[];
  /** The file of a picture. */
  readonly content?: Uint8Array;
  readonly record: EditRecord;
  /** Sentences the user should read. */
  readonly warnings: readonly string[];
  readonly elapsedMs: number;
}

const JPEG_CHANGES =
  'JPEG changes every pixel a little, outside the mask too; PNG, WebP and AVIF keep these as they were.';

/** Runs a request with progress on stderr and writes what comes out; the files are there whole or not at all. */
export async function runAndWrite({ request, media, source, plan }: Run, values: Values, host: Host): Promise<Ran> {
  const compute = await host.compute();
  const startMs = host.now();
  const progress = values.has('quiet') ? undefined : new ProgressReport(host);
  const kept = keptOf(source, request, plan.target);
  const writer = await openWriter(plan, kept, host);
  try {
    const result = await compute.run(request, media, {
      ...(progress && { onEvent: progress.onEvent }),
      signal: host.signal,
      onBegin: (shape) => writer.begin(shape),
      onFrame: (frame) => writer.write(frame),
    });
    progress?.onEvent({ kind: 'stage', stage: 'write' });
    const { record } = result;
    await rememberCheckpoint(record.request.checkpoint, request.checkpoint, host);
    const beside = await stageBeside(result, plan, host);
    try {
      throwIfCancelled(host.signal);
      const written = await writer.finish(plan.withRecord ? record : undefined);
      for (const file of beside.files) await file.commit();
      progress?.end();
      const warnings = [
        ...result.warnings,
        ...kept.notices,
        ...new Set(written.notices),
        ...(isRecoded(result, plan) ? [JPEG_CHANGES] : []),
      ];
      for (const warning of warnings) host.writeErr(`attune: ${warning}\n`);
      const { content } = written;
      return {
        result,
        outputs: [outputOf(result, written, plan), ...beside.outputs],
        ...(content && { content }),
        record,
        warnings,
        elapsedMs: host.now() - startMs,
      };
    } finally {
      await Promise.all(beside.files.map((file) => file.discard()));
    }
  } catch (error) {
    await writer.abort();
    throw error;
  } finally {
    progress?.end();
  }
}

const isRecoded = ({ figures }: Ran['result'], { target }: OutputPlan) =>
  target.format === 'jpeg' && figures.changedOutside !== undefined;

function outputOf({ size, frames, fps }: Ran['result'], { bytes, sha256 }: Written, plan: OutputPlan): Output {
  const { width, height } = size;
  const path = plan.path === '-' ? plan.path : resolve(plan.path);
  const file = { path, width, height, bytes, sha256 };
  return plan.target.kind === 'picture'
    ? { kind: 'image', ...file }
    : { kind: 'video', ...file, frames, ...(fps === undefined ? {} : { fps }) };
}

/** What a run has to say when all went well. */
export function outcomeOf(ran: Ran): Outcome {
  const { result, outputs, record, warnings, elapsedMs } = ran;
  return {
    ok: true,
    outputs,
    figures: { ...result.figures, elapsedMs },
    record,
    details: { warnings },
    lines: linesOf(ran),
  };
}

function linesOf({ result, outputs, record, elapsedMs }: Ran): readonly string[] {
  const [first, ...beside] = outputs;
  if (first === undefined) return [];
  const { seed, method } = record.request;
  const { frames, fps } = result;
  const length = fps === undefined ? '' : `, ${frames} frames at ${fps} a second`;
  const region = regionLine(record.request, result.size);
  const area = region === undefined || result.masks !== undefined ? 'mask' : 'region';
  return [
    `${first.path}: ${first.width}x${first.height}${length}, ${method}, seed ${seed}, ${duration(elapsedMs)}`,
    ...(fps === undefined
      ? beside.map(({ path, kind, word }) => `${path}: ${kind}${word === undefined ? '' : ` of "${word}"`}`)
      : summaryOf(beside)),
    ...(region === undefined ? [] : [region]),
    ...changeLines(result.figures, area),
  ];
}

/** What of an edit changed where it may not, and how much where it may. */
function changeLines({ changedOutside, changedShare }: RunResult['figures'], area: string): readonly string[] {
  const share = changedShare === undefined ? undefined : `${Math.round(100 * changedShare)} %`;
  if (changedOutside === undefined) return share === undefined ? [] : [`${share} of it looks different`];
  const inside = share === undefined ? '' : `, ${share} inside it look different`;
  return [`${changedOutside} pixels changed outside the ${area}${inside}`];
}

/** Of a video there are too many files to name each. */
function summaryOf(beside: readonly Output[]): readonly string[] {
  const count = (kind: Output['kind']) => beside.filter((output) => output.kind === kind).length;
  const parts = [
    ...(count('map') === 0 ? [] : [`${count('map')} maps of words`]),
    ...(count('mask') === 0 ? [] : [`${count('mask')} masks`]),
  ];
  return parts.length === 0 ? [] : [`beside it: ${parts.join(', ')}`];
}
