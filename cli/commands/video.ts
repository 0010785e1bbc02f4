import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { UsageError } from '../errors.ts';
import { runJob } from '../job.ts';
import type { Values } from '../options.ts';
import { REGION_OPTIONS } from '../region.ts';
import { LENGTH_OPTIONS, RUN_OPTIONS, START_OPTION } from '../request.ts';
import { methodHelp } from './methods.ts';

const MAX_FRAMES = 100_000;
const ONE_PROMPT = 'generate';
const SEVERAL_PROMPTS = 'ditctrl';
const CLIP = 'prompt-edit';

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
    { name: 'segment-frames', type: 'text', value: 'N', summary: 'with several prompts, how long each lasts at least' },
    {
      name: 'overlap',
      type: 'text',
      value: 'N',
      summary: 'with several prompts, latent frames that neighbouring windows share (as --param overlap=N)',
    },
    { name: 'from', type: 'text', value: 'TEXT', summary: 'with a clip, what it shows' },
    { name: 'to', type: 'text', value: 'TEXT', summary: 'with a clip, what it shall show' },
    START_OPTION,
    { name: 'mask', type: 'text', value: 'PNG', summary: 'with a clip, white where its frames may change' },
    ...REGION_OPTIONS,
    ...LENGTH_OPTIONS,
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
  moreHelp: (host) => methodHelp(host, ({ makes }) => makes.includes('video')),
  run(values, host) {
    const [path] = values.arguments;
    const prompts = promptsOf(values, path);
    const overlap = values.integer('overlap', 0, MAX_FRAMES);
    return runJob(values, host, {
      method: path !== undefined ? CLIP : prompts.length > 1 ? SEVERAL_PROMPTS : ONE_PROMPT,
      isVideo: true,
      ...wordsOf(values, prompts),
      ...(path !== undefined && { source: { path, kind: 'clip' } }),
      ...(overlap !== undefined && { params: [`overlap=${overlap}`] }),
    });
  },
};

/** The prompts; of a clip, what it shall show. */
function promptsOf(values: Values, path: string | undefined): readonly string[] {
  const [prompts, to] = [values.list('prompt'), values.text('to')];
  if (path === undefined && (to !== undefined || values.has('from')))
    throw new UsageError('--from and --to go with a clip: attune video CLIP --from TEXT --to TEXT.');
  if (path === undefined && values.has('start-frame'))
    throw new UsageError('--start-frame is the first frame of a clip to edit; name the clip: attune video CLIP.');
  if (path !== undefined && prompts.length > 0)
    throw new UsageError('A clip is edited by --from TEXT and --to TEXT; --prompt makes a video from nothing.');
  if (path !== undefined) return [values.required('to', 'say what the clip shall show')];
  return prompts.length > 0 ? prompts : [values.required('prompt', 'say what the video shall show')];
}

/** One prompt, or several with their lengths. Throws UsageError for a length that belongs to the other kind of video. */
function wordsOf(values: Values, prompts: readonly string[]) {
  const each = values.integer('segment-frames', 1, MAX_FRAMES);
  if (prompts.length > 1) {
    if (values.has('frames'))
      throw new UsageError('--frames is the length of a video of one prompt; with several, give --segment-frames N.');
    return { prompt: '', segments: prompts.map((prompt) => ({ prompt, ...(each !== undefined && { frames: each }) })) };
  }
  if (each !== undefined)
    throw new UsageError('--segment-frames goes with several prompts; the length of one is --frames N.');
  return { prompt: prompts[0] ?? '' };
}
