import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeAnimation, encodeAnimation } from '../../native/animation.ts';
import { openImageCodec } from '../../native/images.ts';
import { UPSCALER } from '../../native/package.ts';
import { discOf, openTestEngine } from '../../test/embedded.ts';
import { runCommand } from '../../test/run-command.ts';

const engine = openTestEngine();
const images = openImageCodec();
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-upscale-'));
  await writeFile(at('small.png'), await images.encode(discOf(48, 32), 'png'));
  const first = discOf(24, 16);
  const frames = [first, { ...first, data: first.data.map((value) => 255 - value) }];
  await writeFile(at('clip.webp'), await encodeAnimation({ frames, fps: 5 }, 'webp'));
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const attune = (...argv: readonly string[]) => runCommand(argv, { folder, engine });

describe('attune upscale', () => {
  it('makes a picture four times as large, and the same in a process of its own', async () => {
    const { code, out } = await attune('upscale', at('small.png'), '-o', at('large.png'));
    expect([code, out]).toEqual([0, expect.stringContaining('large.png: 192x128')]);
    const args = ['cli/attune.mjs', 'upscale', at('small.png'), '-o', at('again.png')];
    const env = { ...process.env, ATTUNE_HOME: folder };
    await promisify(execFile)(process.execPath, args, { cwd: join(import.meta.dirname, '../..'), env });
    expect(await readFile(at('again.png'))).toEqual(await readFile(at('large.png')));
  });

  it('takes another factor', async () => {
    expect((await attune('upscale', at('small.png'), '--scale', '1.5', '-o', at('a.webp'))).out).toContain('72x48');
  });

  it('makes every frame of a clip larger, at its rate', async () => {
    const { code, err } = await attune('upscale', at('clip.webp'), '-o', at('large.webp'));
    expect([code, err]).toEqual([0, expect.stringContaining('making it larger')]);
    const { frames, fps } = await decodeAnimation(await readFile(at('large.webp')), 'large.webp');
    expect([frames.length, frames[0]?.width, frames[0]?.height, fps]).toEqual([2, 96, 64, 5]);
  });

  it('ends between two tiles when it is cancelled, and leaves no file', async () => {
    const signal = AbortSignal.abort();
    const argv = ['upscale', at('small.png'), '-o', at('none.png')];
    expect((await runCommand(argv, { folder, engine }, { signal })).code).toBe(130);
    const later = new AbortController();
    const told: string[] = [];
    const cancelled = engine.upscale(
      { network: UPSCALER, picture: discOf(420, 8) },
      {
        signal: later.signal,
        onEvent(event) {
          told.push(event.kind);
          if (event.kind === 'step') later.abort();
        },
      },
    );
    await expect(cancelled).rejects.toMatchObject({ kind: 'cancelled' });
    expect(told.filter((kind) => kind === 'step')).toHaveLength(1);
    expect(await readdir(folder)).not.toContain('none.png');
  });

  it.each([
    [['--scale', '5'], 2, /from 1 to 4 \(--scale N\)/],
    [['--model', 'MISSING.safetensors'], 1, /MISSING\.safetensors: There is no such file/],
    [['--model', 'EMBEDDED'], 1, /no upscaler that Attune runs.*\(--model FILE\)/],
    [['--scale', 'big'], 2, /--scale/],
  ])('refuses %j in a sentence, and writes nothing', async (options, code, message) => {
    const vae = join(import.meta.dirname, '../../models/embedded/image/vae/diffusion_pytorch_model.safetensors');
    const given = options.map((option) => (option === 'EMBEDDED' ? vae : option));
    const said = await attune('upscale', at('small.png'), ...given, '-o', at('none.png'));
    expect(said).toMatchObject({ code, err: expect.stringMatching(message) });
    expect(await readdir(folder)).not.toContain('none.png');
  });
});
