import { type Pixels, valueAt } from '../../engine/index.ts';
import type { Command, Outcome, Output } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { UsageError } from '../errors.ts';
import { writeFrames } from '../frames.ts';
import type { Host } from '../host.ts';
import type { Values } from '../options.ts';
import { outputPath, planOutput } from '../output.ts';
import { ProgressReport } from '../progress.ts';
import { readRegion } from '../region.ts';
import { checkpointRef, DEFAULT_MODEL, DEFAULT_VIDEO_MODEL } from '../request.ts';
import { loadSource } from '../source.ts';
import { duration } from '../statusline.ts';

export const select: Command = {
  name: 'select',
  summary: 'find where a word is in a picture or in each frame of a clip and write it as a mask',
  arguments: [{ name: 'IN', required: true, summary: 'the picture or clip to look at; - is standard input' }],
  options: [
    { name: 'word', short: 'w', type: 'text', value: 'TEXT', summary: 'what to find; words in a row are one thing' },
    {
      name: 'prompt',
      short: 'p',
      type: 'text',
      value: 'TEXT',
      summary: 'what the whole picture shows, with the word in it; without it the mask is less sure',
    },
    {
      name: 'model',
      short: 'm',
      type: 'text',
      value: 'REF',
      summary: 'checkpoint folder, or a name of "attune models list"',
    },
    {
      name: 'region',
      type: 'text',
      value: 'X,Y,W,H',
      summary: 'look at this part alone, in pixels of the picture: small things are found in it',
    },
    { name: 'threshold', type: 'text', value: 'T', summary: '0 to below 1: less selects more' },
    { name: 'soft', type: 'flag', summary: 'write the map in grey values instead of the mask' },
    {
      name: 'output',
      short: 'o',
      type: 'text',
      value: 'MASK',
      summary:
        '.png or .webp file to write, - is standard output; of a clip a folder for a PNG of each frame, or .webp',
    },
    { name: 'force', type: 'flag', summary: 'replace files that exist' },
    ...COMMON_OPTIONS,
  ],
  examples: [
    'attune select in.png --word apple --prompt "a red apple on grass" -o mask.png',
    'attune inpaint in.png --mask mask.png --prompt "a blue star on grass" -o out.png',
  ],
  run,
};

async function run(values: Values, host: Host): Promise<Outcome> {
  const [path = '-'] = values.arguments;
  const word = values.required('word', 'name what to find, e.g. --word apple');
  const threshold = values.number('threshold', 0, 1);
  const isSoft = values.has('soft');
  if (isSoft && threshold !== undefined)
    throw new UsageError('--soft writes the map without a threshold; leave out --soft or --threshold.');
  outputPath(values);
  const { region } = readRegion(values);
  if (region === 'auto')
    throw new UsageError(
      'Nothing tells where to look but the picture; give --region X,Y,WIDTH,HEIGHT, or leave it out.',
    );
  const [engine, compute] = await Promise.all([host.engine(), host.compute()]);
  const { source, seconds, notices } = await loadSource(path, host);
  const isClip = 'frames' in source;
  const plan = await planOutput(values, isClip ? 'video' : 'picture', host);
  if (plan.target.format === 'jpeg') throw new UsageError('JPEG blurs the edges of a mask; name a .png or .webp file.');
  if (plan.target.format !== 'frames' && isClip && plan.target.format !== 'webp')
    throw new UsageError(
      `${plan.target.format.toUpperCase()} blurs the edges of a mask; name a folder for the frames, or a .webp file.`,
    );
  const prompt = values.text('prompt');
  const startMs = host.now();
  const progress = values.has('quiet') ? undefined : new ProgressReport(host);
  const found = await compute
    .select(
      {
        checkpoint: checkpointRef(values.text('model') ?? (isClip ? DEFAULT_VIDEO_MODEL : DEFAULT_MODEL), engine),
        source,
        word,
        ...(region !== undefined && { region }),
        ...(prompt !== undefined && { prompt }),
        ...(threshold !== undefined && { threshold }),
      },
      { ...(progress && { onEvent: progress.onEvent }), signal: host.signal },
    )
    .finally(() => progress?.end());
  const frames = found.frames.map(({ map, mask }) => (isSoft ? map : mask));
  const kind = isSoft ? 'map' : 'mask';
  // An animation takes colours alone.
  const shown = plan.target.kind === 'video' ? frames.map(toRgb) : frames;
  const { output: written } = await writeFrames(
    { count: shown.length, ...(isClip && { fps: source.fps }), at: (frame) => valueAt(shown, frame) },
    isClip && seconds ? { seconds } : {},
    plan,
    host,
  );
  const output: Output = { kind, word, ...written };
  const warnings = [...notices, ...found.warnings];
  for (const warning of warnings) host.writeErr(`attune: ${warning}\n`);
  const elapsedMs = host.now() - startMs;
  const share = `${(100 * (found.figures.selectedShare ?? 0)).toFixed(1)} % of the ${isClip ? 'clip' : 'picture'}`;
  return {
    ok: true,
    outputs: [output],
    figures: { ...found.figures, elapsedMs },
    lines: [`${output.path}: ${output.width}x${output.height}, ${kind} of "${word}", ${share}, ${duration(elapsedMs)}`],
    details: { word, prompt: found.prompt, warnings },
  };
}

function toRgb({ width, height, data }: Pixels): Pixels {
  const rgb = new Uint8Array(3 * data.length);
  for (const [at, value] of data.entries()) rgb.fill(value, 3 * at, 3 * at + 3);
  return { width, height, channels: 3, data: rgb };
}
