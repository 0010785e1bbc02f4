import type { EditRequest } from '../contract/index.ts';
import type { Outcome } from './command.ts';
import type { Host } from './host.ts';
import { isSameFile, loadPicture } from './media.ts';
import type { Values } from './options.ts';
import { outputPath, planOutput } from './output.ts';
import { checkpointRef, DEFAULT_MODEL, DEFAULT_VIDEO_MODEL, readLength, readRequest } from './request.ts';
import { outcomeOf, runAndWrite } from './run.ts';
import { loadSource, partOf, readMask } from './source.ts';

/** What sets the commands that run a method apart. */
export interface Job {
  /** Method without `--method`. */
  readonly method: string;
  /** What the result shows; empty where `segments` says it. */
  readonly prompt: string;
  readonly segments?: EditRequest['segments'];
  /** The picture or clip to edit, and whether it must be a clip. */
  readonly source?: { readonly path: string; readonly kind: 'any' | 'clip' };
  /** Whether a video is made where neither `--model` nor a source says so. */
  readonly isVideo?: boolean;
  /** NAME=VALUE, as by `--param`. */
  readonly params?: readonly string[];
}

/** Runs the method of a command line and writes what comes out: pictures and videos, made or edited. */
export async function runJob(values: Values, host: Host, job: Job): Promise<Outcome> {
  const path = outputPath(values);
  const { method, prompt, segments, params } = job;
  // The runner starts while the source is read.
  const [engine] = await Promise.all([host.engine(), host.compute()]);
  const source =
    job.source &&
    (await loadSource(job.source.path, host, { kind: job.source.kind, part: partOf(readLength(values)) }));
  const maskPath = values.text('mask');
  const mask = maskPath === undefined ? undefined : await loadPicture(maskPath, host);
  const sourcePrompt = values.text('from');
  const isVideo = source === undefined ? job.isVideo === true : 'frames' in source.source || job.isVideo === true;
  const usual = isVideo ? DEFAULT_VIDEO_MODEL : DEFAULT_MODEL;
  const checkpoint = checkpointRef(values.text('model') ?? usual, engine);
  const request = readRequest(values, engine, {
    ...{ method, prompt, checkpoint },
    ...(segments && { segments }),
    ...(params && { params }),
    ...(source && { source: source.ref }),
    ...(mask && { mask: mask.ref }),
    ...(sourcePrompt !== undefined && { sourcePrompt }),
  });
  const plan = await planOutput(values, engine.model(checkpoint).makes, host);
  if (job.source !== undefined && (await isSameFile(job.source.path, path)))
    host.writeErr(
      `attune: ${job.source.path} is replaced by its edit; without a copy of it, "attune redo" cannot make the edit again\n`,
    );
  const media = {
    ...(source && { source: source.source }),
    ...(mask && { mask: readMask(mask.pixels, source?.source, host) }),
  };
  return outcomeOf(await runAndWrite({ request, media, source, plan }, values, host));
}
