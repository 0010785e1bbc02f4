import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBench } from '../bench/sprites/open.ts';
import { readOptions, UsageError } from '../bench/sprites/options.ts';
import { openProgress } from '../bench/sprites/progress.ts';
import { runPlan, type Section } from '../bench/sprites/run.ts';
import { sectionSheet } from '../bench/sprites/sheets.ts';
import { sectionLines, sectionsAsData } from '../bench/sprites/table.ts';
import { EMBEDDED } from './embedded.ts';

/** A small slice of `npm run spritebench`: the shipped checkpoint, the real engine, every task. */

const CASES = 2;
const SEED = 21;
const quiet = openProgress({ write: () => true }, () => 0);
let out: string;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'spritebench-'));
});
afterAll(() => rm(out, { recursive: true }));

async function tablesOf(argv: readonly string[], folder = out, onSections?: (sections: readonly Section[]) => void) {
  const options = readOptions([...argv, '--seed', String(SEED), '--out', folder]);
  const bench = await openBench({ embedded: EMBEDDED, progress: quiet, ...options });
  try {
    const sections = await runPlan(bench, options);
    onSections?.(sections);
    return { sections, sheets: await Promise.all(sections.slice(0, 1).map((section) => sectionSheet(bench, section))) };
  } finally {
    await bench.close();
  }
}

describe('SpriteBench', () => {
  it('runs every task with every method that is for it, and ranks them sensibly', { timeout: 240_000 }, async () => {
    const { sections, sheets } = await tablesOf(['--cases', String(CASES), '--sources', 'files']);
    expect(sections.map(({ task }) => task.id)).toEqual(['T0', 'T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8']);
    for (const section of sections) {
      const row = (name: string) => section.rows.find(({ method }) => method.name === name)?.seen;
      expect(row('true target')?.success, section.task.id).toBeGreaterThanOrEqual(0.5);
      if (row('do nothing') !== undefined) expect(row('do nothing')?.score, section.task.id).toBe(0);
      expect(
        section.rows.some(({ method }) => method.kind === 'method'),
        section.task.id,
      ).toBe(true);
      for (const { seen, unseen } of section.rows) {
        expect(seen.cases).toBe(CASES);
        expect(unseen.cases).toBe(CASES / 2);
      }
      expect(sectionLines(section).every((line) => !/NaN|undefined/.test(line))).toBe(true);
    }
    expect(sheets[0]?.width).toBeGreaterThan(128);
  });

  it('finds the embedded model good at what it is for', { timeout: 120_000 }, async () => {
    const argv = ['--tasks', 'T0,T1,T2', '--methods', 'generate,prompt-edit', '--sources', 'files', '--cases', '8'];
    const { sections } = await tablesOf(argv, join(out, 'quality'));
    const scores = sections.flatMap(({ rows }) => rows.map(({ seen }) => seen));
    expect(scores).toHaveLength(3);
    for (const { success } of scores) expect(success).toBeGreaterThanOrEqual(0.6);
    for (const { preservedDb } of scores.slice(1)) expect(preservedDb).toBeGreaterThan(38);
  });

  it('goes on where a killed run stopped, and gives what an unbroken run gives', { timeout: 120_000 }, async () => {
    const [whole, broken] = [join(out, 'whole'), join(out, 'broken')];
    const argv = [
      '--tasks',
      'T2,T6',
      '--methods',
      'inpaint,prompt-edit,do nothing',
      '--sources',
      'files',
      '--cases',
      '2',
    ];
    const first = sectionsAsData((await tablesOf(argv, whole)).sections);
    const lines = readFileSync(join(whole, 'results.jsonl'), 'utf8').split('\n');
    await tablesOf([...argv, '--fresh'], broken);
    // A kill in the middle of a line.
    writeFileSync(join(broken, 'results.jsonl'), lines.slice(0, 6).join('\n'));
    truncateSync(join(broken, 'results.jsonl'), lines.slice(0, 6).join('\n').length - 9);
    expect(sectionsAsData((await tablesOf(argv, broken)).sections)).toEqual(first);
    // What the kill left of a line stays behind as a line that says nothing.
    const after = readFileSync(join(broken, 'results.jsonl'), 'utf8').split('\n');
    expect(lines.filter((line) => !after.includes(line))).toEqual([]);
    expect(after).toHaveLength(lines.length + 1);
  });

  it('refuses to mix results of different seeds', async () => {
    const folder = join(out, 'mixed');
    await tablesOf(['--tasks', 'T0', '--methods', 'true target', '--cases', '1'], folder);
    const options = readOptions(['--seed', '3', '--out', folder]);
    await expect(openBench({ embedded: EMBEDDED, progress: quiet, ...options })).rejects.toThrow(
      /results\.jsonl.*--fresh/,
    );
  });

  it.each([
    [['--tasks', 'T9'], /T9 \(video motion\) is run by npm run spritebench:video/],
    [['--tasks', 'T99'], /no "T99"; there are T0, /],
    [['--methods', 'ir-diffusion'], /has no code yet/],
    [['--methods', 'promt-edit'], /no "promt-edit"; there are true target, /],
    [['--methods', 'prompt-edit:steps'], /"steps" is not of the form name=value/],
    [['--cases', '0'], /--cases: "0" is not a whole number from 1/],
    [['--sources', 'web'], /"web" is neither files nor own/],
    [['--wat'], /--wat/],
  ])('says what is wrong with %j', (argv, message) => {
    expect(() => readOptions(argv)).toThrow(UsageError);
    expect(() => readOptions(argv)).toThrow(message);
  });
});
