import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TARGETS } from './fuzz/targets.ts';
import { fuzzRounds } from './mutations.ts';

/** So long nothing is heard of a round: it hangs. */
const SILENT_MS = 30_000;

/** Runs a target in a process of its own. Rejects with the round in which that broke, died or hung. */
function tried(name: string): Promise<{ readonly rounds: number; readonly taken: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'fuzz', 'child.ts'), name], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [last, err, hung] = ['', '', ''];
    const end = () => {
      hung = ' and hung';
      child.kill('SIGKILL');
    };
    let silent = setTimeout(end, SILENT_MS);
    child.stdout.on('data', (part: Buffer) => {
      clearTimeout(silent);
      silent = setTimeout(end, SILENT_MS);
      last = part.toString().trimEnd().split('\n').at(-1) ?? '';
    });
    child.stderr.on('data', (part: Buffer) => {
      err += part.toString();
    });
    child.once('close', (code, signal) => {
      clearTimeout(silent);
      if (code === 0) return resolve(JSON.parse(last));
      reject(new Error(`${name} ended in round ${last}${hung} (${signal ?? code}): ${err.slice(0, 4000)}`));
    });
  });
}

describe('damaged inputs are taken or refused with a sentence; nothing dies, hangs or changes what every object has', () => {
  for (const { name, budget, skip } of TARGETS) {
    const rounds = fuzzRounds(budget);
    it.skipIf(skip !== undefined)(
      `${name}, ${rounds} times${skip === undefined ? '' : `: ${skip}`}`,
      async () => {
        const counted = await tried(name);
        expect(counted.rounds).toBe(rounds);
        process.stdout.write(`${name}: ${counted.rounds} tried, ${counted.taken} of them taken\n`);
      },
      60_000 + rounds * 1000,
    );
  }
});
