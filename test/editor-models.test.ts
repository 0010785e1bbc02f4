import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { noChromium } from './chromium.ts';
import { nextResult } from './editor-stage.ts';
import { stagesOfTests } from './editor-stages.ts';

/** Models in the editor, on a machine whose folders come and go. */
const open = stagesOfTests();
const homes: string[] = [];
afterEach(async () => {
  for (const home of homes.splice(0)) await rm(home, { recursive: true, force: true });
});

async function folderWithModel(name: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'attune-models-'));
  homes.push(home);
  await cp(join(import.meta.dirname, '../models/embedded/image'), join(home, 'added', name), { recursive: true });
  return join(home, 'added');
}

describe.skipIf(noChromium !== undefined)('the models of the editor', () => {
  it('go on without a folder that is gone, say so, and are whole when it is back', async () => {
    const added = await folderWithModel('sprites');
    const { desk, page, reopen } = await open({
      prepare: async ({ service, client }) => {
        service.grant('grant-00000001', added);
        await client.call('models.addFolder', { grant: 'grant-00000001' });
      },
    });
    const pageLink = page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name: 'Models' });
    await pageLink.click();
    await page.getByRole('heading', { name: 'sprites' }).waitFor();
    await rename(added, `${added}-away`);
    await reopen();
    await pageLink.click();
    const lost = page.getByRole('listitem').filter({ hasText: 'A folder that cannot be searched' });
    await lost.getByText('There is no such folder.').waitFor();
    expect(await lost.getByText(added).count()).toBe(1);
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('spinbutton', { name: 'Steps', exact: true }).fill('2');
    const since = desk.events.length;
    await page.keyboard.press('Control+Enter');
    expect((await nextResult(desk, since)).request.steps).toBe(2);
    await rename(`${added}-away`, added);
    await pageLink.click();
    await page.getByRole('button', { name: 'Rescan' }).click();
    await lost.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'sprites' }).waitFor();
  });
});
