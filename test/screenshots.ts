import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { openStage, type Stage } from './editor-stage.ts';

/**
 * Pictures of the editor's main states for the docs: two sizes, both colours. `npm run screenshots [NAME ...]` makes them
 * anew; `compare` builds on `run`, `word` on `compare`, `clip` on `video`, so that they are named together.
 */
const FOLDER = join(import.meta.dirname, '..', 'docs', 'images', 'editor');
const SIZES = { laptop: { width: 1280, height: 800 }, '4k': { width: 3840, height: 2160 } } as const;

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const pageLink = (page: Page, name: string) => page.getByRole('navigation', { name: 'Pages' }).getByText(name);
/** What a person would see at rest: no pointer over anything, nothing in motion. */
const settle = async (page: Page) => {
  await page.mouse.move(2, 2);
  await page.waitForTimeout(400);
};

const STATES: Readonly<Record<string, (stage: Stage) => Promise<unknown>>> = {
  async run({ page }) {
    await page.keyboard.press('Control+Enter');
    await page.getByText(/^Step (1[2-9]|2[0-2]) of/).waitFor();
  },
  async compare({ page }) {
    await page.getByRole('img', { name: /^Result/ }).waitFor();
    await page.keyboard.press('c');
    await settle(page);
  },
  async word({ page }) {
    await page.keyboard.press('c');
    await page.keyboard.press('c');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('w');
    await page
      .getByRole('group', { name: 'Words of the prompt' })
      .getByRole('button', { name: 'car', exact: true })
      .click();
    await page.getByText(/mask \d+ %/).waitFor();
    await settle(page);
  },
  async video({ page }) {
    await pageLink(page, 'Video').click();
    await button(page, 'Make the video').click();
    await button(page, 'Save the video').waitFor({ timeout: 180_000 });
    await page.getByText('Generating').waitFor({ state: 'hidden' });
    await page.getByRole('slider', { name: 'Frame', exact: true }).fill('3');
    await page.getByRole('group', { name: 'Where the model looks' }).waitFor();
    await settle(page);
  },
  async clip({ page }) {
    await page.getByRole('combobox', { name: 'Method' }).click();
    await page.getByRole('option', { name: /^Edit by prompt/ }).click();
    await button(page, 'Edit the shown video').click();
    await page.getByRole('textbox', { name: 'What it is to show' }).fill('a blue apple moving right, on sand');
    await page.getByRole('listbox').waitFor();
    await page.keyboard.press('Escape');
    await button(page, 'Change the clip').click();
    await button(page, 'Show the clip before').waitFor({ timeout: 180_000 });
    await page.getByText('Generating').waitFor({ state: 'hidden' });
    await page.getByRole('slider', { name: 'Frame', exact: true }).fill('2');
    await settle(page);
  },
  async batch({ page, desk }) {
    await page.keyboard.press('h');
    await pageLink(page, 'Batch').click();
    if ((await page.getByRole('textbox', { name: 'prompt, row 1' }).count()) === 0) {
      await page
        .getByLabel('Prompts', { exact: true })
        .fill(
          'a {green|yellow} car on the left and a blue house on the right, on __ground__\na blue bus on the left and a blue house on the right, on sand',
        );
      await button(page, 'Add as rows').click();
      await button(page, 'Add a list').click();
      await page.getByLabel('Name of the list, used as __name__').fill('ground');
      await page.getByLabel('Lines of the list ground, one choice a line').fill('sand\ngrass\nsnow');
      await page.getByRole('spinbutton', { name: 'Images per row' }).fill('3');
      await page.getByText('6 pictures will be made.').waitFor();
      await desk.client.call('queue.pause', {});
      await button(page, 'Start the batch').click();
      await page.getByText(/0 of 6 · running/).waitFor();
    }
    await settle(page);
  },
  async models({ page }) {
    await pageLink(page, 'Models').click();
    await button(page, 'Verify').first().click();
    await page.getByText('Everything is there').waitFor();
    await settle(page);
  },
  async keys({ page }) {
    await pageLink(page, 'Edit').click();
    await page.keyboard.press('Shift+?');
    await page.getByRole('dialog').waitFor();
    await settle(page);
  },
};

const asked = process.argv.slice(2);
await mkdir(FOLDER, { recursive: true });
for (const [size, extent] of Object.entries(SIZES))
  for (const colorScheme of ['light', 'dark'] as const) {
    const stage = await openStage({ ...extent, colorScheme });
    for (const [name, reach] of Object.entries(STATES)) {
      if (asked.length > 0 && !asked.includes(name)) continue;
      await reach(stage);
      const file = `${name}-${size}-${colorScheme}.webp`;
      await sharp(await stage.page.screenshot())
        .webp({ quality: 88 })
        .toFile(join(FOLDER, file));
      process.stdout.write(`${file}\n`);
    }
    await stage.desk.client.call('queue.resume', {});
    await stage.close();
  }
