import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { MediaInfo } from '../contract/index.ts';
import { openImageCodec } from '../native/images.ts';
import type { TestDesk } from '../service/testdesk.ts';
import { noChromium } from './chromium.ts';
import { nextResult, openFiles, type StageOptions, watchFor } from './editor-stage.ts';
import { CARRIERS, stagesOfTests } from './editor-stages.ts';
import { hugePng } from './serve-client.ts';

/** What a person does in the editor, from a picture to a file, on every carrier. */
const openOn = stagesOfTests();

const codec = openImageCodec();
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const run = (page: Page) => page.getByRole('button', { name: /^(Edit|Generate|Add to queue)( Ctrl\+Enter)?$/ }).last();
const canvas = (page: Page) => page.getByLabel('The picture, with its mask and result');

/** Draws with the mouse over the middle of the canvas; points are shares of the picture, which fits the stage. */
async function draw(page: Page, points: readonly (readonly [number, number])[]): Promise<void> {
  const box = await canvas(page).boundingBox();
  if (box === null) throw new Error('no canvas');
  const side = Math.min(box.width, box.height) - 48;
  const at = ([x, y]: readonly [number, number]) =>
    [box.x + box.width / 2 + (x - 0.5) * side, box.y + box.height / 2 + (y - 0.5) * side] as const;
  const [first = [0.5, 0.5], ...rest] = points;
  await page.mouse.move(...at(first));
  await page.mouse.down();
  for (const point of rest) await page.mouse.move(...at(point), { steps: 8 });
  await page.mouse.up();
}

const pixelsOf = async ({ client }: TestDesk, { ref }: MediaInfo) =>
  codec.decode((await client.call('media.get', { sha256: ref.sha256 })).bytes, ref.name);

/** Mean absolute difference of two pictures where `where` holds. */
function difference(a: { data: ArrayLike<number> }, b: { data: ArrayLike<number> }, where: (pixel: number) => boolean) {
  let [sum, count] = [0, 0];
  for (let at = 0; at < a.data.length; at++) {
    if (!where(Math.floor(at / 3))) continue;
    sum += Math.abs((a.data[at] ?? 0) - (b.data[at] ?? 0));
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}

describe.skipIf(noChromium !== undefined).each(CARRIERS)('the editor over $name', ({ carrier }) => {
  const open = (options: StageOptions = {}) => openOn({ carrier, ...options });

  it('opens with a picture and prompts; an edit shows previews and maps, compares, undoes, exports and imports', async () => {
    const { desk, page, saved } = await open();
    await expect.poll(() => page.getByLabel('What the picture shows').textContent()).toContain('a red car');
    await page.getByText(/of memory|free memory/).waitFor();
    const since = desk.events.length;
    const steps = await watchFor(page, /Step \d+ of 24/);
    await page.keyboard.press('Control+Enter');
    await steps.wereSeen();
    // The map of a word lies over the running picture while the pointer is on it.
    const word = page.getByLabel('What it should show').getByText('green');
    await word.hover();
    await page.locator('.heated-word').first().waitFor();
    const entry = await nextResult(desk, since);
    const told = desk.events.slice(since).flatMap((event) => (event.kind === 'run' ? [event.event.kind] : []));
    expect(told.filter((kind) => kind === 'preview').length).toBeGreaterThan(3);
    expect(told.filter((kind) => kind === 'map').length).toBeGreaterThan(3);
    await page.getByRole('img', { name: /^Result: a green car/ }).waitFor();

    const { sample } = await desk.client.call('hello', {});
    const [source, result] = [await pixelsOf(desk, sample.source), await pixelsOf(desk, entry.result)];
    if (entry.area === undefined) throw new Error('an edit says where it changed something');
    const area = await pixelsOf(desk, entry.area);
    const channels = area.data.length / (area.width * area.height);
    const isInside = (pixel: number) => (area.data[pixel * channels] ?? 0) > 0;
    expect(difference(source, result, (pixel) => !isInside(pixel))).toBe(0);
    expect(difference(source, result, isInside)).toBeGreaterThan(10);

    await page.keyboard.press('c');
    await page.getByRole('slider', { name: 'Divider between before and after' }).waitFor();
    await page.keyboard.press('c');
    await expect.poll(() => button(page, /^Difference/).getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('c');

    const { name, bytes } = await saved(async () => {
      await page.keyboard.press('Control+s');
      await page.getByRole('dialog').getByRole('button', { name: 'Export', exact: true }).click();
    });
    expect(name).toMatch(/^\d{4}-\d\d-\d\d-7\.png$/);
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    // What arrives is shown and is no edit: there is nothing to undo.
    expect(await button(page, 'Undo').isDisabled()).toBe(true);

    await page.getByLabel('What it should show').fill('something else');
    await openFiles(page, 'Open', { name: 'exported.png', bytes });
    await page.getByText('This file says how it was made (Attune).').waitFor();
    await button(page, 'Restore settings').click();
    await expect.poll(() => page.getByLabel('What it should show').textContent()).toContain('a green car');
  });

  it('changes nothing outside a painted mask, and has the mask again after a restart', async () => {
    const { desk, page, reopen } = await open();
    await page.keyboard.press('b');
    await draw(page, [
      [0.15, 0.4],
      [0.4, 0.4],
    ]);
    await page.getByText(/mask \d+ %/).waitFor();
    await page.keyboard.press('Control+z');
    await expect.poll(() => page.getByText(/mask \d+ %/).count()).toBe(0);
    await page.keyboard.press('Control+Shift+z');
    const text = await page.getByText(/mask \d+ %/).textContent();
    await page.getByText('Saved', { exact: true }).waitFor();
    await reopen();
    expect(await page.getByText(/mask \d+ %/).textContent()).toBe(text);
    await page.keyboard.press('Control+z');
    await expect.poll(() => page.getByText(/mask \d+ %/).count()).toBe(0);
    await page.keyboard.press('Control+Shift+z');
    const since = desk.events.length;
    await run(page).click();
    const entry = await nextResult(desk, since);
    const { mask } = entry.request;
    if (mask === undefined) throw new Error('the painted mask went along');
    const painted = codec.decode((await desk.client.call('media.get', { sha256: mask.sha256 })).bytes, 'mask');
    const { data, width, height } = await painted;
    const channels = data.length / (width * height);
    const { sample } = await desk.client.call('hello', {});
    const [source, result] = [await pixelsOf(desk, sample.source), await pixelsOf(desk, entry.result)];
    expect(difference(source, result, (pixel) => (data[pixel * channels] ?? 0) === 0)).toBe(0);
    expect(difference(source, result, (pixel) => (data[pixel * channels] ?? 0) > 200)).toBeGreaterThan(5);
  });

  it('selects by word', async () => {
    const { page } = await open();
    await page.keyboard.press('w');
    await button(page, 'house').click();
    await page.getByText(/mask \d+ %/).waitFor();
    await page.keyboard.press('Control+z');
    await expect.poll(() => page.getByText(/mask \d+ %/).count()).toBe(0);
  });

  it('cancels at once, and the next run starts', async () => {
    const { desk, page } = await open();
    // The longest run there is, so that no machine is through before the button is pressed.
    await page.getByRole('combobox', { name: 'Method' }).click();
    await page.getByRole('option', { name: /^FlowEdit/ }).click();
    for (const [name, value] of [
      ['Noise draws per step', '8'],
      ['Steps', '100'],
    ] as const) {
      await page.getByRole('spinbutton', { name, exact: true }).fill(value);
      await page.keyboard.press('Enter');
    }
    await run(page).click();
    await page.getByText(/^Step \d+ of/).waitFor();
    await button(page, 'Cancel').click();
    await page.getByText(/^Step \d+ of/).waitFor({ state: 'detached' });
    expect(desk.events.some(({ kind }) => kind === 'result')).toBe(false);
    await page.getByRole('spinbutton', { name: 'Steps', exact: true }).fill('4');
    await page.keyboard.press('Enter');
    const since = desk.events.length;
    await run(page).click();
    expect((await nextResult(desk, since)).record.request.steps).toBe(4);
  });

  it('survives the death of its engine in the middle of a run: canvas, queue and result are there', async () => {
    const { desk, page } = await open();
    await page.keyboard.press('u');
    await draw(page, [
      [0.1, 0.1],
      [0.5, 0.6],
    ]);
    const mask = await page.getByText(/mask \d+ %/).textContent();
    // Long enough to be killed in its middle on any machine.
    await page.getByRole('spinbutton', { name: 'Steps', exact: true }).fill('40');
    await page.keyboard.press('Enter');
    const since = desk.events.length;
    const steps = await watchFor(page, /Step \d+ of/);
    await run(page).click();
    await steps.wereSeen();
    await run(page).click();
    const [runner] = desk.runners;
    const restart = await watchFor(page, /restarting/);
    process.kill((runner as unknown as { pid: number }).pid, 'SIGKILL');
    await restart.wereSeen();
    await expect
      .poll(() => desk.events.slice(since).filter(({ kind }) => kind === 'result').length, { timeout: 90_000 })
      .toBe(2);
    await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor();
    expect(await page.getByText(/mask \d+ %/).textContent()).toBe(mask);
    await expect.poll(() => page.getByRole('img', { name: /^Result/ }).count()).toBe(2);
  });

  it('refuses what is no picture, too large a one and a bomb with a sentence, and keeps what was open', async () => {
    const { page } = await open();
    const refused = async (name: string, bytes: Uint8Array, sentence: RegExp) => {
      await openFiles(page, 'Open', { name, bytes });
      await page.getByRole('alert').filter({ hasText: sentence }).waitFor();
    };
    await refused('text.png', new TextEncoder().encode('hello'), /text\.png isn’t an image Attune can read/);
    await refused(
      'large.png',
      hugePng(10_000, 10_100),
      /large\.png has more than 100000000 pixels; scale it down first/,
    );
    await refused('bomb.png', hugePng(16_000, 16_000), /bomb\.png has more than 100000000 pixels/);
    await expect.poll(() => page.getByLabel('What the picture shows').textContent()).toContain('a red car');
  });

  it('says of a malformed checkpoint what is wrong with it, and does not run it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'attune-malformed-'));
    try {
      const model = join(folder, 'broken');
      await cp(join(import.meta.dirname, '../models/embedded/image'), model, { recursive: true });
      const weights = join(model, 'transformer', 'diffusion_pytorch_model.safetensors');
      await writeFile(weights, (await readFile(weights)).subarray(0, 5000));
      const { page } = await open({
        prepare: async ({ service, client }) => {
          service.grant('grant-00000001', folder);
          await client.call('models.addFolder', { grant: 'grant-00000001' });
        },
      });
      await button(page, 'Models').click();
      const card = page.getByRole('listitem').filter({ hasText: 'broken' }).first();
      await card
        .getByText(/diffusion_pytorch_model\.safetensors/)
        .first()
        .waitFor();
      expect(await card.getByRole('button', { name: 'Use', exact: true }).isDisabled()).toBe(true);
      await card.getByRole('button', { name: 'Verify' }).click();
      await card.getByText('It is not whole.').waitFor();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('runs a batch of pictures from the page', async () => {
    const { desk, page, saved } = await open();
    const { sample } = await desk.client.call('hello', {});
    const { bytes } = await desk.client.call('media.get', { sha256: sample.source.ref.sha256 });
    const folder = await mkdtemp(join(tmpdir(), 'attune-batch-'));
    await mkdir(folder, { recursive: true });
    try {
      await writeFile(join(folder, 'one.png'), bytes);
      await writeFile(join(folder, 'jobs.csv'), 'prompt,steps\na green car on sand,2\na blue star on snow,2\n');
      await button(page, 'Batch').click();
      await openFiles(page, 'Pictures…', [join(folder, 'one.png')]);
      await page.getByRole('textbox', { name: 'source, row 1' }).waitFor();
      await openFiles(page, 'CSV or JSON…', [join(folder, 'jobs.csv')]);
      await page.getByRole('textbox', { name: 'prompt, row 3' }).waitFor();
      await button(page, 'Remove row 1').click();
      await page.getByText('2 pictures will be made.').waitFor();
      await button(page, 'Start the batch').click();
      await page.getByText(/2 of 2 · finished/).waitFor({ timeout: 60_000 });
      const archive = await saved(() => button(page, 'Download as ZIP').click());
      expect(archive.name).toMatch(/[.]zip$/);
      expect(new TextDecoder().decode(archive.bytes.subarray(0, 2))).toBe('PK');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
