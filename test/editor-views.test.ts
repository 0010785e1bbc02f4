import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noChromium } from './chromium.ts';
import { nextResult, openFiles, openStage, type Stage } from './editor-stage.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const CLIP = new URL('../docs/images/video/three-prompts.webp', import.meta.url);

/** Every rule of axe, also those that are advice. */
async function violations(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axeSource);
  const found = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResults;
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html.slice(0, 200)}\n${failureSummary ?? ''}`),
  );
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const pageLink = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name, exact: true });
const pressEscape = (page: Page) => page.keyboard.press('Escape');

/** How a view is reached, and how it is left again. */
interface View {
  readonly name: string;
  go(page: Page): Promise<unknown>;
  leave?(page: Page): Promise<unknown>;
}

const VIEWS: readonly View[] = [
  { name: 'edit', go: (page) => pageLink(page, 'Edit').click() },
  {
    name: 'region',
    async go(page) {
      await pageLink(page, 'Edit').click();
      await button(page, 'Work region').click();
      await button(page, 'The whole picture').click();
      await page.getByRole('button', { name: 'Place the region automatically' }).waitFor();
    },
    async leave(page) {
      await button(page, 'Place the region automatically').click();
      await button(page, 'Move the view').click();
    },
  },
  { name: 'queue', go: (page) => page.getByRole('tab', { name: 'Queue' }).click() },
  { name: 'layers', go: (page) => page.getByRole('tab', { name: 'Layers' }).click() },
  { name: 'keys', go: (page) => page.keyboard.press('Shift+?'), leave: pressEscape },
  { name: 'export', go: (page) => page.keyboard.press('Control+s'), leave: pressEscape },
  { name: 'record', go: (page) => button(page, 'Metadata').click(), leave: pressEscape },
  { name: 'video', go: (page) => pageLink(page, 'Video').click() },
  {
    name: 'video of a clip',
    async go(page) {
      await pageLink(page, 'Video').click();
      await page.getByRole('combobox', { name: 'Method' }).click();
      await page.getByRole('option', { name: /^Edit by prompt/ }).click();
      await openFiles(page, 'Open a clip', [fileURLToPath(CLIP)]);
      await page.getByRole('spinbutton', { name: 'From frame' }).waitFor();
      await page.getByRole('switch', { name: 'Change only inside a box' }).click();
      await page.getByRole('spinbutton', { name: 'Left', exact: true }).waitFor();
    },
  },
  { name: 'models', go: (page) => pageLink(page, 'Models').click() },
  {
    name: 'models, verified',
    async go(page) {
      await button(page, 'Verify').first().click();
      await page.getByText('Everything is there').waitFor();
    },
  },
  { name: 'settings', go: (page) => pageLink(page, 'Settings').click() },
  {
    name: 'settings, measured',
    async go(page) {
      await button(page, 'Measure').click();
      await page.getByRole('rowheader', { name: 'cpu' }).waitFor();
    },
  },
  { name: 'batch', go: (page) => pageLink(page, 'Batch').click() },
  {
    name: 'batch, with rows and a problem',
    async go(page) {
      await page.getByLabel('Prompts', { exact: true }).fill('a {red|green} apple\na blue star on __ground__');
      await button(page, 'Add as rows').click();
      await button(page, 'Add a list').click();
      await page.getByText('of which there are no lines').waitFor();
    },
  },
];

describe.skipIf(noChromium !== undefined).each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ colorScheme });
    const { client, events } = stage.desk;
    const { sample } = await client.call('hello', {});
    const since = events.length;
    await client.call('jobs.submit', { request: { ...sample.request, steps: 4 } });
    const { id } = await nextResult(stage.desk, since);
    // A result to show, one job that failed and one that waits: every part of the lists is there.
    await client.call('queue.pause', {});
    await client.call('jobs.submit', { request: { ...sample.request, steps: 4 } });
    await stage.page.getByRole('img', { name: /^Result/ }).click();
    expect(id).not.toBe('');
  });
  afterAll(() => stage?.close());

  it.each(VIEWS)('$name: nothing that axe objects to', async ({ go, leave }) => {
    const { page } = stage;
    await go(page);
    await page.waitForTimeout(200);
    expect(await violations(page)).toEqual([]);
    await leave?.(page);
  });

  it('its page asked nobody but its own server, and its policy refused nothing', () => {
    expect(stage.strangers).toEqual([]);
    expect(stage.complaints).toEqual([]);
  });
});
