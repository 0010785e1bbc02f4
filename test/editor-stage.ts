import type { Page } from 'playwright-core';
import { builtEditor } from '../cli/editor.ts';
import type { DeskEvent, HistoryEntry } from '../contract/index.ts';
import { openServer } from '../service/http/index.ts';
import { openTestDesk, type TestDesk } from '../service/testdesk.ts';
import { launchChromium } from './chromium.ts';

/** The real editor in a real browser before a real service with real runners. */
export interface Stage {
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

export type Carrier = (desk: TestDesk) => Promise<{
  /** Before the first page is opened. */
  attach(page: Page): Promise<void>;
  readonly url: string;
  close(): Promise<void>;
}>;

/** The editor over HTTP and a WebSocket, as `attune serve` has it. */
export const overSocket: Carrier = async (desk) => {
  const server = await openServer({ service: desk.service, editor: await builtEditor(), port: 0 });
  return { url: server.url, attach: async () => {}, close: () => server.close() };
};

export interface StageOptions {
  readonly carrier?: Carrier;
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly reducedMotion?: 'reduce' | 'no-preference';
  /** Done with the service before the editor opens. */
  readonly prepare?: (desk: TestDesk) => Promise<void>;
}

export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const { carrier = overSocket, width = 1280, height = 800, colorScheme = 'light', prepare } = options;
  const desk = await openTestDesk();
  await prepare?.(desk);
  const carried = await carrier(desk);
  const browser = await launchChromium();
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme,
    reducedMotion: options.reducedMotion ?? 'no-preference',
  });
  const complaints: string[] = [];
  const strangers: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  const { host } = new URL(carried.url);
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (/^(http|ws)/.test(url.protocol) && url.host !== host) strangers.push(request.url());
  });
  await carried.attach(page);
  const reopen = async () => {
    await page.goto(carried.url);
    await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor();
  };
  await reopen();
  return {
    desk,
    page,
    complaints,
    strangers,
    reopen,
    async close() {
      await browser.close();
      await carried.close();
      await desk.remove();
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
