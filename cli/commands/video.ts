import { toMask, type VideoMedia } from '../../engine/index.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { loadPicture } from '../media.ts';
import type { Values } from '../options.ts';
import { findMethod, type InputNames, RUN_OPTIONS, readRequest } from '../request.ts';
import { loadClip } from '../video/clip.ts';
import { planVideoOutput } from '../video/output.ts';
import { runVideo } from '../video/run.ts';
import { methodHelp } from './methods.ts';

/** In the order in which a command line is judged. */
const NAMES: InputNames = {
  source: 'a clip to edit',
  mask: '--mask PNG',
  segments: 'several --prompt TEXT, one after the other',
  prompt: '--prompt TEXT',
  sourcePrompt: '--from TEXT, which says what the clip shows now',
  negative: '--negative TEXT',
};

const DEFAULT_VIDEO_MODEL = 'embedded/video';
const MAX_FRAMES = 100_000;
const ONE_PROMPT = 'clip';
const SEVERAL_PROMPTS = 'ditctrl';
const CLIP = 'video-edit';

export const video: Command = {
  name: 'video',
  summary: 'make a video from one prompt or from several that follow each other, or edit a clip by prompt',
  arguments: [
    { name: 'CLIP', required: false, summary: 'a clip to edit: animated WebP or GIF, or with ffmpeg MP4 or WebM' },
  ],
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
    {
      name: 'fps',
      type: 'text',
      value: 'N',
      summary: "frames shown a second; without it the clip's own, else the checkpoint's",
    },
    { name: 'from', type: 'text', value: 'TEXT', summary: 'with a clip, what it shows' },
    { name: 'to', type: 'text', value: 'TEXT', summary: 'with a clip, what it shall show' },
    { name: 'start-frame', type: 'text', value: 'N', summary: 'with a clip, the first frame to edit, counted from 1' },
    { name: 'mask', type: 'text', value: 'PNG', summary: 'with a clip, white where its frames may change' },
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
    'attune video clip.mp4 --from "a red apple on grass" --to "a blue apple on grass" -o blue.mp4',
  ],
  moreHelp: (host) => methodHelp(host, ({ makes }) => makes === 'video'),
  async run(values, host) {
    const engine = await host.engine();
    const [path] = values.arguments;
    const prompts = promptsOf(values, path);
    const id = values.text('method') ?? (path !== undefined ? CLIP : prompts.length > 1 ? SEVERAL_PROMPTS : ONE_PROMPT);
    const method = findMethod(engine, id, 'video');
    const overlap = values.integer('overlap', 0, MAX_FRAMES);
    const { inputs, media } = await readClip(values, path, host);
    const request = readRequest(values, engine, method, { ...readLength(values, prompts), ...inputs }, NAMES, {
      model: DEFAULT_VIDEO_MODEL,
      params: overlap === undefined ? [] : [`overlap=${overlap}`],
    });
    const plan = await planVideoOutput(values, host);
    return runVideo({ request, media, plan }, values, host);
  },
};

/** Of a clip the prompt is what it shall show. */
function promptsOf(values: Values, path: string | undefined): readonly string[] {
  const [prompts, to] = [values.list('prompt'), values.text('to')];
  if (path === undefined && (to !== undefined || values.has('from')))
    throw new UsageError('--from and --to go with a clip: attune video CLIP --from TEXT --to TEXT.');
  if (path === undefined && values.has('start-frame'))
    throw new UsageError('--start-frame is the first frame of a clip to edit; name the clip: attune video CLIP.');
  if (path !== undefined && prompts.length > 0)
    throw new UsageError('A clip is edited by --from TEXT and --to TEXT; --prompt makes a video from nothing.');
  return to === undefined ? prompts : [to];
}

/** The clip and the mask of a command line. */
async function readClip(values: Values, path: string | undefined, host: Host) {
  const [from, maskPath] = [values.text('from'), values.text('mask')];
  const start = values.integer('start-frame', 1, MAX_FRAMES);
  const mask = maskPath === undefined ? undefined : await loadPicture(maskPath, host);
  const clip = path === undefined ? undefined : await loadClip(path, host);
  const media: VideoMedia = {
    ...(clip && { source: clip.source }),
    ...(mask && { mask: toMask(mask.pixels).mask }),
  };
  const inputs = {
    ...(clip && { source: clip.ref }),
    ...(start !== undefined && { startFrame: start - 1 }),
    ...(mask && { mask: mask.ref }),
    ...(from !== undefined && { sourcePrompt: from }),
  };
  return { media, inputs };
}

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
