import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { noChromium } from './chromium.ts';
import { nextResult } from './editor-stage.ts';
import { stagesOfTests } from './editor-stages.ts';

/** What the editor says of a run, before it and after. */
const open = stagesOfTests();

async function setNumber(page: Page, name: string, value: string): Promise<void> {
  const field = page.getByRole('spinbutton', { name, exact: true });
  await field.fill(value);
  await field.press('Enter');
}

describe.skipIf(noChromium !== undefined)('the editor', () => {
  it('says before and after a run that a negative prompt is not read', async () => {
    const { desk, page } = await open();
    await setNumber(page, 'Steps', '2');
    await setNumber(page, 'Guidance scale', '3');
    await page.getByLabel('Negative prompt').fill('sand');
    const unread = page.getByText('The negative prompt will not be read');
    expect(await unread.count()).toBe(0);
    await setNumber(page, 'Guidance scale', '1');
    await unread.waitFor();
    const since = desk.events.length;
    await page.keyboard.press('Control+Enter');
    const { warnings } = await nextResult(desk, since);
    expect(warnings).toContainEqual(expect.stringContaining('The negative prompt was not read'));
    await page
      .getByRole('region', { name: 'Messages', exact: true })
      .getByText('The negative prompt was not read')
      .waitFor();
  });
});
