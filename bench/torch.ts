import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createOnnxRuntime } from '../native/runtime.ts';
import type { BenchContext, Benchmark, Figure } from './benchmark.ts';
import { MEDIUM, openDenoiser, openStep } from './denoisers.ts';
import { ratioFigure, type Sample, timed, timeFigure } from './measure.ts';
import { sd3Medium } from './networks.ts';

const ROUNDS = 7;

/**
 * Our step against diffusers on torch, with the same weights, in turn. Needs a Python with torch and diffusers, named by
 * ATTUNE_BENCH_PYTHON; users and CI need none, and without it there is no figure.
 */
export const torch: Benchmark = {
  name: 'torch',
  title: 'a step against diffusers on torch; SD3 medium, 4 layers, 64 x 64 cells, 1357 tokens, f32',
  async run(context) {
    const python = process.env.ATTUNE_BENCH_PYTHON;
    if (python !== undefined && python !== '') return compare(context, python);
    context.say('skipped: ATTUNE_BENCH_PYTHON names no Python with torch and diffusers');
    return [];
  },
};

async function compare({ workspace, threads, say }: BenchContext, python: string): Promise<readonly Figure[]> {
  const { folder } = workspace.random('sd3-medium-4', sd3Medium(4), 'F32');
  const peer = await startPeer(python, folder, threads);
  say(peer.greeting);
  const runtime = createOnnxRuntime({ threads });
  const mapped = await openStep(runtime, openDenoiser(folder), MEDIUM);
  const prepacked = await openStep(runtime, openDenoiser(folder), MEDIUM, { weights: 'private' });
  const contenders: readonly { readonly name: string; readonly run: () => Promise<Sample> }[] = [
    { name: 'torch', run: peer.run },
    { name: 'mapped', run: () => timed(mapped.run) },
    { name: 'private', run: () => timed(prepacked.run) },
  ];
  try {
    for (const { run } of contenders) await run();
    const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
    for (let round = 0; round < ROUNDS; round++)
      for (const { name, run } of round % 2 === 0 ? contenders : contenders.toReversed())
        samples.get(name)?.push(await run());
    const of = (name: string) => samples.get(name) ?? [];
    return [
      ...contenders.map(({ name }) => timeFigure(name, of(name))),
      ratioFigure('mapped / torch', of('mapped'), of('torch'), { atMost: 0.8, by: 'cpu' }),
      ratioFigure('private / torch', of('private'), of('torch')),
    ];
  } finally {
    peer.stop();
    await mapped.session.release();
    await prepacked.session.release();
  }
}

interface Peer {
  readonly greeting: string;
  run(): Promise<Sample>;
  stop(): void;
}

async function startPeer(python: string, folder: string, threads: number): Promise<Peer> {
  const script = fileURLToPath(new URL('torch_step.py', import.meta.url));
  const { height, width, textTokens } = MEDIUM;
  const child = spawn(python, [script, folder, String(threads), String(height), String(width), String(textTokens)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${python} ended before it answered`);
    return String(value);
  };
  const greeting = await next();
  return {
    greeting,
    async run() {
      child.stdin.write('run\n');
      const [wall = Number.NaN, cpu = Number.NaN] = (await next()).split(' ').map(Number);
      return { wall, cpu };
    },
    stop: () => void child.stdin.end('stop\n'),
  };
}
