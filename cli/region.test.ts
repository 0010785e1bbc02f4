import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EditRecord } from '../contract/index.ts';
import { compareWhere, type Pixels, readMetadata } from '../engine/index.ts';
import { openImageCodec } from '../native/images.ts';
import { boxMask, discOf, openTestEngine } from '../test/embedded.ts';
import { runCommand } from '../test/run-command.ts';

/** Edits of a picture far beyond the embedded checkpoint's 128 pixels. */
const engine = openTestEngine();
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});
const images = openImageCodec();
let folder: string;
const at = (name: string) => join(folder, name);
const [WIDTH, HEIGHT] = [3000, 2000];
const large = discOf(WIDTH, HEIGHT);
const WORDS = ['--from', 'a red apple on grass', '--to', 'a blue apple on grass', '--seed', '1', '--steps', '3', '-q'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-region-'));
  await writeFile(at('large.png'), await images.encode(large, 'png'));
  const mask = boxMask(WIDTH, HEIGHT, [0.3, 0.4, 0.5, 0.7]);
  await writeFile(at('mask.png'), await images.encode(mask, 'png'));
});

const attune = (...argv: readonly string[]) => runCommand(argv, { folder, engine });

const decode = async (name: string): Promise<Pixels> => images.decode(await readFile(at(name)), name);
async function recordOf(name: string): Promise<EditRecord> {
  const { record } = readMetadata(await readFile(at(name)));
  if (record === undefined) throw new Error(`${name} has no record`);
  return record;
}
/** Pixels of the large picture that differ outside a rectangle, and inside it. */
function changes(after: Pixels, box: { x: number; y: number; width: number; height: number }) {
  const isIn = (pixel: number) => {
    const [x, y] = [pixel % WIDTH, Math.floor(pixel / WIDTH)];
    return x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
  };
  return {
    outside: compareWhere(large, after, (pixel) => !isIn(pixel)).changed,
    inside: compareWhere(large, after, isIn).changed,
  };
}

describe('a region of a large picture', () => {
  it('is edited where it was asked for and says so; redo gives the same bytes', async () => {
    const said = await attune('edit', at('large.png'), '--region', '900,700,800,600', ...WORDS, '-o', at('asked.png'));
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toContain('region 800x600 at 900, 700: ran at 128x96, pasted back at 3000x2000');
    const { region, size } = (await recordOf('asked.png')).request;
    expect(region).toEqual({ x: 900, y: 700, width: 800, height: 600 });
    expect(size.width).toBeLessThanOrEqual(128);
    expect(changes(await decode('asked.png'), { x: 900, y: 700, width: 800, height: 600 })).toEqual({
      outside: 0,
      inside: expect.any(Number),
    });
    const again = await attune('redo', at('asked.png'), '-o', at('again.png'), '-q');
    expect(again.out).toContain('the same bytes');
    expect((await attune('inspect', at('asked.png'))).out).toContain('region: 800x600 at 900, 700');
  });

  it.each(['flowedit', 'sdedit'])('is placed around the mask by %s', async (method) => {
    const words = method === 'sdedit' ? WORDS.slice(2) : WORDS;
    const argv = ['--method', method, '--mask', at('mask.png'), '--region', 'auto', ...words, '--json'];
    const said = await attune('edit', at('large.png'), ...argv, '-o', at(`${method}.png`));
    expect(JSON.parse(said.out)).toMatchObject({ ok: true, figures: { changedOutside: 0 } });
    const { region } = (await recordOf(`${method}.png`)).request;
    expect(region?.width).toBeLessThan(WIDTH);
    const found = changes(await decode(`${method}.png`), { x: 900, y: 800, width: 600, height: 600 });
    expect(found.outside).toBe(0);
    expect(found.inside).toBeGreaterThan(0);
  });

  it('is worked on at the megapixels that were asked for', async () => {
    const mask = ['--mask', at('mask.png')];
    const prompt = ['-p', 'a blue apple on grass', '--steps', '2', '--seed', '1', '-q'];
    const argv = ['inpaint', at('large.png'), ...mask, ...prompt, '--megapixels', '0.004'];
    expect((await attune(...argv, '-o', at('small.png'))).code).toBe(0);
    const { size, region } = (await recordOf('small.png')).request;
    expect(size.width * size.height).toBeLessThan(5000);
    expect(region).toBeDefined();
  });

  it('is where a word is looked for', async () => {
    const region = '900,800,600,600';
    const argv = ['select', at('large.png'), '--word', 'apple', '--region', region, '-q', '-o', at('word.png')];
    expect((await attune(...argv)).code).toBe(0);
    const mask = await decode('word.png');
    expect([mask.width, mask.height]).toEqual([WIDTH, HEIGHT]);
    const white = Array.from({ length: WIDTH * HEIGHT }, (_, pixel) => pixel).filter(
      (pixel) => (mask.data[pixel * mask.channels] ?? 0) > 0,
    );
    expect(white.length).toBeGreaterThan(0);
    for (const pixel of white) {
      expect(pixel % WIDTH).toBeGreaterThanOrEqual(900);
      expect(pixel % WIDTH).toBeLessThan(1500);
    }
  });

  it.each([
    [['edit', 'IN', '--region', '1,2,3', ...WORDS], /--region takes auto or X,Y,WIDTH,HEIGHT in pixels/],
    [
      ['edit', 'IN', '--region', '2500,0,800,800', ...WORDS],
      /The region of 800x800 at 2500, 0 leaves the picture of 3000x2000 \(--region/,
    ],
    [
      ['edit', 'IN', '--region', '0,0,400,400', '--mask', 'MASK', ...WORDS],
      /The mask lies outside the region, so nothing could change/,
    ],
    [['edit', 'IN', '--megapixels', '0', ...WORDS], /--megapixels takes a number from 0\.001 to 100/],
    [
      ['edit', 'IN', '--megapixels', '1', '--size', '64x64', ...WORDS],
      /both say at which size the region is worked on.*\(--megapixels N\)/,
    ],
    [['select', 'IN', '--word', 'apple', '--region', 'auto'], /Nothing tells where to look/],
    [['select', 'IN', '--word', 'apple', '--region', '0,0,4000,10'], /leaves the picture of 3000x2000 \(--region/],
    [['generate', '-p', 'x', '--region', 'auto'], /has no option --region/],
  ])('is refused with a sentence: %j', async (argv, sentence) => {
    const given = argv.map((text) => ({ IN: at('large.png'), MASK: at('mask.png') })[text] ?? text);
    const said = await attune(...given, '-o', at('refused.png'));
    expect(said).toMatchObject({ code: 2, out: '' });
    expect(said.err).toMatch(sentence);
  });
});

it('a batch takes regions from columns and options, and redo follows its records', async () => {
  await writeFile(
    at('jobs.csv'),
    'source,from,to,region,megapixels\nlarge.png,a red apple,a blue apple,"900,700,800,600",0.004\nlarge.png,a red apple,a green apple,,\n',
  );
  const out = at('batch');
  const said = await attune('batch', at('jobs.csv'), '-o', out, '--region', '0,0,500,400', '--steps', '2', '-q');
  expect(said).toMatchObject({ code: 0 });
  const { jobs } = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
  expect(jobs.map(({ record }: { record: EditRecord }) => record.request.region)).toEqual([
    { x: 900, y: 700, width: 800, height: 600 },
    { x: 0, y: 0, width: 500, height: 400 },
  ]);
  expect(jobs[0].size).toEqual({ width: WIDTH, height: HEIGHT });
  expect(await readFile(join(out, 'manifest.csv'), 'utf8')).toMatch(/,3000,2000,"900,700,800,600",/);
  const file = join(out, jobs[0].file);
  expect((await attune('redo', file, '-o', at('from-batch.png'), '-q')).out).toContain('the same bytes');
});
