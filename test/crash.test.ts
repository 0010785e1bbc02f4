import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'vitest';
import { type Life, startLife } from './crash/life.ts';
import { Work } from './crash/work.ts';
import { randomNumbers } from './mutations.ts';

/** Kills in a run of the tests; more by hand: `ATTUNE_KILLS=300`. */
const KILLS = Number(process.env.ATTUNE_KILLS ?? 6);
/** After so many the work so far is waited for and looked at, and a new home begins. */
const KILLS_AT_ONCE = 30;
const TARGETS = ['service', 'runner', 'both'] as const;

let home: string;
let life: Life | undefined;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'attune-crash-'));
});
afterEach(async () => {
  life?.kill('both');
  await life?.ended;
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

it(
  `edits, clips, batches, exports and the journal outlive ${KILLS} kills of service and runner`,
  async () => {
    const random = randomNumbers(Math.floor(Math.random() * 2 ** 31));
    for (let left = KILLS; left > 0; left -= KILLS_AT_ONCE) {
      const place = join(home, String(left));
      const work = new Work(random);
      const kills = { service: 0, runner: 0, both: 0 };
      for (let kill = 0; kill < Math.min(left, KILLS_AT_ONCE); kill++) {
        life ??= await startLife(place);
        await work.check(life);
        const target = TARGETS[random(TARGETS.length)] ?? 'both';
        let isOver = false;
        const killed = new Promise<void>((done) =>
          setTimeout(() => {
            isOver = true;
            life?.kill(target);
            done();
          }, random(4000)),
        );
        await work.until(life, () => isOver);
        await killed;
        kills[target]++;
        if (target === 'runner') continue;
        await life.ended;
        life = undefined;
      }
      life ??= await startLife(place);
      await work.finish(life, place);
      process.stdout.write(`${JSON.stringify({ kills, ...work.counts })}: none lost, none doubled\n`);
      life.kill('both');
      await life.ended;
      life = undefined;
      await rm(place, { recursive: true, force: true });
    }
  },
  300_000 + KILLS * 20_000,
);
