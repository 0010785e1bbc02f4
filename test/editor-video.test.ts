import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openImageCodec } from '../native/images.ts';
import { openDatabase } from '../service/store/database.ts';
import { openHistory } from '../service/store/history.ts';
import { openTestDesk } from '../service/testdesk.ts';
import { noChromium } from './chromium.ts';
import { type Carrier, nextResult, openFiles, type Stage, type StageOptions, watchFor } from './editor-stage.ts';
import { CARRIERS, stagesOfTests } from './editor-stages.ts';

/** A three-prompt video made, scrubbed and exported in the editor, on every carrier; the file is read back by players that are not ours. */
const open = stagesOfTests();

const hasFfprobe = spawnSync('ffprobe', ['-version']).status === 0;
const PROMPTS = 'a red apple moving right, on sand | a red apple rising, on sand | a blue apple moving left, on sand';

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

async function openVideo(carrier: Carrier, options: Pick<StageOptions, 'home'> = {}): Promise<Stage> {
  const stage = await open({ carrier, ...options });
  await stage.page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('button', { name: 'Video', exact: true })
    .click();
  return stage;
}

/** Of the player: a number that differs between pictures that differ. As text, since there is no DOM in this room. */
const seen = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const canvas = document.querySelector('.player-stage canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.reduce((hash, value) => (Math.imul(hash, 31) + value) | 0, 7);
  })()`);

interface Played {
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
}

/** The browser's own player on a page of its own, where the editor's policy does not hold. */
async function play(page: Page, bytes: Uint8Array): Promise<Played> {
  const cinema = await page.context().browser()?.newPage();
  if (cinema === undefined) throw new Error('the browser is gone');
  return cinema.evaluate(`new Promise((done, fail) => {
    const film = document.createElement('video');
    film.onloadeddata = () => done({ width: film.videoWidth, height: film.videoHeight, seconds: film.duration });
    film.onerror = () => fail(new Error('it cannot be played'));
    film.src = 'data:video/mp4;base64,${Buffer.from(bytes).toString('base64')}';
  })`);
}

describe.skipIf(noChromium !== undefined).each(CARRIERS)('a video over $name', ({ carrier }) => {
  it('of three prompts is made, scrubbed, played, exported and read back', async () => {
    const stage = await openVideo(carrier);
    const { page, desk } = stage;
    await page.getByText('Prompts from text').click();
    await page.getByRole('textbox', { name: 'Prompts from text' }).fill(PROMPTS);
    await button(page, 'Put on the timeline').click();
    expect(
      await page
        .getByRole('listitem')
        .getByRole('button', { name: /^\d a / })
        .count(),
    ).toBe(3);
    await page.getByRole('spinbutton', { name: 'Steps' }).fill('3');

    const since = desk.events.length;
    const live = await watchFor(page, /Generating/);
    await button(page, 'Make the video').click();
    await live.wereSeen();
    const entry = await nextResult(desk, since, 110_000);
    expect(entry.result).toMatchObject({ width: 128, height: 128, frames: 29, fps: 6 });
    expect(entry.request.segments).toHaveLength(3);
    await button(page, 'Save the video').waitFor();
    await page.getByText('Generating').waitFor({ state: 'hidden' });

    const scrub = page.getByRole('slider', { name: 'Frame', exact: true });
    await scrub.fill('2');
    await page.getByText('Frame 3 of 29').waitFor();
    const early = await seen(page);
    await scrub.fill('26');
    await page.getByText('Frame 27 of 29').waitFor();
    await expect.poll(() => seen(page)).not.toBe(early);
    await button(page, 'Play again at the end').click();
    await button(page, 'Play').click();
    await page.getByText('Frame 29 of 29').waitFor();
    await button(page, 'Play').waitFor();

    const { name, bytes } = await stage.saved(() => button(page, 'Save the video').click());
    expect(name).toMatch(/\.mp4$/);
    const played = await play(page, bytes);
    expect(played).toMatchObject({ width: 128, height: 128 });
    expect(played.seconds).toBeCloseTo(29 / 6, 1);

    await page.getByRole('listitem').getByRole('button', { name: /^2 a / }).click();
    const before = desk.events.length;
    await button(page, 'Regenerate this section').click();
    const { request } = await nextResult(desk, before, 110_000);
    expect(request.seed).toBe(entry.request.seed);
    expect(request.segments?.map(({ seed }) => seed === undefined)).toEqual([true, false, true]);

    // The film comes in again, by this window's own decoder, with the settings that it carries.
    await page.getByRole('combobox', { name: 'Method' }).click();
    await page.getByRole('option', { name: /^Edit by prompt/ }).click();
    await openFiles(page, 'Open a clip', { name: 'film.mp4', bytes, type: 'video/mp4' });
    await page.getByText('film.webp').waitFor();
    await page.getByText(/film\.mp4 \(128 × 128, 6 frames a second, 4\.8 s\) was taken/).waitFor();
    await page.getByText('Frame 29 of 29').waitFor();
    await button(page, 'Restore settings').click();
    await page
      .getByRole('listitem')
      .getByRole('button', { name: /^3 a blue/ })
      .waitFor();

    if (!hasFfprobe) return console.warn('there is no ffprobe here, so that the form of the film was not checked');
    const file = join(desk.home, 'film.mp4');
    await writeFile(file, bytes);
    const asked =
      'stream=codec_name,pix_fmt,color_range,color_space,nb_frames,r_frame_rate:format_tags=title,comment,description';
    const told = execFileSync('ffprobe', ['-v', 'error', '-show_entries', asked, '-of', 'json', file]);
    const { streams, format } = JSON.parse(told.toString());
    expect(streams[0]).toEqual({
      codec_name: 'h264',
      pix_fmt: 'yuv420p',
      color_range: 'tv',
      color_space: 'bt709',
      nb_frames: '29',
      r_frame_rate: '6/1',
    });
    expect(format.tags.title).toBe(PROMPTS);
    expect(format.tags.comment).toContain('Steps: 3');
    expect(JSON.parse(format.tags.description)).toMatchObject({ schema: 'attune/1', request: { method: 'ditctrl' } });
  });

  it('keeps its timeline over a restart, undoes and redoes, and grows by whole windows', async () => {
    const stage = await openVideo(carrier);
    const { page } = stage;
    const length = page.getByRole('slider', { name: 'Length of prompt 1' });
    expect(await length.getAttribute('aria-valuenow')).toBe('9');
    await length.press('ArrowRight');
    expect(await length.getAttribute('aria-valuenow')).toBe('14');
    await page.getByText('34 frames').waitFor();
    await button(page, 'Undo').click();
    await page.getByText('29 frames').waitFor();
    await button(page, 'Redo').click();
    const transitions = page.getByRole('slider', { name: 'Length of transitions' }).first();
    await transitions.press('ArrowLeft');
    await page.getByText('24 frames').waitFor();

    // The edge of a prompt follows the mouse.
    const box = await length.boundingBox();
    if (box === null) throw new Error('the edge is not there');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 400, box.y + box.height / 2, { steps: 6 });
    await page.mouse.up();
    expect(Number(await length.getAttribute('aria-valuenow'))).toBeGreaterThan(14);
    const kept = await page.locator('.timeline-foot .hint').innerText();

    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    await stage.reopen();
    await page.getByRole('button', { name: 'Video', exact: true }).click();
    await page.getByText(kept).waitFor();
  });

  it('edits a part of a clip by prompt, keeps the rest of it, and plays both', async () => {
    const stage = await openVideo(carrier);
    const { page, desk } = stage;
    await page.getByRole('combobox', { name: 'Method' }).click();
    await page.getByRole('option', { name: /^Edit by prompt/ }).click();
    await page.getByText('Open a clip first.').waitFor();
    const clip = await readFile(new URL('../docs/images/video/three-prompts.webp', import.meta.url));
    await openFiles(page, 'Open a clip', { name: 'walk.webp', bytes: clip, type: 'image/webp' });
    await page.getByText('29 of 29 frames. Edited in overlapping windows of 9.').waitFor();
    await page.getByRole('spinbutton', { name: 'From frame' }).fill('3');
    await page.getByText('27 of 29 frames.').waitFor();
    await page.getByRole('spinbutton', { name: 'To frame' }).fill('16');
    await page.getByText('14 of 29 frames. Edited in overlapping windows of 9.').waitFor();
    await page.getByRole('textbox', { name: 'What the clip shows' }).fill('a red apple moving right, on sand');
    await page.getByRole('textbox', { name: 'What it is to show' }).fill('a blue apple moving right, on sand');
    await page.getByRole('spinbutton', { name: 'Steps' }).fill('4');
    // The left half and a little more may change: drawn, then made exact.
    await page.getByRole('switch', { name: 'Change only inside a box' }).click();
    const stageBox = await page.getByRole('img', { name: /^Frame / }).boundingBox();
    if (stageBox === null) throw new Error('there is no frame');
    const { x, y, width, height } = stageBox;
    await page.mouse.move(x + width / 2 - height / 2 + 4, y + 4);
    await page.mouse.down();
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 4 });
    await page.mouse.move(x + width / 2 + 4, y + height - 4, { steps: 4 });
    await page.mouse.up();
    const side = (name: string) => page.getByRole('spinbutton', { name, exact: true });
    await expect.poll(async () => Number(await side('Right').inputValue())).toBeLessThan(72);
    await side('Left').fill('0');
    await side('Top').fill('0');
    await side('Right').fill('70');
    await side('Bottom').fill('128');
    // No side passes the one that faces it.
    await side('Left').fill('90');
    await side('Left').press('Enter');
    await expect.poll(() => side('Left').inputValue()).toBe('69');
    await side('Left').fill('0');

    const since = desk.events.length;
    await button(page, 'Change the clip').click();
    const { result, request, figures, maps } = await nextResult(desk, since, 110_000);
    expect(maps.length).toBeGreaterThan(0);
    expect(result).toMatchObject({ width: 128, height: 128, frames: 14 });
    expect(request).toMatchObject({ method: 'prompt-edit', frames: 14, source: { name: 'walk-3.webp' } });
    expect(figures.changedOutside).toBe(0);
    expect(figures.changedInside).toBeGreaterThan(0);
    const { mask } = request;
    if (mask === undefined) throw new Error('the box went along');
    const { bytes } = await desk.client.call('media.get', { sha256: mask.sha256 });
    const box = await openImageCodec().decode(bytes, 'box');
    const free = Array.from({ length: 128 * 128 }, (_, at) => (box.data[at * box.channels] ?? 0) > 0);
    expect(free).toEqual(Array.from({ length: 128 * 128 }, (_, at) => at % 128 < 70));
    const compare = button(page, 'Show the clip before');
    await compare.waitFor();
    await page.getByText('Generating').waitFor({ state: 'hidden' });
    const after = await seen(page);
    await compare.click();
    await expect.poll(() => seen(page)).not.toBe(after);

    // A click on the result shows the clip again; what was set is undone by itself.
    await page.getByRole('button', { name: /^Video: a blue apple moving right/ }).click();
    await compare.waitFor({ state: 'hidden' });
    await page.getByText('Frame 1 of 29').waitFor();
    await page.getByRole('switch', { name: 'Change only inside a box' }).click();
    await side('Right').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: /^Video: a blue apple moving right/ }).click();
    await expect.poll(() => side('Right').inputValue()).toBe('70');
  });

  it('loads videos that lie behind many pictures', async () => {
    const desk = await openTestDesk();
    const made = async (checkpoint: string, method: string, prompt: string) => {
      const since = desk.events.length;
      await desk.client.call('jobs.submit', { request: { checkpoint, method, prompt, seed: 1, steps: 1 } });
      return nextResult(desk, since);
    };
    await made('embedded/video', 'clip', 'a red apple rising, on sand');
    const picture = await made('embedded/image', 'generate', 'a red car, on sand');
    await desk.close();
    const database = openDatabase(desk.options.folders.state);
    const history = openHistory(database);
    for (let at = 0; at < 60; at++) history.add({ ...picture, id: randomUUID() });
    database.close();

    const { page } = await openVideo(carrier, desk);
    const thumb = page.getByRole('button', { name: /^Video: a red apple rising/ });
    await button(page, 'Older ones').waitFor();
    expect(await thumb.count()).toBe(0);
    await button(page, 'Older ones').click();
    await thumb.click();
    await button(page, 'Save the video').waitFor();
  });

  it('says what a file is that is no clip', async () => {
    const stage = await openVideo(carrier);
    const { page } = stage;
    await page.getByRole('combobox', { name: 'Method' }).click();
    await page.getByRole('option', { name: /^Edit by prompt/ }).click();
    await openFiles(page, 'Open a clip', { name: 'walk.mp4', bytes: new Uint8Array(900), type: 'video/mp4' });
    await page.getByText('walk.mp4 is no film that can be read here').waitFor();
    await page.getByText('Open a clip first.').waitFor();
  });
});
