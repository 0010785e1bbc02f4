import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planBatch } from './expand.ts';
import { generateMethod, tableOf } from './kill-job.ts';
import { openPlanner, type Planner } from './planner.ts';
import { prepareTable } from './prepare.ts';

const methods = [generateMethod];
let planner: Planner;
beforeEach(() => {
  planner = openPlanner();
});
afterEach(() => planner.close());

/** How often other work had its turn before something was done. */
async function turnsBefore(done: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const end = () => {
    isDone = true;
  };
  done.then(end, end);
  while (!isDone) {
    await new Promise((next) => setTimeout(next, 1));
    turns++;
  }
  return turns;
}

describe('the thread that reads tables', () => {
  it('says what the service would say itself', async () => {
    const table = tableOf(300, { repeats: 2 });
    const [plan, prepared] = await Promise.all([planner.plan(table, methods), planner.prepare(table, methods)]);
    expect(plan).toEqual(planBatch(table, methods));
    expect(prepared).toEqual(prepareTable(table, methods));
    for (const rows of [1, 20_000])
      expect(await planner.parse('x.csv', new TextEncoder().encode(`prompt;seed\n${'a;7\n'.repeat(rows)}`))).toEqual({
        rows: Array.from({ length: rows }, () => ({ prompt: 'a', seed: '7' })),
        notes: [],
      });
  });

  it('leaves others their turns, whatever a table costs', async () => {
    const rows = Array.from({ length: 60 }, () => ({ prompt: '{a|{b|c}}'.repeat(300) }));
    expect(await turnsBefore(planner.plan(tableOf(1, { rows }), methods))).toBeGreaterThan(5);
    const text = `prompt\n${`${'{'.repeat(19_000)}\n`.repeat(60)}`;
    expect(await turnsBefore(planner.parse('x.csv', new TextEncoder().encode(text)))).toBeGreaterThan(0);
  });

  it('passes sentences on, and goes on behind them', async () => {
    for (const size of [1, 100_000]) {
      const broken = new TextEncoder().encode(`[${' '.repeat(size)}`);
      await expect(planner.parse('x.json', broken)).rejects.toThrow('x.json is no JSON.');
    }
    expect((await planner.plan(tableOf(1), methods)).total).toBe(1);
  });

  it('ends with what waits for it, and begins again', async () => {
    const ended = expect(planner.plan(tableOf(600), methods)).rejects.toThrow(/was closed/);
    await planner.close();
    await ended;
    expect((await planner.plan(tableOf(2), methods)).total).toBe(2);
  });
});
