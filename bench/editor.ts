import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { openImageCodec } from '../native/images.ts';
import { launchChromium, noChromium } from '../test/chromium.ts';
import { killServed } from '../test/served.ts';
import type { BenchContext, Benchmark, Figure } from './benchmark.ts';
import { type OpenEditor, openEditor } from './editor-page.ts';
import { residentBytes, runnerOf } from './processes.ts';

/** Starts with runs after them, and starts that are left alone. */
const BUSY_ROUNDS = 5;
const IDLE_ROUNDS = 3;
/** The first run of a start is the cold one, the last the warm one. */
const RUNS = 3;
const IDLE_MS = 20_000;
const STROKES = 5;
const EVENTS = 200;
/** A sixtieth of a second: what an event may take at most if every frame is to show it. */
const FRAME = 1 / 60;

/** The side of the picture that an editor starts with. */
const SAMPLE = 128;
/** Sides and widths in pixels of the picture. 24 is the brush that an editor starts with, 400 the widest. */
const CANVASES = [
  { side: SAMPLE, brush: 24 },
  { side: 1024, brush: 24 },
  { side: 4096, brush: 24 },
  { side: 4096, brush: 400 },
] as const;

/** Needs a Chromium; without one there is no figure. */
export const editor: Benchmark = {
  name: 'editor',
  title:
    'the served editor in Chromium: its start, its brush, its first preview, its memory; an address and folders each',
  async run({ say }) {
    if (noChromium !== undefined) {
      say(`skipped: ${noChromium}`);
      return [];
    }
    const folder = mkdtempSync(join(tmpdir(), 'attune-bench-editor-'));
    const tidy = () => {
      killServed();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    };
    // Also when the run is interrupted.
    process.once('exit', tidy);
    let browser: Browser | undefined;
    try {
      browser = await launchChromium();
      return await measure(say, browser, folder);
    } catch (error) {
      const [sentence] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
      say(`stopped without figures: ${sentence}`);
      return [];
    } finally {
      await browser?.close();
      process.off('exit', tidy);
      tidy();
    }
  },
};

type Start = OpenEditor['start'];

async function measure(say: BenchContext['say'], browser: Browser, folder: string): Promise<readonly Figure[]> {
  let opened = 0;
  const withEditor = async <T>(use: (editor: OpenEditor) => Promise<T>): Promise<T> => {
    opened += 1;
    const editor = await openEditor(browser, join(folder, String(opened)));
    const result = await use(editor);
    await editor.close();
    return result;
  };
  say('a start that is not measured; it builds the editor where that is old');
  await withEditor(async () => {});
  const [starts, cold, warm]: [Start[], number[], number[]] = [[], [], []];
  for (let round = 1; round <= BUSY_ROUNDS; round += 1) {
    say(`start and ${RUNS} runs, ${round} of ${BUSY_ROUNDS}`);
    await withEditor(async ({ start, run }) => {
      starts.push(start);
      for (let at = 1; at <= RUNS; at += 1) {
        const firstPreview = await run();
        if (at === 1) cold.push(firstPreview);
        if (at === RUNS) warm.push(firstPreview);
      }
    });
  }
  const brush = await withEditor((editor) => brushFigures(say, editor));
  const [before, after]: [Memory[], Memory[]] = [[], []];
  for (let round = 1; round <= IDLE_ROUNDS; round += 1) {
    say(`idle before and after a run, ${round} of ${IDLE_ROUNDS}`);
    await withEditor(async (editor) => {
      starts.push(editor.start);
      before.push(await idleMemory(editor));
      await editor.run();
      after.push(await idleMemory(editor));
    });
  }
  return [
    { label: 'start of the program to usable editor', unit: 's', values: starts.map(({ usable }) => usable) },
    {
      label: 'start of the program to its address / to usable editor',
      unit: 'share',
      values: starts.map(({ address, usable }) => address / usable),
    },
    ...brush,
    { label: 'click to first preview, cold', unit: 's', values: cold },
    { label: 'click to first preview, warm', unit: 's', values: warm },
    ...memoryFigures('idle before a run', before),
    ...memoryFigures('idle after a run', after),
  ];
}

async function brushFigures(say: BenchContext['say'], { page, open, stroke }: OpenEditor): Promise<readonly Figure[]> {
  await page.keyboard.press('b');
  await stroke(EVENTS); // the page's code is cold
  const figures: Figure[] = [];
  let shown: number = SAMPLE;
  for (const { side, brush } of CANVASES) {
    if (side !== shown) await open(`${side}.png`, await pictureOf(side), side);
    shown = side;
    await page.locator('#brush-size').fill(String(brush));
    const name = `brush of ${brush}, ${side} x ${side}`;
    const slowest: number[] = [];
    for (let at = 0; at < STROKES; at += 1) slowest.push(p95(await stroke(EVENTS)));
    say(`${name}: p95 of an event ${slowest.map((seconds) => (1000 * seconds).toFixed(2)).join(', ')} ms`);
    figures.push({ label: `${name}: p95 of an event / frame`, unit: 'share', values: slowest.map((s) => s / FRAME) });
  }
  return figures;
}

/** What 95 of 100 stay at or below. */
function p95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1] ?? Number.NaN;
}

/** A square picture with a little of everything, as a PNG. */
function pictureOf(side: number): Promise<Uint8Array> {
  const data = new Uint8Array(3 * side * side);
  for (let y = 0, at = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1, at += 3) {
      data[at] = (255 * x) / side;
      data[at + 1] = (255 * y) / side;
      data[at + 2] = (x ^ y) & 255;
    }
  return openImageCodec().encode({ width: side, height: side, channels: 3, data }, 'png');
}

/** In bytes. Processes are told by Linux alone. */
interface Memory {
  readonly server: number | undefined;
  readonly runner: number | undefined;
  readonly heap: number;
}

async function idleMemory({ served, pageCounts }: OpenEditor): Promise<Memory> {
  await pause(IDLE_MS);
  const runner = runnerOf(served.pid);
  return {
    server: residentBytes(served.pid),
    runner: runner === undefined ? undefined : residentBytes(runner),
    heap: (await pageCounts()).heapBytes,
  };
}

function memoryFigures(state: string, seen: readonly Memory[]): readonly Figure[] {
  const figure = (what: string, part: keyof Memory): readonly Figure[] => {
    const known = seen.flatMap((memory) => memory[part] ?? []);
    if (known.length < seen.length) return [];
    return [{ label: `${state}: ${what}`, unit: 'MiB', values: known.map((bytes) => bytes / 2 ** 20) }];
  };
  return [
    ...figure('memory of the server', 'server'),
    ...figure('memory of the runner', 'runner'),
    ...figure("heap of the page's scripts", 'heap'),
  ];
}
