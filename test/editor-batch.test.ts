import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Browser, Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { launchChromium, noChromium } from './chromium.ts';
import { ATTUNE, killServed, type Served, serveIn } from './served.ts';

/** A batch of twenty, started in the editor; the program is killed in the middle, twice, and started again by a person who comes back. */
const TOTAL = 20;

describe.skipIf(noChromium !== undefined)('a batch in the editor', () => {
  let browser: Browser | undefined;
  let home = '';
  afterAll(async () => {
    await browser?.close();
    killServed();
    await rm(home, { recursive: true, force: true });
  });

  it('goes on after its program was killed: every picture once, nothing lost', async () => {
    home = await mkdtemp(join(tmpdir(), 'attune-batch-kill-'));
    const start = () => serveIn(home, [ATTUNE, 'serve'], { HOME: home });
    browser = await launchChromium();
    const page = await browser.newPage();
    const visit = async ({ url }: Served) => {
      await page.goto(url);
      await page.getByRole('navigation').getByRole('button', { name: 'Batch' }).click();
    };
    let served = await start();
    await visit(served);
    await page.getByLabel('Prompts', { exact: true }).fill('a green car on sand\na {red|blue} car on sand');
    await page.getByRole('button', { name: 'Add as rows' }).click();
    await page.getByRole('spinbutton', { name: 'Images per row' }).fill(String(TOTAL / 2));
    await addColumn(page, 'steps');
    for (const row of [1, 2]) await page.getByRole('textbox', { name: `steps, row ${row}` }).fill('3');
    await page.getByText(`${TOTAL} pictures will be made.`).waitFor();
    await page.getByRole('button', { name: 'Start the batch' }).click();
    for (const least of [3, 9]) {
      await expect.poll(() => doneOn(page), { timeout: 60_000, interval: 50 }).toBeGreaterThanOrEqual(least);
      await served.kill();
      await page.getByText('Connection lost').waitFor();
      served = await start();
      await visit(served);
    }
    await page.getByText(`${TOTAL} of ${TOTAL} · finished`).waitFor({ timeout: 90_000 });
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download as ZIP' }).click();
    const zip = await download;
    const packed = Object.keys(unzipSync(await readFile(await zip.path())));
    expect(zip.suggestedFilename()).toMatch(/[.]zip$/);
    await served.stop();

    const [folder = ''] = await readdir(join(home, 'Pictures', 'Attune'));
    const files = await readdir(join(home, 'Pictures', 'Attune', folder));
    expect(files.filter((name) => name.endsWith('.png'))).toHaveLength(TOTAL);
    expect(packed.toSorted()).toEqual(files.filter((name) => name !== 'batch.jsonl').toSorted());
    const manifest = JSON.parse(await readFile(join(home, 'Pictures', 'Attune', folder, 'manifest.json'), 'utf8')) as {
      readonly jobs: readonly { readonly status: string; readonly file: string; readonly record?: object }[];
    };
    expect(manifest.jobs).toHaveLength(TOTAL);
    expect(new Set(manifest.jobs.map(({ file }) => file)).size).toBe(TOTAL);
    expect(manifest.jobs.every(({ status, record }) => status === 'done' && record !== undefined)).toBe(true);
  });
});

async function addColumn(page: Page, name: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Add a column' }).click();
  await page.getByRole('option', { name, exact: true }).click();
}

async function doneOn(page: Page): Promise<number> {
  const text = await page
    .getByText(new RegExp(`^\\d+ of ${TOTAL}`))
    .first()
    .textContent({ timeout: 5000 });
  return Number(/^\d+/.exec(text ?? '')?.[0] ?? 0);
}
