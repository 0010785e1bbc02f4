import type { EditRequest } from '../../contract/index.ts';
import type { VideoResult } from '../../engine/index.ts';
import type { Command, Outcome } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Values } from '../options.ts';
import { duration, ProgressReport } from '../progress.ts';
import { findMethod, type InputNames, RUN_OPTIONS, readRequest, rememberCheckpoint } from '../request.ts';
import { openVideoWriter, planVideoOutput, writeBeside } from '../video/output.ts';
import { methodHelp } from './methods.ts';

/** In the order in which a command line is judged. */
const NAMES: InputNames = {
  source: 'a clip to edit, and this command makes videos from prompts alone',
  mask: 'a mask, and this command makes videos from prompts alone',
  segments: 'several --prompt TEXT, one after the other',
  prompt: '--prompt TEXT',
  sourcePrompt: 'a description of a source',
  negative: '--negative TEXT',
};

const DEFAULT_VIDEO_MODEL = 'embedded/video';
const MAX_FRAMES = 100_000;
const GIF_SAYS_NOTHING =
  'A GIF shows 256 colours a frame and cannot say how it was made; WebP and a folder of frames can.';
const ONE_PROMPT = 'clip';
const SEVERAL_PROMPTS = 'ditctrl';

export const video: Command = {
  name: 'video',
  summary: 'make a video from one prompt, or from several that follow each other',
  arguments: [],
  options: [
    {
      name: 'prompt',
      short: 'p',
      type: 'list',
      value: 'TEXT',
      summary: 'what the video shows; given several times, one after the other',
    },
    {
      name: 'frames',
      type: 'text',
      value: 'N',
      summary: "length of a video of one prompt; the checkpoint's own without it",
    },
    { name: 'segment-frames', type: 'text', value: 'N', summary: 'with several prompts, how long each lasts at least' },
    {
      name: 'overlap',
      type: 'text',
      value: 'N',
      summary: 'with several prompts, latent frames that neighbouring windows share (as --param overlap=N)',
    },
    { name: 'fps', type: 'text', value: 'N', summary: "frames shown a second; the checkpoint's own without it" },
    ...RUN_OPTIONS.map((option) =>
      option.name === 'output'
        ? { ...option, summary: 'a .mp4, .webm, .webp or .gif file, or a folder for a PNG of each frame' }
        : option,
    ),
    ...COMMON_OPTIONS,
  ],
  examples: [
    'attune video --prompt "a red apple on grass" --seed 7 -o clip.mp4',
    'attune video --prompt "a red apple on grass" --prompt "a blue apple on grass" -o two.mp4',
  ],
  moreHelp: (host) => methodHelp(host, ({ makes, inputs }) => makes === 'video' && inputs.source !== 'required'),
  async run(values, host) {
    const engine = await host.engine();
    const prompts = values.list('prompt');
    const id = values.text('method') ?? (prompts.length > 1 ? SEVERAL_PROMPTS : ONE_PROMPT);
    const method = findMethod(engine, id, 'video');
    const overlap = values.integer('overlap', 0, MAX_FRAMES);
    const request = readRequest(values, engine, method, readLength(values, prompts), NAMES, {
      model: DEFAULT_VIDEO_MODEL,
      params: overlap === undefined ? [] : [`overlap=${overlap}`],
    });
    const plan = await planVideoOutput(values, host);
    return film(request, plan, values, host);
  },
};

/** Prompts, their lengths, and the rate. Throws UsageError for a length that belongs to the other kind of video. */
function readLength(values: Values, prompts: readonly string[]) {
  const frames = values.integer('frames', 1, MAX_FRAMES);
  const each = values.integer('segment-frames', 1, MAX_FRAMES);
  const fps = values.number('fps', 1, 120);
  const rate = fps === undefined ? {} : { fps };
  if (prompts.length > 1) {
    if (frames !== undefined)
      throw new UsageError('--frames is the length of a video of one prompt; with several, give --segment-frames N.');
    const segments = prompts.map((prompt) => ({ prompt, ...(each === undefined ? {} : { frames: each }) }));
    return { prompt: undefined, segments, ...rate };
  }
  if (each !== undefined)
    throw new UsageError('--segment-frames goes with several prompts; the length of one is --frames N.');
  return { prompt: prompts[0], ...(frames === undefined ? {} : { frames }), ...rate };
}

/** Runs a request into files, which are there whole or not at all. */
async function film(
  request: EditRequest,
  plan: Awaited<ReturnType<typeof planVideoOutput>>,
  values: Values,
  host: Host,
): Promise<Outcome> {
  const engine = await host.engine();
  const startMs = host.now();
  const progress = values.has('quiet') ? undefined : new ProgressReport(host);
  let made: VideoResult | undefined;
  const resultOf = () => {
    if (made === undefined) throw new RangeError('the writer asks how the video was made before it is');
    return made;
  };
  const fps = request.fps ?? engine.videoModel(request.checkpoint).defaults.fps;
  const writer = await openVideoWriter(plan, resultOf, fps, host);
  try {
    made = await engine
      .runVideo(
        request,
        {},
        {
          ...(progress && { onEvent: progress.onEvent }),
          signal: host.signal,
          onFrame: (frame) => writer.write(frame),
        },
      )
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
