import type { EditRequest } from '../../contract/index.ts';
import type { VideoMedia, VideoResult } from '../../engine/index.ts';
import type { Outcome } from '../command.ts';
import type { Host } from '../host.ts';
import type { Values } from '../options.ts';
import { duration, ProgressReport } from '../progress.ts';
import { rememberCheckpoint } from '../request.ts';
import { openVideoWriter, type VideoPlan, writeBeside } from './output.ts';

const GIF_SAYS_NOTHING =
  'A GIF shows 256 colours a frame and cannot say how it was made; WebP and a folder of frames can.';

export interface VideoRun {
  readonly request: EditRequest;
  readonly media: VideoMedia;
  readonly plan: VideoPlan;
}

/** Runs a request into files, which are there whole or not at all. */
export async function runVideo({ request, media, plan }: VideoRun, values: Values, host: Host): Promise<Outcome> {
  const engine = await host.engine();
  const startMs = host.now();
  const progress = values.has('quiet') ? undefined : new ProgressReport(host);
  let made: VideoResult | undefined;
  const resultOf = () => {
    if (made === undefined) throw new RangeError('the writer asks how the video was made before it is');
    return made;
  };
  const writer = await openVideoWriter(plan, resultOf, host);
  try {
    made = await engine
      .runVideo(request, media, {
        ...(progress && { onEvent: progress.onEvent }),
        signal: host.signal,
        onBegin: (shape) => writer.begin?.(shape),
        onFrame: (frame) => writer.write(frame),
      })
      .finally(() => progress?.end());
    await writer.finish();
    const result = made;
    const { record } = result;
    const warnings = [...result.warnings, ...(plan.format === 'gif' && plan.withRecord ? [GIF_SAYS_NOTHING] : [])];
    await rememberCheckpoint(record.request.checkpoint, request.checkpoint, host);
    const outputs = await writeBeside(result, plan, host);
    for (const warning of warnings) host.writeErr(`attune: ${warning}\n`);
    const elapsedMs = host.now() - startMs;
    const { size, frames, fps } = result;
    const what = `${size.width}x${size.height}, ${frames} frames at ${fps} a second`;
    const maps = outputs.filter(({ kind }) => kind === 'map').length;
    return {
      ok: true,
      outputs,
      figures: { ...result.figures, elapsedMs },
      record,
      details: { warnings },
      lines: [
        `${outputs[0]?.path}: ${what}, ${record.request.method}, seed ${record.request.seed}, ${duration(elapsedMs)}`,
        ...(maps === 0 ? [] : [`${plan.mapsFolder}: ${maps} maps of words`]),
      ],
    };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
