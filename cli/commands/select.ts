import type { Command, Outcome } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { loadPicture } from '../media.ts';
import type { Values } from '../options.ts';
import { planOutput, writePicture } from '../output.ts';
import { duration, ProgressReport } from '../progress.ts';
import { checkpointRef, DEFAULT_MODEL } from '../request.ts';

export const select: Command = {
  name: 'select',
  summary: 'find where a word is in a picture and write it as a mask',
  arguments: [{ name: 'IN', required: true, summary: 'the picture to look at; - is standard input' }],
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
    { name: 'threshold', type: 'text', value: 'T', summary: '0 to below 1: less selects more' },
    { name: 'soft', type: 'flag', summary: 'write the map in grey values instead of the mask' },
    {
      name: 'output',
      short: 'o',
      type: 'text',
      value: 'MASK',
      summary: '.png or .webp file to write; - is standard output',
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
  const plan = await planOutput(values);
  if (plan.format === 'jpeg') throw new UsageError('JPEG blurs the edges of a mask; name a .png or .webp file.');
  const engine = await host.engine();
  const { pixels: source } = await loadPicture(path, host);
  const prompt = values.text('prompt');
  const startMs = host.now();
  const progress = values.has('quiet') ? undefined : new ProgressReport(host);
  const found = await engine
    .select(
      {
        checkpoint: checkpointRef(values.text('model') ?? DEFAULT_MODEL, engine),
        source,
        word,
        ...(prompt !== undefined && { prompt }),
        ...(threshold !== undefined && { threshold }),
      },
      { ...(progress && { onEvent: progress.onEvent }), signal: host.signal },
    )
    .finally(() => progress?.end());
  const output = await writePicture(
    isSoft ? found.map : found.mask,
    { kind: isSoft ? 'map' : 'mask', word },
    plan,
    host,
  );
  for (const warning of found.warnings) host.writeErr(`attune: ${warning}\n`);
  const elapsedMs = host.now() - startMs;
  const share = `${(100 * (found.figures.selectedShare ?? 0)).toFixed(1)} % of the picture`;
  return {
    ok: true,
    outputs: [output],
    figures: { ...found.figures, elapsedMs },
    lines: [
      `${output.path}: ${output.width}x${output.height}, ${isSoft ? 'map' : 'mask'} of "${word}", ${share}, ${duration(elapsedMs)}`,
    ],
    details: { word, prompt: found.prompt, warnings: found.warnings },
  };
}
