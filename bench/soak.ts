import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openImageCodec } from '../native/images.ts';
import { launchChromium, noChromium } from '../test/chromium.ts';
import { killServed } from '../test/served.ts';
import type { BenchContext, Benchmark, Figure, Unit } from './benchmark.ts';
import { type OpenEditor, openEditor } from './editor-page.ts';
import { childrenOf, openFiles, residentBytes, runnerOf } from './processes.ts';

/** Actions before the first look, which make what is made once. */
const WARM_UP = 6;
const IDLE_MS = 5000;
const EVENTS = 100;
const SIDES = [256, 512, 1024] as const;

/** Needs a Chromium and Linux; without one there is no figure. */
export const soak: Benchmark = {
  name: 'soak',
  title:
    'the served editor in Chromium, worked with for --minutes: memory, open files and listeners at the start and at the end',
  isLong: true,
  async run(context) {
    if (noChromium !== undefined) {
      context.say(`skipped: ${noChromium}`);
      return [];
    }
    const folder = mkdtempSync(join(tmpdir(), 'attune-bench-soak-'));
    const tidy = () => {
      killServed();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    };
    process.once('exit', tidy);
    const browser = await launchChromium();
    try {
      // One start that is not measured: it builds the editor where that is old.
      await (await openEditor(browser, join(folder, 'first'))).close();
      const editor = await openEditor(browser, join(folder, 'second'));
      const figures = await work(context, editor);
      await editor.close();
      return figures;
    } finally {
      await browser.close();
      process.off('exit', tidy);
      tidy();
    }
  },
};

async function work({ say, minutes }: BenchContext, editor: OpenEditor): Promise<readonly Figure[]> {
  const act = await actions(editor);
  for (let count = 0; count < WARM_UP; count += 1) await act(count);
  const start = await look(editor);
  const endMs = performance.now() + 60_000 * minutes;
  let count = 0;
  let nextMs = performance.now();
  while (performance.now() < endMs) {
    await act(count);
    count += 1;
    if (performance.now() < nextMs) continue;
    nextMs = performance.now() + 60_000;
    say(`${count} actions, ${((endMs - performance.now()) / 60_000).toFixed(1)} minutes to go`);
  }
  const end = await look(editor);
  return [
    { label: `actions in ${minutes} minutes`, unit: 'count', values: [count] },
    ...Object.entries(start).flatMap(([what, { unit, value }]): Figure[] => {
      const later = end[what]?.value;
      if (value === undefined || later === undefined) return [];
      return [
        { label: `${what}, at the start`, unit, values: [value] },
        { label: `${what}, at the end`, unit, values: [later] },
      ];
    }),
  ];
}

/** One after the other: runs, strokes, and pictures of several sizes. */
async function actions({ page, run, stroke, open }: OpenEditor): Promise<(count: number) => Promise<unknown>> {
  const pictures = await Promise.all(SIDES.map(pictureOf));
  let brought = 0;
  return async (count) => {
    switch (count % 4) {
      case 0:
        return run();
      case 1:
        await page.keyboard.press('b');
        return stroke(EVENTS);
      case 2: {
        const at = brought % SIDES.length;
        const side = SIDES[at] ?? SIDES[0];
        brought += 1;
        return open(`${side}-${brought}.png`, pictures[at] ?? new Uint8Array(), side);
      }
      default:
        for (let back = 0; back < 3; back += 1) await page.keyboard.press('Control+z');
    }
  };
}

function pictureOf(side: number): Promise<Uint8Array> {
  const data = Uint8Array.from({ length: 3 * side * side }, (_, at) => (at * 31 + (at >> 8)) % 256);
  return openImageCodec().encode({ width: side, height: side, channels: 3, data }, 'png');
}

type Seen = Readonly<Record<string, { readonly unit: Unit; readonly value: number | undefined }>>;

async function look({ served: { pid }, pageCounts }: OpenEditor): Promise<Seen> {
  await pause(IDLE_MS);
  const runner = runnerOf(pid);
  const { heapBytes, nodes, listeners } = await pageCounts();
  const mebibytes = (bytes: number | undefined) =>
    ({ unit: 'MiB', value: bytes === undefined ? undefined : bytes / 2 ** 20 }) as const;
  const count = (value: number | undefined) => ({ unit: 'count', value }) as const;
  return {
    'memory of the service': mebibytes(residentBytes(pid)),
    'memory of the runner': mebibytes(runner === undefined ? undefined : residentBytes(runner)),
    "heap of the page's scripts": mebibytes(heapBytes),
    'nodes of the page': count(nodes),
    'listeners of the page': count(listeners),
    'open files of the service': count(openFiles(pid)),
    'open files of the runner': count(runner === undefined ? undefined : openFiles(runner)),
    'processes of the service': count(childrenOf(pid).length),
  };
}
