import { framesOfSource, valueAt } from '../../engine/index.ts';
import { UPSCALER } from '../../native/package.ts';
import type { Command, Outcome, Output } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { writeFrames } from '../frames.ts';
import type { Host } from '../host.ts';
import { keptOf } from '../kept.ts';
import type { Values } from '../options.ts';
import { outputPath, planOutput } from '../output.ts';
import { ProgressReport } from '../progress.ts';
import { loadSource } from '../source.ts';
import { duration } from '../statusline.ts';

/** More than any network gives. */
const MOST = 16;

export const upscale: Command = {
  name: 'upscale',
  summary: 'make a picture or a clip larger',
  arguments: [{ name: 'IN', required: true, summary: 'the picture or clip; - is standard input' }],
  options: [
    {
      name: 'scale',
      type: 'text',
      value: 'N',
      summary: 'how many times as wide and high, from 1 to what the upscaler gives; without it that',
    },
    {
      name: 'model',
      short: 'm',
      type: 'text',
      value: 'FILE',
      summary: '.safetensors file of an ESRGAN or Real-ESRGAN upscaler; without it the one that ships, of four times',
    },
    {
      name: 'output',
      short: 'o',
      type: 'text',
      value: 'OUT',
      summary: 'file to write, - is standard output; of a clip also a folder for a PNG of each frame',
    },
    { name: 'force', type: 'flag', summary: 'replace files that exist' },
    ...COMMON_OPTIONS,
  ],
  examples: [
    'attune upscale in.png -o large.png',
    'attune upscale in.jpg --scale 2 --model RealESRGAN_x4plus.safetensors -o out.jpg',
  ],
  run,
};

async function run(values: Values, host: Host): Promise<Outcome> {
  const [path = '-'] = values.arguments;
  outputPath(values);
  const scale = values.number('scale', 1, MOST);
  const network = values.text('model') ?? UPSCALER;
  const compute = await host.compute();
  const loaded = await loadSource(path, host);
  const { source } = loaded;
  const clip = 'frames' in source ? source : undefined;
  const plan = await planOutput(values, clip === undefined ? 'picture' : 'video', host);
  const frames = framesOfSource(source);
  const { notices, ...kept } = keptOf(loaded, {}, plan.target);
  const startMs = host.now();
  const progress = values.has('quiet') ? undefined : new ProgressReport(host);
  const count = frames.length;
  const large = {
    count,
    ...(clip && { fps: clip.fps }),
    async at(frame: number) {
      const request = { network, picture: valueAt(frames, frame), ...(scale !== undefined && { scale }) };
      // Of a clip the frames are its steps, of a picture the tiles.
      const onEvent = clip === undefined || frame === 0 ? progress?.onEvent : undefined;
      const made = await compute.upscale(request, { ...(onEvent && { onEvent }), signal: host.signal });
      const [step, perFrame] = [frame + 1, (host.now() - startMs) / (frame + 1)];
      if (clip !== undefined) progress?.onEvent({ kind: 'step', step, of: count, etaMs: perFrame * (count - step) });
      return made;
    },
  };
  const written = await writeFrames(large, kept, plan, host).finally(() => progress?.end());
  const warnings = [...notices, ...written.notices];
  for (const warning of warnings) host.writeErr(`attune: ${warning}\n`);
  const elapsedMs = host.now() - startMs;
  const output: Output = { kind: clip === undefined ? 'image' : 'video', ...written.output };
  const length = clip === undefined ? '' : `, ${count} frames`;
  return {
    ok: true,
    outputs: [output],
    figures: { elapsedMs },
    lines: [`${output.path}: ${output.width}x${output.height}${length}, ${duration(elapsedMs)}`],
    details: { warnings },
  };
}
