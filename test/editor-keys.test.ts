import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { noChromium } from './chromium.ts';
import { nextResult } from './editor-stage.ts';
import { stagesOfTests } from './editor-stages.ts';

/** Keys, pressed as a person presses them who is typing. */
const open = stagesOfTests();

const target = (page: Page) => page.getByLabel('What it should show');
const steps = (page: Page) => page.getByRole('spinbutton', { name: 'Steps', exact: true });

/** One key with Ctrl, as a keyboard of another layout sends it. */
async function pressWithCtrl(page: Page, code: string, key: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const event = { code, key, modifiers: 2, windowsVirtualKeyCode: key.toUpperCase().charCodeAt(0) };
  await session.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...event });
  await session.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  await session.detach();
}

describe.skipIf(noChromium !== undefined)('keys of the editor', () => {
  it('run, undo and open while one types in a prompt, and run from a field of numbers', async () => {
    const { desk, page } = await open();
    await steps(page).fill('2');
    let since = desk.events.length;
    await steps(page).press('Control+Enter');
    await nextResult(desk, since);
    await target(page).click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type(' on snow');
    since = desk.events.length;
    await page.keyboard.press('Control+Enter');
    expect((await nextResult(desk, since)).request.prompt).toMatch(/ on snow$/);
    await page.getByRole('img', { name: /^Result: .* on snow/ }).waitFor();
    await page.keyboard.press('Control+s');
    await page.getByRole('dialog', { name: 'Export' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const chooser = page.waitForEvent('filechooser');
    await target(page).press('Control+o');
    await chooser;
    // The steps before: the seed, the words.
    for (let at = 0; at < 6 && /on snow/.test((await target(page).textContent()) ?? ''); at++)
      await target(page).press('Control+z');
    expect(await target(page).textContent()).not.toContain('on snow');
  });

  it.each([
    ['QWERTZ', 'KeyY', 'z'],
    ['AZERTY', 'KeyW', 'z'],
    ['Dvorak', 'Slash', 'z'],
    ['Cyrillic', 'KeyZ', 'я'],
  ])('Ctrl+Z on a %s keyboard undoes what was typed', async (_layout, code, key) => {
    const { page } = await open();
    const before = await target(page).textContent();
    await target(page).click();
    await page.keyboard.type('quick ');
    expect(await target(page).textContent()).not.toBe(before);
    await pressWithCtrl(page, code, key);
    await expect.poll(() => target(page).textContent()).toBe(before);
  });

  it('leaves text that is no part of the document to the browser, and acts on no page but its own', async () => {
    const { page } = await open();
    await page.keyboard.press('b');
    const before = await target(page).textContent();
    await target(page).click();
    await page.keyboard.type('quick ');
    const changed = await target(page).textContent();
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name: 'Batch' }).click();
    const prompts = page.getByLabel('Prompts', { exact: true });
    await prompts.click();
    await page.keyboard.type('a red apple');
    await page.keyboard.press('Control+z');
    expect(await prompts.inputValue()).not.toBe('a red apple');
    await page.getByRole('heading', { name: 'Batch', level: 1 }).click();
    await page.keyboard.press('Control+z');
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name: 'Edit' }).click();
    expect(await target(page).textContent()).toBe(changed);
    expect(changed).not.toBe(before);
  });
});
