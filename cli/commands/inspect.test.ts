import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { importMetadata } from '../../engine/index.ts';
import { findFfmpeg } from '../../native/ffmpeg.ts';
import { folderOf } from '../../test/checkpoint-files.ts';
import { openTestEngine } from '../../test/embedded.ts';
import { runCommand } from '../../test/run-command.ts';

/** `attune inspect` on files of the trade; `test/madeby/make.py` says how they were made. */
const made = fileURLToPath(new URL('../../test/madeby/', import.meta.url));
const engine = openTestEngine();
afterAll(() => engine.close());
const env = { PATH: process.env.PATH };
const hasFfmpeg = findFfmpeg(env) !== undefined && findFfmpeg(env, 'ffprobe') !== undefined;
if (!hasFfmpeg) console.warn('there is no ffmpeg here: films are not inspected');

async function inspect(...argv: readonly string[]) {
  return runCommand(['inspect', ...argv], { folder: folderOf({}), engine }, { env });
}

const restored = {
  prompt: 'a cat, on a mat',
  negative: 'dog',
  seed: 42,
  steps: 20,
  guidance: 7,
  size: { width: 512, height: 768 },
};

describe('attune inspect', () => {
  it('tells of every picture and file of settings what the editor restores from it', async () => {
    const names = readdirSync(made).filter((name) => !/\.(?:py|bmp|mp4|webm)$/.test(name));
    expect(names.length).toBeGreaterThan(60);
    for (const name of names) {
      const { code, out } = await inspect(join(made, name), '--json');
      const { picture, settings } = JSON.parse(out);
      const imported = importMetadata(new Uint8Array(await readFile(join(made, name))), name);
      expect([name, code, picture?.imported ?? settings]).toEqual([name, 0, imported]);
    }
  });

  it.skipIf(!hasFfmpeg).each([
    ['comfyui.mp4', 'ComfyUI'],
    ['comfyui.webm', 'ComfyUI'],
    ['helper-suite.mp4', 'ComfyUI'],
    ['helper-suite.webm', 'ComfyUI'],
    ['a1111.mp4', 'A1111'],
  ])('%s: tells how another tool made the film', async (name, tool) => {
    const { code, out } = await inspect(join(made, name), '--json');
    expect([code, JSON.parse(out).video.imported]).toMatchObject([0, { tool, request: restored }]);
  });

  it('says it in lines: the tool, the prompts, the settings, and what was left out', async () => {
    const { out } = await inspect(join(made, 'comfyui.png'));
    expect(out.split('\n').slice(1, 5)).toEqual([
      '  made by ComfyUI',
      '  prompt: a cat, on a mat',
      '  negative: dog',
      '  512x768, 20 steps, guidance 7, seed 42',
    ]);
    expect(out).toContain('  Its sampler "euler" with "normal" was not taken over');
    expect(out).toContain('  other fields: prompt, workflow');
    expect((await inspect(join(made, 'bomb.png'))).out).toMatch(
      /"parameters" has more than 8 MiB and was not read\.\n?$/,
    );
    expect((await inspect(join(made, 'behind-100-fields.png'))).out).toMatch(/field 19 and 80 more\n?$/);
  });

  it('says of a picture that says nothing that it does, and names one that cannot say anything', async () => {
    expect((await inspect(join(made, 'photo.jfif'))).out).toContain('JPEG\n  it says nothing about its making');
    expect(await inspect(join(made, 'picture.bmp'))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/picture\.bmp is neither PNG/),
    });
  });
});
