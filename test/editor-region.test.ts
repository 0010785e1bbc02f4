import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { HistoryEntry, MediaInfo, Region } from '../contract/index.ts';
import type { Pixels } from '../engine/index.ts';
import { openImageCodec } from '../native/images.ts';
import type { TestDesk } from '../service/testdesk.ts';
import { noChromium } from './chromium.ts';
import { nextResult, openFiles, type Stage, type StageOptions } from './editor-stage.ts';
import { CARRIERS, stagesOfTests } from './editor-stages.ts';
import { discOf } from './embedded.ts';

/** Photographs far beyond the embedded model's 128 pixels, edited in a part of them. */
const openOn = stagesOfTests();
const codec = openImageCodec();

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const canvas = (page: Page) => page.getByLabel('The picture, with its mask and result');
const label = (page: Page) => page.getByTestId('region').getByRole('status');
const runs = (text: string, picture: string) => `Runs at ${text}, pasted back at ${picture}`;

/** The frame that is shown, in pixels of the picture. */
async function frameOf(page: Page): Promise<Region> {
  const [x = 0, y = 0, width = 0, height = 0] =
    (await page.getByTestId('region').getAttribute('data-frame'))?.split(',').map(Number) ?? [];
  return { x, y, width, height };
}

/** Where a point of the fitted picture is on the screen. */
async function onScreen(page: Page, { width, height }: Pick<Pixels, 'width' | 'height'>) {
  const box = await canvas(page).boundingBox();
  if (box === null) throw new Error('no canvas');
  const scale = Math.min((box.width - 48) / width, (box.height - 48) / height);
  const [left, top] = [box.x + (box.width - width * scale) / 2, box.y + (box.height - height * scale) / 2];
  return (x: number, y: number) => [left + x * scale, top + y * scale] as const;
}

/** Drags from one point of the picture to another. */
async function drag(page: Page, picture: Pixels, from: readonly [number, number], to: readonly [number, number]) {
  const at = await onScreen(page, picture);
  await page.mouse.move(...at(...from));
  await page.mouse.down();
  await page.mouse.move(...at(...to), { steps: 6 });
  await page.mouse.up();
}

const middleOf = ({ x, y, width, height }: Region): readonly [number, number] => [x + width / 2, y + height / 2];
const endOf = ({ x, y, width, height }: Region): readonly [number, number] => [x + width, y + height];

const pixelsOf = async ({ client }: TestDesk, { ref }: MediaInfo): Promise<Pixels> =>
  codec.decode((await client.call('media.get', { sha256: ref.sha256 })).bytes, ref.name);

/** Bytes of two pictures that differ outside a rectangle, and inside it. */
function changed(a: Pixels, b: Pixels, box: Region): { readonly outside: number; readonly inside: number } {
  const count = { outside: 0, inside: 0 };
  for (let at = 0; at < a.data.length; at++) {
    if (a.data[at] === b.data[at]) continue;
    const pixel = Math.floor(at / a.channels);
    const [x, y] = [pixel % a.width, Math.floor(pixel / a.width)];
    const isIn = x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
    count[isIn ? 'inside' : 'outside'] += 1;
  }
  return count;
}

async function setNumber(page: Page, name: string, value: string): Promise<void> {
  const field = page.getByRole('spinbutton', { name, exact: true });
  await field.fill(value);
  await field.press('Enter');
}

async function openPhotograph(stage: Stage, picture: Pixels): Promise<void> {
  const bytes = await codec.encode(picture, 'jpeg');
  await openFiles(stage.page, 'Open', { name: 'photograph.jpg', bytes, type: 'image/jpeg' });
  await stage.page.getByText(`${picture.width} × ${picture.height} px`).first().waitFor({ timeout: 60_000 });
  await stage.page.getByTestId('region').waitFor();
}

async function run({ desk, page }: Pick<Stage, 'desk' | 'page'>): Promise<HistoryEntry> {
  const since = desk.events.length;
  await page.keyboard.press('Control+Enter');
  const entry = await nextResult(desk, since, 100_000);
  await page
    .getByRole('button', { name: /^Result: / })
    .first()
    .waitFor();
  return entry;
}

async function sourceOf({ desk }: Pick<Stage, 'desk'>, { request }: HistoryEntry): Promise<Pixels> {
  if (request.source === undefined) throw new Error('nothing was edited');
  return pixelsOf(desk, await desk.client.call('media.info', { ref: request.source }));
}

const picture = discOf(1500, 1000);

describe.skipIf(noChromium !== undefined).each(CARRIERS)('a region over $name', ({ carrier }) => {
  const open = (options: StageOptions = {}) => openOn({ carrier, ...options });

  it('of a photograph of 24 megapixels is drawn, edited, undone and there again after a restart', async () => {
    const stage = await open();
    const { page, desk, reopen } = stage;
    const photograph = discOf(6000, 4000);
    await openPhotograph(stage, photograph);
    expect(await frameOf(page)).toEqual({ x: 0, y: 0, width: 6000, height: 4000 });
    await expect.poll(() => label(page).textContent()).toBe(runs('128 × 80', '6000 × 4000'));
    await page.keyboard.press('r');
    await drag(page, photograph, [1500, 1400], [3300, 3000]);
    const frame = await frameOf(page);
    // Nearly square: it has become a shape of the model.
    expect([frame.height, Math.round(frame.x / 10), Math.round(frame.y / 10)]).toEqual([frame.width, 150, 140]);
    await expect.poll(() => label(page).textContent()).toBe(runs('128 × 128', '6000 × 4000'));
    await page.keyboard.press('Control+z');
    await expect.poll(() => frameOf(page)).toEqual({ x: 0, y: 0, width: 6000, height: 4000 });
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(() => frameOf(page)).toEqual(frame);
    await page.getByText('Saved', { exact: true }).waitFor();
    await reopen();
    await expect.poll(() => frameOf(page)).toEqual(frame);
    await setNumber(page, 'Steps', '2');
    const entry = await run(stage);
    expect(entry.request.region).toEqual(frame);
    expect(entry.record.request.size).toEqual({ width: 128, height: 128 });
    expect(entry.figures.changedOutside).toBe(0);
    const found = changed(await sourceOf(stage, entry), await pixelsOf(desk, entry.result), frame);
    expect(found.outside).toBe(0);
    expect(found.inside).toBeGreaterThan(1000);
  });

  it('is moved and resized by hand and by keys, and goes back to where it is placed by itself', async () => {
    const stage = await open();
    const { page } = stage;
    await openPhotograph(stage, picture);
    await page.keyboard.press('r');
    await drag(page, picture, [300, 300], [700, 700]);
    const drawn = await frameOf(page);
    await drag(page, picture, middleOf(drawn), [middleOf(drawn)[0] + 200, middleOf(drawn)[1] - 100]);
    const moved = await frameOf(page);
    expect(moved).toMatchObject({ width: drawn.width, height: drawn.height });
    expect(moved.x).toBeGreaterThan(drawn.x + 150);
    expect(moved.y).toBeLessThan(drawn.y - 50);
    await drag(page, picture, endOf(moved), [endOf(moved)[0] + 150, endOf(moved)[1] + 150]);
    const larger = await frameOf(page);
    expect(larger).toMatchObject({ x: moved.x, y: moved.y, height: larger.width });
    expect(larger.width).toBeGreaterThan(moved.width + 100);
    // Near the model's own size its pixels are worked on as they are.
    await drag(page, picture, endOf(larger), [moved.x + 131, moved.y + 126]);
    expect(await frameOf(page)).toEqual({ x: moved.x, y: moved.y, width: 128, height: 128 });

    await canvas(page).focus();
    await page.keyboard.press('Shift+ArrowRight');
    const right = await frameOf(page);
    expect(right.x).toBeGreaterThan(moved.x);
    expect(right).toMatchObject({ y: moved.y, width: 128, height: 128 });
    await button(page, 'Bottom right corner of the region').focus();
    await page.keyboard.press('ArrowDown');
    const grown = await frameOf(page);
    expect(grown).toMatchObject({ x: right.x, y: right.y, height: grown.width });
    expect(grown.width).toBeGreaterThan(128);
    await button(page, 'Keep to the model’s shapes').click();
    await button(page, 'Bottom side of the region').focus();
    await page.keyboard.press('Shift+ArrowDown');
    const free = await frameOf(page);
    expect(free).toMatchObject({ x: grown.x, y: grown.y, width: grown.width });
    expect(free.height).toBeGreaterThan(grown.height);
    await page.getByRole('combobox', { name: 'Shape' }).click();
    await page.getByRole('option', { name: '128 × 64' }).click();
    const wide = await frameOf(page);
    expect(wide.width / wide.height).toBeCloseTo(2, 1);
    await expect.poll(() => label(page).textContent()).toBe(runs('128 × 64', '1500 × 1000'));

    await button(page, 'Place the region automatically').click();
    await expect.poll(() => frameOf(page)).toEqual({ x: 0, y: 0, width: 1500, height: 1000 });
  });

  it('is placed around what is painted, and nothing outside the mask changes', async () => {
    const stage = await open();
    const { page, desk } = stage;
    await openPhotograph(stage, picture);
    await page.keyboard.press('u');
    await drag(page, picture, [900, 500], [1100, 700]);
    await expect.poll(async () => (await frameOf(page)).width).toBeLessThan(600);
    const frame = await frameOf(page);
    expect(frame.x).toBeLessThan(900);
    expect(frame.x + frame.width).toBeGreaterThan(1100);
    await setNumber(page, 'Steps', '2');
    const entry = await run(stage);
    expect(entry.request.region).toBeUndefined();
    expect(entry.record.request.region).toEqual(frame);
    const painted = { x: 895, y: 495, width: 210, height: 210 };
    const found = changed(await sourceOf(stage, entry), await pixelsOf(desk, entry.result), painted);
    expect(found.outside).toBe(0);
    expect(found.inside).toBeGreaterThan(100);
  });

  it('is where a word is looked for and where the maps of words lie', async () => {
    const stage = await open();
    const { page, desk } = stage;
    await openPhotograph(stage, picture);
    await page.getByLabel('What the picture shows').fill('a red apple on sand');
    await page.getByLabel('What it should show').fill('a green apple on sand');
    await button(page, 'Work region').click();
    await drag(page, picture, [350, 300], [850, 800]);
    const frame = await frameOf(page);
    await button(page, 'Select by word').click();
    await button(page, 'apple').click();
    await page.getByText(/mask (<1|\d+) %/).waitFor();
    await setNumber(page, 'Steps', '2');
    const entry = await run(stage);
    const { mask } = entry.request;
    if (mask === undefined) throw new Error('the selection went along as a mask');
    const black = (of: Pixels): Pixels => ({ ...of, data: new Uint8Array(of.data.length) });
    const selected = await pixelsOf(desk, await desk.client.call('media.info', { ref: mask }));
    expect(selected).toMatchObject({ width: 1500, height: 1000 });
    const place = changed(black(selected), selected, frame);
    expect(place.outside).toBe(0);
    expect(place.inside).toBeGreaterThan(1000);
    const map = entry.maps.find(({ word }) => word === 'apple')?.map;
    if (map === undefined) throw new Error('there is a map of the word');
    const seen = await pixelsOf(desk, map);
    const scale = seen.width / 1500;
    const scaled = {
      x: Math.floor(frame.x * scale) - 1,
      y: Math.floor(frame.y * scale) - 1,
      width: Math.ceil(frame.width * scale) + 2,
      height: Math.ceil(frame.height * scale) + 2,
    };
    const lit = changed(black(seen), seen, scaled);
    expect(lit.inside).toBeGreaterThan(1000);
    // An opaque file has its alpha everywhere.
    if (seen.channels < 4) expect(lit.outside).toBe(0);
  });

  it('that holds nothing of the mask is told before a run', async () => {
    const stage = await open();
    const { page } = stage;
    await openPhotograph(stage, picture);
    await page.keyboard.press('u');
    await drag(page, picture, [900, 500], [1100, 700]);
    await page.keyboard.press('r');
    await button(page, 'The whole picture').click();
    await button(page, /^Actual pixels/).click();
    await canvas(page).focus();
    for (let step = 0; step < 12; step++) await page.keyboard.press('Shift+ArrowLeft');
    await page.getByText('The mask lies outside the region').waitFor();
    // A picture of another size has a region of its own.
    await openPhotograph(stage, discOf(700, 500));
    await expect.poll(() => frameOf(page)).toEqual({ x: 0, y: 0, width: 700, height: 500 });
  });
});
