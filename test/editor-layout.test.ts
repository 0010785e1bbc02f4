import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../contract/index.ts';
import { openDatabase } from '../service/store/database.ts';
import { openHistory } from '../service/store/history.ts';
import { openTestDesk } from '../service/testdesk.ts';
import { noChromium } from './chromium.ts';
import { nextResult, openStage, type Stage } from './editor-stage.ts';

/** Whether parts of the window lie over each other or outside of it, by their measures, with few results and with many. */

const PAGES = ['Edit', 'Video', 'Batch', 'Models', 'Settings'] as const;
const WIDTHS = [900, 1280, 1920, 3840] as const;

/**
 * What is wrong with the page's layout, in words. Parts that stand side by side must not overlap, and nothing that is not scrolled may
 * stick out of the part it is in or of the window.
 */
const MEASURE = `(() => {
  const found = [];
  const nameOf = (element) => element.tagName.toLowerCase() + [...element.classList].map((name) => '.' + name).join('');
  const isShown = (element) => element.getClientRects().length > 0;
  const { innerWidth, innerHeight } = window;
  for (const grid of document.querySelectorAll('.app, .workspace, .stage-column, .side-panel, .video-page, .video-main, .video-side, .batch-page, .top-bar, .top-tools, .run-bar, .run-buttons, .history, .history-head, .player-bar, .timeline-foot')) {
    if (!isShown(grid)) continue;
    const parts = [...grid.children].filter((part) => isShown(part) && !/fixed|absolute/.test(getComputedStyle(part).position));
    const around = grid.getBoundingClientRect();
    for (const part of parts) {
      const inside = part.getBoundingClientRect();
      const out = Math.max(inside.right - around.right, around.left - inside.left);
      if (out > 1) found.push(nameOf(part) + ' sticks ' + Math.round(out) + ' px out of ' + nameOf(grid));
    }
    for (const [at, one] of parts.entries())
      for (const other of parts.slice(at + 1)) {
        const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 1 && high > 1) found.push(nameOf(one) + ' lies ' + Math.round(wide) + 'x' + Math.round(high) + ' over ' + nameOf(other));
      }
  }
  for (const element of document.querySelectorAll('.app *')) {
    if (!isShown(element)) continue;
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    let scrolled = false;
    for (let parent = element; parent !== null && !scrolled; parent = parent.parentElement) {
      const { overflowX, overflowY, position, clipPath } = getComputedStyle(parent);
      scrolled = clipPath !== 'none' || (parent !== element && /auto|scroll/.test(overflowX + overflowY)) || parent.classList.contains('skip');
    }
    if (scrolled) continue;
    const out = Math.max(box.right - innerWidth, -box.left, box.bottom - innerHeight, -box.top);
    if (out > 1) found.push(nameOf(element) + ' is ' + Math.round(out) + ' px outside of the window');
  }
  for (const element of document.querySelectorAll('button, .field, .row, .run-buttons, .history-head, .card-head')) {
    if (!isShown(element) || element.closest('.strip, .thumb, .clip-block, .timeline-track')) continue;
    const out = element.scrollWidth - element.clientWidth;
    if (out > 1) found.push(nameOf(element) + ' "' + element.textContent.slice(0, 30) + '" is ' + out + ' px too narrow for what is in it');
  }
  return [...new Set(found)];
})()`;

/** A result that was made, from which a history of any length is written. */
let made: HistoryEntry;

async function stageWith(results: number): Promise<Stage> {
  const desk = await openTestDesk();
  await desk.close();
  const database = openDatabase(desk.options.folders.state);
  const history = openHistory(database);
  for (let at = 0; at < results; at++) history.add({ ...made, id: randomUUID() });
  database.close();
  return openStage({
    home: desk.home,
    async prepare({ client }) {
      if (results === 0) return;
      // A queue that waits: the button says so, with those that go with it.
      const { sample } = await client.call('hello', {});
      await client.call('queue.pause', {});
      await client.call('jobs.submit', { request: sample.request });
    },
  });
}

/** What is wrong on any page in a window of this width. */
async function wrongAt({ page }: Stage, width: number): Promise<readonly string[]> {
  await page.setViewportSize({ width, height: Math.max(700, Math.round((width * 9) / 16)) });
  const found: string[] = [];
  for (const [at, name] of PAGES.entries()) {
    await page.getByRole('navigation').getByRole('button').nth(at).click();
    await page.waitForTimeout(150);
    const wrong: readonly string[] = await page.evaluate(MEASURE);
    found.push(...wrong.map((line) => `${name}: ${line}`));
  }
  return found;
}

describe.skipIf(noChromium !== undefined)('the layout', () => {
  beforeAll(async () => {
    const desk = await openTestDesk();
    const { sample } = await desk.client.call('hello', {});
    await desk.client.call('jobs.submit', { request: { ...sample.request, steps: 1 } });
    made = await nextResult(desk, 0);
    await desk.remove();
  });

  describe.each([0, 1, 12, 200])('with %i results', (results) => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await stageWith(results);
      // As many thumbnails as there are; the service gives sixty at a time.
      const older = stage.page.getByRole('button', { name: 'Older ones' });
      for (let shown = 60; shown < results; shown += 60) {
        await older.click();
        const thumbs = stage.page.locator('.strip .thumb');
        await thumbs.nth(Math.min(results, shown + 60) - 1).waitFor({ state: 'attached' });
      }
    });
    afterAll(() => stage?.close());

    it.each(WIDTHS)('keeps every part in its place at %i px, on every page', async (width) => {
      expect(await wrongAt(stage, width)).toEqual([]);
    });
  });

  it('has room for German, whose words are longer', async () => {
    const stage = await stageWith(12);
    try {
      await stage.desk.client.call('settings.set', { settings: { language: 'de' } });
      await stage.page.getByRole('button', { name: 'Bearbeiten', exact: true }).first().waitFor();
      expect(await stage.page.getAttribute('html', 'lang')).toBe('de');
      for (const width of WIDTHS) expect([width, ...(await wrongAt(stage, width))]).toEqual([width]);
      await stage.page.getByRole('button', { name: 'Einstellungen' }).click();
      await stage.page.getByRole('combobox', { name: 'Sprache' }).click();
      await stage.page.getByRole('option', { name: 'English' }).click();
      await stage.page.getByRole('heading', { name: 'Settings' }).waitFor();
    } finally {
      await stage.close();
    }
  });
});
