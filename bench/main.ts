import { parseArgs } from 'node:util';
import { createOnnxRuntime } from '../native/runtime.ts';
import type { Benchmark } from './benchmark.ts';
import { machineFacts, machineLine } from './machine.ts';
import { benchmarks } from './registry.ts';
import { reportFigure, tableOf } from './table.ts';
import { Workspace } from './workspace.ts';

const USAGE = `Usage: npm run bench [-- [--json] [--threads N] [--minutes N] [NAME ...]]
NAME: ${benchmarks.map(({ name }) => name).join(', ')}; all but soak without one.
--threads N: threads of the runtime where steps are compared (default 1, for processor times without waiting).
--minutes N: how long soak works (default 30).
`;

/** Exit 0: measured, 2: wrong usage. A missed bar is printed and is no failure: a busy machine misses bars of its own. */
async function main(args: readonly string[]): Promise<number> {
  const asked = readArgs(args);
  if (asked === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { chosen, threads, minutes, json } = asked;
  const machine = machineFacts(createOnnxRuntime().version);
  const print = (line: string) => void (json ? process.stderr : process.stdout).write(`${line}\n`);
  print(machineLine(machine));
  print(
    'Times in seconds by the wall clock, and (cpu) in processor time of the process. spread = (max - min) / median.',
  );
  const workspace = new Workspace();
  const say = (line: string) => void process.stderr.write(`  ${line}\n`);
  const reports: object[] = [];
  try {
    for (const { name, title, run } of chosen) {
      print(`\n${name}: ${title}`);
      const start = performance.now();
      const figures = (await run({ workspace, threads, minutes, say })).map(reportFigure);
      const seconds = (performance.now() - start) / 1000;
      for (const line of tableOf(figures)) print(line);
      print(`(took ${seconds.toFixed(0)} s)`);
      reports.push({ name, title, seconds, figures });
    }
  } finally {
    workspace.remove();
  }
  if (json) process.stdout.write(`${JSON.stringify({ machine, threads, benchmarks: reports })}\n`);
  return 0;
}

function readArgs(args: readonly string[]) {
  try {
    const options = { json: { type: 'boolean' }, threads: { type: 'string' }, minutes: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const threads = Number(values.threads ?? 1);
    const minutes = Number(values.minutes ?? 30);
    const named = positionals.map((name) => benchmarks.find((benchmark) => benchmark.name === name));
    const known = named.filter((benchmark): benchmark is Benchmark => benchmark !== undefined);
    if (known.length < named.length || !Number.isInteger(threads) || threads < 1 || !(minutes > 0)) return undefined;
    return {
      chosen: known.length === 0 ? benchmarks.filter(({ isLong }) => !isLong) : known,
      threads,
      minutes,
      json: values.json === true,
    };
  } catch {
    // An option that does not exist: the usage says what does.
    return undefined;
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main(process.argv.slice(2));
