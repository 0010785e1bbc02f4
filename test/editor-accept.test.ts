import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { noChromium } from './chromium.ts';
import { nextResult, type Stage } from './editor-stage.ts';
import { stagesOfTests } from './editor-stages.ts';

/** What can be done with a result on the canvas itself. */
const open = stagesOfTests();

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const bar = (page: Page) => page.getByRole('group', { name: 'Result', exact: true });
const shows = (page: Page) => page.getByLabel('What the picture shows');
const target = (page: Page) => page.getByLabel('What it should show');
const stageOf = (page: Page) => page.getByLabel('The picture, with its mask and result');
const results = (page: Page) => page.getByRole('button', { name: /^Result: / });

async function setNumber(page: Page, name: string, value: string): Promise<void> {
  const field = page.getByRole('spinbutton', { name, exact: true });
  await field.fill(value);
  await field.press('Enter');
}

/** A result over the sample, made inside a mask, with the focus on the canvas. */
async function withResult({ desk, page }: Pick<Stage, 'desk' | 'page'>) {
  await setNumber(page, 'Steps', '2');
  await stageOf(page).click();
  await page.keyboard.press('Control+a');
  await page.getByText('mask 100 %').waitFor();
  const since = desk.events.length;
  await page.keyboard.press('Control+Enter');
  const entry = await nextResult(desk, since);
  await bar(page).waitFor();
  return entry;
}

describe.skipIf(noChromium !== undefined)('a result on the canvas', () => {
  it('is accepted with Enter: it becomes the picture, its prompt what that shows, the mask is gone; undo takes it back', async () => {
    const stage = await open();
    const { desk, page } = stage;
    const entry = await withResult(stage);
    await stageOf(page).focus();
    await page.keyboard.press('Enter');
    await bar(page).waitFor({ state: 'detached' });
    await expect.poll(() => shows(page).textContent()).toContain('a green car');
    expect(await page.getByText(/mask \d+ %/).count()).toBe(0);
    await page.keyboard.press('Control+z');
    await expect.poll(() => shows(page).textContent()).toContain('a red car');
    await page.getByText('mask 100 %').waitFor();
    await page.keyboard.press('Control+Shift+z');
    const since = desk.events.length;
    await page.keyboard.press('Control+Enter');
    const next = await nextResult(desk, since);
    expect(next.request.source?.sha256).toBe(entry.result.ref.sha256);
  });

  it('is discarded with Escape and stays in the history; another is made with another seed', async () => {
    const stage = await open();
    const { desk, page } = stage;
    const entry = await withResult(stage);
    await stageOf(page).focus();
    await page.keyboard.press('Escape');
    await bar(page).waitFor({ state: 'detached' });
    expect(await page.locator('.thumb.shown').count()).toBe(0);
    expect(await results(page).count()).toBe(1);
    await page.getByText('mask 100 %').waitFor();
    await results(page).first().click();
    await bar(page).waitFor();
    const since = desk.events.length;
    await button(page, /^Again/).click();
    const next = await nextResult(desk, since);
    expect(next.request.seed).not.toBe(entry.request.seed);
    expect({ ...next.request, seed: 0 }).toEqual({ ...entry.request, seed: 0 });
  });

  it('leaves Enter to buttons, to prompts and to the brush that keys have moved', async () => {
    const stage = await open();
    const { page } = stage;
    await withResult(stage);
    await button(page, 'Brush').click();
    await button(page, 'Brush').press('Enter');
    await target(page).press('End');
    await page.keyboard.press('Escape');
    await bar(page).waitFor();
    await button(page, 'Clear the mask').click();
    await stageOf(page).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByText(/mask (<1|\d+) %/).waitFor();
    await bar(page).waitFor();
  });
});
