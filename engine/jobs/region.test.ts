import { afterAll, describe, expect, it } from 'vitest';
import type { EditRequest, RunEvent } from '../../contract/index.ts';
import { boxMask, discOf, openTestEngine, requestOf, runAsked } from '../../test/embedded.ts';
import { resample } from '../media/resample.ts';
import type { Pixels } from '../ports.ts';

const engine = openTestEngine();
afterAll(() => engine.close());

const EDIT = { method: 'prompt-edit', sourcePrompt: 'a red apple on grass', prompt: 'a blue apple on grass' } as const;
const INPAINT = { method: 'inpaint', prompt: 'a blue apple on grass', steps: 3 } as const;
/** Beyond the embedded model's 128 pixels. */
const large = discOf(320, 200);

/** How many bytes differ where `chosen`. */
function changed(a: Pixels, b: Pixels | undefined, chosen: (x: number, y: number) => boolean): number {
  let count = 0;
  for (let i = 0; i < a.data.length; i++) {
    const pixel = Math.floor(i / a.channels);
    if (chosen(pixel % a.width, Math.floor(pixel / a.width)) && a.data[i] !== b?.data[i]) count++;
  }
  return count;
}

describe('a picture beyond the checkpoint', () => {
  it('is edited at its own size in a region around the mask, and nothing outside the mask changes', async () => {
    const mask = boxMask(320, 200, [200 / 320, 0.3, 230 / 320, 0.45]);
    const { images, record, size, figures, masks } = await runAsked(engine, INPAINT, { source: large, mask });
    expect(size).toEqual({ width: 320, height: 200 });
    const { region, size: worked } = record.request;
    if (region === undefined) throw new Error('the record holds no region');
    expect(region.x).toBeLessThan(200);
    expect(region.x + region.width).toBeGreaterThan(230);
    expect(region.width).toBeLessThan(320);
    expect(Math.max(worked.width, worked.height)).toBeLessThanOrEqual(128);
    expect(figures.changedOutside).toBe(0);
    expect(figures.changedInside).toBeGreaterThan(0);
    expect(masks).toEqual([mask]);
    expect(changed(large, images[0], (x, y) => mask.data[y * 320 + x] === 0)).toBe(0);
  });

  it('is worked on as a whole where nothing tells where the edit acts, and shown so while it runs', async () => {
    const events: RunEvent[] = [];
    const options = { previews: true, onEvent: (event: RunEvent) => void events.push(event) };
    const asked = { method: 'flowedit', sourcePrompt: EDIT.sourcePrompt, prompt: EDIT.prompt, steps: 3 } as const;
    const { record, images } = await runAsked(engine, asked, { source: large }, options);
    expect(record.request.region).toEqual({ x: 0, y: 0, width: 320, height: 200 });
    expect([images[0]?.width, images[0]?.height]).toEqual([320, 200]);
    const shown = events.flatMap((event) =>
      event.kind === 'preview' ? [[event.image.width, event.image.height]] : [],
    );
    expect(new Set(shown.map(String))).toEqual(new Set(['320,200']));
  });

  it('gives the same bytes from its record', async () => {
    const first = await runAsked(engine, { ...EDIT, steps: 4 }, { source: large });
    expect(first.record.request.region).toBeDefined();
    const again = await engine.run(first.record.request, { source: large });
    expect(again.images).toEqual(first.images);
    expect(again.record).toEqual(first.record);
  });

  it('is scaled instead where a size is asked for', async () => {
    const { images, record, warnings } = await runAsked(
      engine,
      { ...EDIT, steps: 2, size: { width: 64, height: 48 } },
      { source: large },
    );
    expect(record.request.region).toBeUndefined();
    expect([images[0]?.width, images[0]?.height]).toEqual([64, 48]);
    expect(warnings.join(' ')).toContain('was scaled from 320x200 to 64x48');
  });
});

describe('a region that was asked for', () => {
  const region = { x: 16, y: 8, width: 60, height: 60 };

  it('is the only part that changes, of a picture that the checkpoint would take whole', async () => {
    const source = resample(large, 128, 80);
    const { images, figures } = await runAsked(
      engine,
      { method: 'sdedit', prompt: 'a blue whale', steps: 4, region },
      { source },
    );
    const inside = (x: number, y: number) => x >= 16 && x < 76 && y >= 8 && y < 68;
    expect(changed(source, images[0], (x, y) => !inside(x, y))).toBe(0);
    expect(changed(source, images[0], inside)).toBeGreaterThan(0);
    expect(figures.changedOutside).toBe(0);
  });

  const refused = (field: string) => expect.objectContaining({ kind: 'request-invalid', where: { field } });
  const source = { width: 320, height: 200 };
  const corner = { x: 0, y: 0, width: 40, height: 40 };

  it('is refused where it leaves the picture', () => {
    const asked = { ...requestOf(EDIT), region: { ...corner, x: 300 } };
    expect(() => engine.plan(asked, { source })).toThrow(refused('region'));
  });

  it('is refused where the mask lies outside it, and taken where they meet', () => {
    const asked = { ...requestOf(EDIT), region: corner };
    const masked = (x: number) => ({ source, mask: source, area: { x, y: 10, width: 20, height: 20 } });
    expect(() => engine.plan(asked, masked(40))).toThrow(refused('region'));
    expect(engine.plan(asked, masked(39)).request.region).toEqual(corner);
  });

  it('is refused where nothing is edited', () => {
    const generate = requestOf({ method: 'generate' });
    expect(() => engine.plan({ ...generate, region: 'auto' }, {})).toThrow(refused('region'));
    expect(() => engine.plan({ ...generate, megapixels: 1 }, {})).toThrow(refused('megapixels'));
  });
});

describe('sizes of regions', () => {
  it('are the square and wide and tall ones, each worked on at itself', () => {
    const sizes = engine.regionSizes('embedded/image');
    expect(sizes[0]).toEqual({ width: 128, height: 128 });
    expect(sizes).toContainEqual({ width: 128, height: 64 });
    expect(sizes).toContainEqual({ width: 64, height: 128 });
    for (const size of sizes) {
      const region = { x: 5, y: 5, width: 2 * size.width, height: 2 * size.height };
      const source = { width: 999, height: 999 };
      expect(engine.place('embedded/image', { region }, { source })).toEqual({ region, size });
    }
  });
});

describe('megapixels', () => {
  const source = { width: 320, height: 200 };
  const planned = (asked: Partial<EditRequest>) => engine.plan({ ...requestOf(EDIT), ...asked }, { source }).request;

  it('size what is worked on, in the shape of the region and within what the checkpoint takes', () => {
    expect(planned({ megapixels: 0.004 })).toMatchObject({
      region: { x: 0, y: 0, ...source },
      size: { width: 80, height: 48 },
    });
    expect(planned({ megapixels: 50 }).size).toEqual(planned({}).size);
  });

  it('are refused beside a size', () => {
    expect(() => planned({ megapixels: 0.004, size: { width: 64, height: 64 } })).toThrow(
      expect.objectContaining({ kind: 'request-invalid', where: { field: 'megapixels' } }),
    );
  });
});
