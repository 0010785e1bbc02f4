import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { ATTUNE, type Served, serveIn } from '../test/served.ts';

export interface PageCounts {
  /** Of its scripts. */
  readonly heapBytes: number;
  readonly nodes: number;
  readonly listeners: number;
}

/** An editor that a program of its own serves, in a page of its own, on folders of its own. */
export interface OpenEditor {
  readonly served: Served;
  readonly page: Page;
  /** Seconds since the program was started. */
  readonly start: { readonly address: number; readonly usable: number };
  /** Clicks the run button and waits for the end. @returns seconds until the first preview was on the canvas */
  run(): Promise<number>;
  open(name: string, bytes: Uint8Array, side: number): Promise<void>;
  /** Draws with the brush that is chosen. @returns what each event of the pointer took, in seconds */
  stroke(events: number): Promise<readonly number[]>;
  /** What the page holds after the garbage was collected. */
  pageCounts(): Promise<PageCounts>;
  close(): Promise<void>;
}

/**
 * Starts `attune serve` and opens its address; the browser runs already and keeps nothing from earlier pages. Throws where the program or
 * the editor does not come up.
 */
export async function openEditor(browser: Browser, folder: string): Promise<OpenEditor> {
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(WATCH);
  const devtools = await context.newCDPSession(page);
  const startMs = nowMs();
  const served = await serveIn(folder, [ATTUNE, 'serve'], { HOME: home });
  const addressMs = nowMs();
  await page.goto(served.url);
  const usableMs = await page.evaluate<number>('attuneBench.usable');
  return {
    served,
    page,
    start: { address: (addressMs - startMs) / 1000, usable: (usableMs - startMs) / 1000 },
    run: () => run(page),
    open: (name, bytes, side) => open(page, name, bytes, side),
    stroke: (events) => stroke(page, events),
    pageCounts: () => pageCounts(devtools),
    async close() {
      await context.close();
      await served.stop();
    },
  };
}

/** By the clock that pages and processes share. */
const nowMs = () => performance.timeOrigin + performance.now();

const RUN_BUTTON = 'button[aria-keyshortcuts^="Control+Enter"]';

/**
 * Runs in the page before its own scripts. The picture's canvas is looked at once a frame, after everything of that frame is drawn, through
 * a small copy, so that the browser does not move the canvas to where reading is cheap.
 */
const WATCH = `(() => {
  const LIMIT_MS = 60_000;
  const side = 64;
  const small = new OffscreenCanvas(side, side).getContext('2d', { willReadFrequently: true });
  const pixels = () => {
    const canvas = document.querySelector('canvas[data-testid="picture"]');
    small.clearRect(0, 0, side, side);
    if (canvas !== null && canvas.width > 0) small.drawImage(canvas, 0, 0, side, side);
    return small.getImageData(0, 0, side, side).data;
  };
  const afterFrame = (look) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { port1.close(); look(); };
    port2.postMessage(null);
  });
  const until = (holds, what) => new Promise((resolve, reject) => {
    const begin = performance.now();
    const look = () => {
      if (holds()) resolve(performance.now());
      else if (performance.now() - begin > LIMIT_MS) reject(what + ' within a minute');
      else afterFrame(look);
    };
    afterFrame(look);
  });
  const isUsable = () =>
    performance.getEntriesByName('attune:usable').length > 0 &&
    document.querySelector('${RUN_BUTTON}:enabled') !== null &&
    pixels()[4 * (side * side / 2 + side / 2) + 3] > 0;
  const usable = until(isUsable, 'the editor was not usable').then((now) => performance.timeOrigin + now);
  const firstPreview = () => {
    const before = pixels();
    let clicked;
    document.querySelector('${RUN_BUTTON}').addEventListener(
      'click', ({ timeStamp }) => { clicked = timeStamp; }, { capture: true, once: true });
    const isOther = () => clicked !== undefined && pixels().some((value, at) => value !== before[at]);
    return until(isOther, 'no preview came').then((now) => now - clicked);
  };
  globalThis.attuneBench = { usable, firstPreview };
})()`;

async function run(page: Page): Promise<number> {
  const results = page.getByRole('img', { name: /^Result/ });
  const before = await results.count();
  const [firstPreviewMs] = await Promise.all([
    page.evaluate<number>('attuneBench.firstPreview()'),
    page.locator(RUN_BUTTON).click(),
  ]);
  await results.nth(before).waitFor();
  await page.getByRole('progressbar').waitFor({ state: 'detached' });
  return firstPreviewMs / 1000;
}

async function open(page: Page, name: string, bytes: Uint8Array, side: number): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await (await chooser).setFiles({ name, mimeType: 'image/png', buffer: Buffer.from(bytes) });
  await page.getByText(`${side} × ${side} px`).waitFor();
}

/** What a hand does in a sixtieth of a second, in pixels of the screen. */
const STEP = 12;
/** Lines that a stroke goes up and down between, across the picture. */
const LINES = 8;

/** One stroke without a lift: up and down the picture, slanted, from left to right and back. */
async function stroke(page: Page, events: number): Promise<readonly number[]> {
  const box = await page.getByLabel('The picture, with its mask and result').boundingBox();
  if (box === null) throw new Error('there is no canvas');
  // The picture fits the stage with a margin.
  const side = Math.min(box.width, box.height) - 64;
  const [left, top] = [box.x + (box.width - side) / 2, box.y + (box.height - side) / 2];
  /** Goes from 0 to 1 and back. */
  const swing = (turns: number) => 1 - Math.abs((turns % 2) - 1);
  const at = (event: number) => {
    const turns = (event * STEP) / side;
    return [left + side * swing(turns / LINES), top + side * swing(turns)] as const;
  };
  await page.evaluate(`performance.clearMeasures('attune:brush')`);
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let event = 1; event <= events; event += 1) await page.mouse.move(...at(event));
  await page.mouse.up();
  const taken = await page.evaluate<number[]>(
    `performance.getEntriesByName('attune:brush').map(({ duration }) => duration / 1000)`,
  );
  if (taken.length < events / 2) throw new Error(`the brush told of ${taken.length} events where ${events} were sent`);
  return taken;
}

async function pageCounts(devtools: CDPSession): Promise<PageCounts> {
  await devtools.send('HeapProfiler.collectGarbage');
  await devtools.send('Performance.enable');
  const { metrics } = await devtools.send('Performance.getMetrics');
  await devtools.send('Performance.disable');
  const metricOf = (wanted: string) => metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
  return { heapBytes: metricOf('JSHeapUsedSize'), nodes: metricOf('Nodes'), listeners: metricOf('JSEventListeners') };
}
