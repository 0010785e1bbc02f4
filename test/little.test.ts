import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pixels } from '../engine/index.ts';
import { openImageCodec } from '../native/images.ts';
import { openTestEngine } from './embedded.ts';

/** Whether an edit says that it did little. */
const engine = openTestEngine();
afterAll(() => engine.close());
const SAMPLE = new URL('../cli/sample/scene.png', import.meta.url);
let source: Pixels;
beforeAll(async () => {
  source = await openImageCodec().decode(await readFile(SAMPLE), 'scene.png');
});

const SHOWN = 'a red car on the left and a blue house on the right, on sand';
const edit = (method: string, prompt: string, mask?: Pixels) =>
  engine.run(
    { method, checkpoint: 'embedded/image', sourcePrompt: SHOWN, prompt, seed: 7, steps: 12 },
    { source, ...(mask && { mask }) },
  );

describe('an edit', () => {
  it.each(['prompt-edit', 'flowedit'])('by weights alone with %s says that they changed nothing', async (method) => {
    const { figures, warnings } = await edit(method, SHOWN.replace('blue', '(blue:1.6)'));
    expect(warnings).toEqual([expect.stringMatching(/^The weights changed nothing that is seen: \d %/)]);
    expect(figures.changedShare).toBeLessThan(0.1);
  });

  it.each(['prompt-edit', 'flowedit'])('of a colour with %s says nothing', async (method) => {
    const { figures, warnings } = await edit(method, SHOWN.replace('red', 'green'));
    expect(warnings).toEqual([]);
    expect(figures.changeStrength).toBeGreaterThan(0.4);
  });

  it('to what is there already says what to try', async () => {
    const mask: Pixels = { ...source, channels: 1, data: new Uint8Array(source.width * source.height).fill(255) };
    const { warnings } = await edit('prompt-edit', SHOWN, mask);
    expect(warnings).toEqual([
      expect.stringMatching(/^The edit did little: \d+ %.*Try a higher strength.*move the mask/),
    ]);
  });
});
