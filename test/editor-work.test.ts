import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openImageCodec } from '../native/images.ts';
import { noChromium } from './chromium.ts';
import { nextResult, openFiles, type Stage } from './editor-stage.ts';
import { stagesOfTests } from './editor-stages.ts';

/** What one works on stays what it is, whatever arrives, and nothing of it is lost. */
const open = stagesOfTests();
const codec = openImageCodec();

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const target = (page: Page) => page.getByLabel('What it should show');
const shows = (page: Page) => page.getByLabel('What the picture shows');
const results = (page: Page) => page.getByRole('button', { name: /^Result: / });
const messages = (page: Page) => page.getByRole('region', { name: 'Messages', exact: true });

async function setNumber(page: Page, name: string, value: string): Promise<void> {
  const field = page.getByRole('spinbutton', { name, exact: true });
  await field.fill(value);
  await field.press('Enter');
}

async function choose(page: Page, label: string, option: RegExp): Promise<void> {
  await page.getByRole('combobox', { name: label }).click();
  await page.getByRole('option', { name: option }).click();
}

/** Runs what is set and waits for its result. */
async function make({ desk, page }: Pick<Stage, 'desk' | 'page'>) {
  const since = desk.events.length;
  await page.keyboard.press('Control+Enter');
  const entry = await nextResult(desk, since);
  await results(page).first().waitFor();
  return entry;
}

const blue = async (side: number) =>
  codec.encode(
    {
      width: side,
      height: side,
      channels: 3,
      data: Uint8Array.from({ length: 3 * side * side }, (_, at) => (at % 3) * 100),
    },
    'png',
  );

/** Pastes at what has the focus, as the system would. */
const paste = (page: Page, items: { readonly text?: string; readonly png?: Uint8Array }) =>
  page.evaluate(`(() => {
    const data = new DataTransfer();
    const { text, png } = ${JSON.stringify({ text: items.text, png: items.png && [...items.png] })};
    if (text !== undefined) data.setData('text/plain', text);
    if (png !== undefined) data.items.add(new File([Uint8Array.from(png)], 'pasted.png', { type: 'image/png' }));
    const at = document.activeElement ?? document.body;
    at.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  })()`);

describe.skipIf(noChromium !== undefined)('what one works on', () => {
  it('is not changed by a result that arrives: what was undone can still be done again', async () => {
    const stage = await open();
    const { desk, page } = stage;
    await setNumber(page, 'Steps', '3');
    await target(page).click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type(' at night');
    await page.keyboard.press('Control+z');
    const before = await target(page).textContent();
    const since = desk.events.length;
    await page.keyboard.press('Control+Enter');
    await nextResult(desk, since);
    await results(page).first().waitFor();
    await expect.poll(() => button(page, 'Export').isDisabled()).toBe(false);
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(() => target(page).textContent()).toBe(`${before} at night`);
  });

  it('is not covered by what was generated for another picture', async () => {
    const { desk, page } = await open();
    await choose(page, 'Method', /^Generate/);
    await setNumber(page, 'Steps', '30');
    const since = desk.events.length;
    await page.keyboard.press('Control+Enter');
    await page.getByText(/^Step \d+ of/).waitFor({ timeout: 90_000 });
    await openFiles(page, 'Open', { name: 'other.png', bytes: await blue(64) });
    await page.getByText('64 × 64 px').first().waitFor();
    await nextResult(desk, since, 100_000);
    await messages(page)
      .getByText(/is in the history: another picture is open here/)
      .waitFor();
    expect(await page.locator('.thumb.shown').count()).toBe(0);
    expect(await button(page, 'Export').isDisabled()).toBe(true);
  });

  it('comes back whole with a click on a result: negative prompt, steps and mask as they were, none left over', async () => {
    const stage = await open();
    const { page } = stage;
    await setNumber(page, 'Steps', '2');
    await setNumber(page, 'Guidance scale', '3');
    await make(stage);
    await page.getByLabel('Negative prompt').fill('sand');
    await page.getByRole('combobox', { name: 'Method' }).press('Escape');
    await page.getByLabel('The picture, with its mask and result').click();
    await page.keyboard.press('Control+a');
    await page.getByText(/mask \d+ %/).waitFor();
    const painted = await make(stage);
    expect(painted.request.mask).toBeDefined();
    await results(page).nth(1).click();
    await expect.poll(() => page.getByText(/mask \d+ %/).count()).toBe(0);
    expect(await page.getByLabel('Negative prompt').textContent()).not.toContain('sand');
    await results(page).nth(0).click();
    await page.getByText('mask 100 %').waitFor();
    expect(await page.getByLabel('Negative prompt').textContent()).toContain('sand');
  });

  it('has a removed result back with undo', async () => {
    const stage = await open();
    const { desk, page } = stage;
    await setNumber(page, 'Steps', '2');
    const { id } = await make(stage);
    await button(page, 'Remove from the history').click();
    await expect.poll(() => results(page).count()).toBe(0);
    expect((await desk.client.call('history.list', { limit: 9 })).entries).toEqual([]);
    await page.keyboard.press('Control+z');
    await results(page).first().waitFor();
    expect((await desk.client.call('history.list', { limit: 9 })).entries.map((entry) => entry.id)).toEqual([id]);
    await expect.poll(() => page.locator('.thumb.shown').count()).toBe(1);
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(() => results(page).count()).toBe(0);
  });

  it('goes on from a result with its prompts, and can be exported', async () => {
    const stage = await open();
    const { page } = stage;
    await setNumber(page, 'Steps', '2');
    await make(stage);
    await button(page, 'Edit this result further').click();
    await expect.poll(() => shows(page).textContent()).toContain('a green car');
    expect(await target(page).textContent()).toContain('a green car');
    expect(await button(page, 'Export').isDisabled()).toBe(false);
  });

  it('shows the result of a run that ended while the page was loaded again, and a paused run where it stands', async () => {
    const { desk, page, reopen } = await open();
    await setNumber(page, 'Steps', '30');
    const since = desk.events.length;
    await page.keyboard.press('Control+Enter');
    await page.getByText(/^Step \d+ of/).waitFor({ timeout: 90_000 });
    await desk.client.call('queue.pause', {});
    await page
      .getByText(/^Paused at step \d+ of/)
      .first()
      .waitFor();
    await reopen();
    await expect
      .poll(async () => Number(await page.getByRole('progressbar').first().getAttribute('aria-valuenow')))
      .toBeGreaterThan(0);
    await desk.client.call('queue.resume', {});
    await page.goto('about:blank');
    await nextResult(desk, since, 90_000);
    await reopen();
    await expect.poll(() => page.locator('.thumb.shown').count()).toBe(1);
  });

  it('takes a paste of cells into a prompt as text alone, and a picture where nothing is typed', async () => {
    const { page } = await open();
    const size = await page
      .getByText(/\d+ × \d+ px/)
      .first()
      .textContent();
    await target(page).click();
    await paste(page, { text: 'cells of a table', png: await blue(64) });
    await page.waitForTimeout(300);
    expect(
      await page
        .getByText(/\d+ × \d+ px/)
        .first()
        .textContent(),
    ).toBe(size);
    await page.getByLabel('The picture, with its mask and result').click();
    await paste(page, { png: await blue(64) });
    await page.getByText('64 × 64 px').first().waitFor();
  });

  it('keeps the stroke of a pen beside which a hand rests', async () => {
    const { page } = await open();
    await page.keyboard.press('b');
    const box = await page.getByLabel('The picture, with its mask and result').boundingBox();
    if (box === null) throw new Error('no canvas');
    const at = (share: number) => ({ x: box.x + box.width * share, y: box.y + box.height / 2 });
    const session = await page.context().newCDPSession(page);
    const pen = (type: 'mousePressed' | 'mouseMoved' | 'mouseReleased', share: number) =>
      session.send('Input.dispatchMouseEvent', {
        type,
        ...at(share),
        button: 'left',
        buttons: 1,
        clickCount: 1,
        pointerType: 'pen',
      });
    await pen('mousePressed', 0.4);
    await pen('mouseMoved', 0.45);
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ ...at(0.6), id: 7 }] });
    await pen('mouseMoved', 0.5);
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await pen('mouseReleased', 0.5);
    await page.getByText(/mask \d+ %/).waitFor();
  });

  it('is run once by a double click', async () => {
    const { desk, page } = await open();
    await setNumber(page, 'Steps', '2');
    const since = desk.events.length;
    await button(page, /^Edit( Ctrl\+Enter)?$/)
      .last()
      .dblclick();
    await nextResult(desk, since);
    await page.waitForTimeout(300);
    const { queue } = await desk.client.call('hello', {});
    expect(queue.jobs).toEqual([]);
    expect((await desk.client.call('history.list', { limit: 9 })).entries).toHaveLength(1);
  });
});

describe.skipIf(noChromium !== undefined)('a file that is opened', () => {
  it('of another tool restores every setting, and says what it could not in words that can be read again', async () => {
    const { page } = await open();
    await setNumber(page, 'Guidance scale', '3');
    await page.getByLabel('Negative prompt').fill('an old one');
    const text =
      'a blue star on snow <lora:detail:0.8>\nSteps: 12, Sampler: Euler a, CFG scale: 5, Seed: 42, Size: 512x512, Model: other';
    await openFiles(page, 'Open', { name: 'settings.txt', bytes: new TextEncoder().encode(text), type: 'text/plain' });
    await expect.poll(() => target(page).textContent()).toContain('a blue star on snow');
    expect(await page.getByLabel('Negative prompt').textContent()).not.toContain('an old one');
    expect(await shows(page).textContent()).not.toContain('a red car');
    await messages(page)
      .getByText(/It used the LoRA "detail"/)
      .waitFor();
    await messages(page)
      .getByText(/Its size 512×512/)
      .waitFor();
    await page.waitForTimeout(9000);
    await messages(page).getByRole('button', { name: 'Close' }).first().click();
    await button(page, 'Messages').click();
    await page
      .getByRole('dialog', { name: 'Messages' })
      .getByText(/It used the LoRA "detail"/)
      .waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Messages');
  });

  it.each([
    ['empty.png', '', 'image/png', /empty\.png is empty/],
    [
      'drawing.svg',
      '<svg xmlns="http://www.w3.org/2000/svg"/>',
      'image/svg+xml',
      /is an SVG drawing\. Export it as PNG/,
    ],
    ['note.txt', 'hello', 'text/plain', /isn’t an image Attune can read/],
  ])('%s is refused by what it is', async (name, text, type, sentence) => {
    const { page } = await open();
    await openFiles(page, 'Open', { name, bytes: new TextEncoder().encode(text), type });
    await page.getByRole('alert').filter({ hasText: sentence }).waitFor();
  });
});
