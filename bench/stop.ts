import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ATTUNE } from '../test/served.ts';
import type { Bar, BenchContext, Benchmark, Figure } from './benchmark.ts';

const ROUNDS = 7;
const ANSWER: Bar = { atMost: 0.1, by: 'wall' };
const END: Bar = { atMost: 2, by: 'wall' };
const GENERATE = ['generate', '-p', 'a red apple', '--seed', '1', '--force'];

export const stop: Benchmark = {
  name: 'stop',
  title:
    'the command line on the embedded model: Ctrl-C while its network runs, and a command of one step from its start to its end',
  async run(context) {
    const folder = mkdtempSync(join(tmpdir(), 'attune-bench-stop-'));
    try {
      return await measure(context, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure({ say }: BenchContext, folder: string): Promise<readonly Figure[]> {
  const [answers, ends, whole]: [number[], number[], number[]] = [[], [], []];
  const output = join(folder, 'out.png');
  for (let round = 0; round < ROUNDS; round += 1) {
    say(`round ${round + 1} of ${ROUNDS}`);
    const stopped = await run(folder, [...GENERATE, '--steps', '1000', '-o', output], 'working');
    answers.push(stopped.answered);
    ends.push(stopped.ended);
    whole.push((await run(folder, [...GENERATE, '--steps', '1', '-o', output])).ended);
  }
  return [
    { label: 'Ctrl-C to the sentence', unit: 's', values: answers, bar: ANSWER },
    { label: 'Ctrl-C to the end of the command', unit: 's', values: ends, bar: END },
    { label: 'one step, start to end of the command', unit: 's', values: whole },
  ];
}

/** Seconds to the answer and to the end: since the signal that is sent when `signalAt` was said, or since the start without it. */
async function run(folder: string, argv: readonly string[], signalAt?: string) {
  const own = (kind: string) => join(folder, kind);
  const env = {
    ...process.env,
    XDG_STATE_HOME: own('state'),
    XDG_CONFIG_HOME: own('config'),
    HF_HUB_CACHE: own('hub'),
  };
  let start = performance.now();
  const since = () => (performance.now() - start) / 1000;
  const child = spawn(process.execPath, [ATTUNE, ...argv], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let [said, answered] = ['', 0];
  let isTold = false;
  child.stderr.on('data', (part: Buffer) => {
    said += part.toString();
    if (answered === 0 && said.includes('stopping')) answered = since();
    if (isTold || signalAt === undefined || !said.includes(signalAt)) return;
    isTold = true;
    start = performance.now();
    child.kill('SIGINT');
  });
  await new Promise((ended) => child.once('close', ended));
  return { answered, ended: since() };
}
