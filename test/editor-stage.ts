import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JSHandle, Page } from 'playwright-core';

import { builtEditor } from '../cli/editor.ts';
import type { DeskEvent, HistoryEntry } from '../contract/index.ts';
import { openServer } from '../service/http/index.ts';
import { openTestDesk, type TestDesk } from '../service/testdesk.ts';
import { launchChromium } from './chromium.ts';
import { PLACE } from './electron/page.ts';
import { placesHere, serviceProcessOf, startInChromium } from './electron/shell.ts';

/** The real editor in a real browser before a real service with real runners. */
export interface Stage extends Pick<Carried, 'saved'> {
  readonly desk: TestDesk;
  readonly page: Page;
  /** What the page said to its console that it should not have: errors, refusals by its policy. */
  readonly complaints: string[];
  /** Addresses that the page asked for outside of its own server. */
  readonly strangers: string[];
  /** Opens the editor again, as a user who comes back. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export interface Carried {
  /** Opens the editor, also again. */
  open(): Promise<void>;
  /** Gives up the export's file as the user's disk has it, once the button was pressed. */
  saved(press: () => Promise<void>): Promise<{ readonly name: string; readonly bytes: Uint8Array }>;
  /** Start of every address that the page may ask for. */
  readonly origin: string;
  close(): Promise<void>;
}

export type Carrier = (desk: TestDesk, page: Page) => Promise<Carried>;

/** The editor over HTTP and a WebSocket, as `attune serve` has it. */
export const overSocket: Carrier = async (desk, page) => {
  const server = await openServer({ service: desk.service, editor: await builtEditor(), port: 0 });
  const { origin } = new URL(server.page);
  return {
    origin,
    open: async () => void (await page.goto(server.newAddress('printed'))),
    async saved(press) {
      const download = page.waitForEvent('download');
      await press();
      const file = await download;
      return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
    },
    close: () => server.close(),
  };
};

/** The editor in the desktop shell's window, on a stand-in for Electron. */
export const overShell: Carrier = async (desk, page) => {
  const places = await placesHere();
  const service = serviceProcessOf(desk.service);
  const double = await startInChromium(page, () => service, places);
  let isFirst = true;
  return {
    origin: PLACE,
    async open() {
      if (!isFirst) await page.reload();
      isFirst = false;
    },
    async saved(press) {
      const place = join(desk.home, 'saved');
      double.nextPath = place;
      await press();
      await until(() => existsSync(place));
      return { name: double.proposed.at(-1) ?? '', bytes: await readFile(place) };
    },
    async close() {
      double.api.app.quit();
      await until(() => double.hasQuit());
    },
  };
};

export interface StageOptions {
  readonly carrier?: Carrier;
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly reducedMotion?: 'reduce' | 'no-preference';
  /** Folder that an earlier desk has left; a new one otherwise. */
  readonly home?: string;
  /** Done with the service before the editor opens. */
  readonly prepare?: (desk: TestDesk) => Promise<void>;
}

export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const { carrier = overSocket, width = 1280, height = 800, colorScheme = 'light', prepare } = options;
  const desk = await openTestDesk(options.home);
  await prepare?.(desk);
  const browser = await launchChromium();
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme,
    reducedMotion: options.reducedMotion ?? 'no-preference',
  });
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => asked.push(request.url()));
  page.on('websocket', (socket) => asked.push(socket.url()));
  const carried = await carrier(desk, page);
  const reopen = async () => {
    await carried.open();
    await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor();
  };
  await reopen();
  const { host } = new URL(carried.origin);
  const isStrange = (url: string) => /^(https?|wss?):/.test(url) && new URL(url).host !== host;
  return {
    desk,
    page,
    complaints,
    get strangers() {
      return asked.filter(isStrange);
    },
    reopen,
    saved: carried.saved,
    async close() {
      await browser.close();
      await carried.close();
      await desk.remove();
    },
  };
}

async function until(isSo: () => boolean, timeoutMs = 10_000): Promise<void> {
  for (const end = performance.now() + timeoutMs; !isSo(); ) {
    if (performance.now() > end) throw new Error('it did not come to that in time');
    await new Promise((done) => setTimeout(done, 20));
  }
}

/**
 * Watches for words that may stand in the page for a moment only; begin before what brings them. Playwright's own waiting
 * looks now and then, and a page that is busy for half a second has them come and go between two looks.
 */
export async function watchFor(page: Page, words: RegExp): Promise<{ wereSeen(): Promise<void> }> {
  const seen = (await page.evaluateHandle(`(() => {
    const found = { is: false };
    const look = () => { found.is ||= ${words}.test(document.body.textContent); };
    look();
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    return found;
  })()`)) as JSHandle<{ is: boolean }>;
  return {
    async wereSeen() {
      for (const end = performance.now() + 30_000; !(await seen.evaluate(({ is }) => is)); ) {
        if (performance.now() > end) throw new Error(`the page never said ${words}`);
        await new Promise((done) => setTimeout(done, 50));
      }
    },
  };
}

/** The next result that the service tells. */
export async function nextResult({ events }: TestDesk, since: number, timeoutMs = 60_000): Promise<HistoryEntry> {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    const found = events
      .slice(since)
      .find((event): event is Extract<DeskEvent, { kind: 'result' }> => event.kind === 'result');
    if (found !== undefined) return found.entry;
    await new Promise((done) => setTimeout(done, 30));
  }
  throw new Error('no result came');
}

/** Opens files as the "Open" button does. */
export async function openFiles(
  page: Page,
  button: string,
  files: { readonly name: string; readonly bytes: Uint8Array; readonly type?: string } | readonly string[],
): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: button, exact: true }).click();
  const given =
    'bytes' in files
      ? { name: files.name, mimeType: files.type ?? 'image/png', buffer: Buffer.from(files.bytes) }
      : [...files];
  await (await chooser).setFiles(given);
}
