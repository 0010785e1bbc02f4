import { afterAll, describe, expect, it } from 'vitest';
import { openTestEngine } from '../../test/embedded.ts';
import { floatTensor } from '../base/tensor.ts';
import { encodePrompt } from '../conditioning/conditioning.ts';
import { latentSizeOf } from '../latents/size.ts';
import { openBranches } from './branches.ts';
import { WordMaps, watchWords } from './wordmaps.ts';

const engine = openTestEngine();
const model = engine.model('embedded/image');
afterAll(() => engine.close());

/** Maps of the one word of a prompt on a picture of this size, as if the network had looked so. */
async function mapsOf(width: number, height: number, share: (x: number, y: number) => number) {
  const size = latentSizeOf(model, { width, height, frames: 1 });
  const prompt = await encodePrompt(model, 'apple');
  const branches = await openBranches(model, {
    branches: [{ name: 'target', condition: prompt, guidance: 1 }],
    frames: 1,
    height: size.rows,
    width: size.columns,
  });
  const maps = new WordMaps(branches, [await watchWords(model, 'target', prompt)]);
  const { image } = branches.sizes.tokens;
  const tokens = Array.from({ length: image.length }, (_, i) => share(i % image.width, Math.floor(i / image.width)));
  const captured = Float32Array.from(tokens.flatMap((value) => [value, 1]));
  maps.record({ [maps.operation.id]: floatTensor(captured, [1, image.length, 2]) });
  const [map] = maps.pictures('target', size, 0);
  if (map === undefined) throw new Error('the word has no map');
  return map;
}

describe('a word map as a picture', () => {
  it('goes from black at the least share to white at the largest, whatever these are', async () => {
    const { word, image } = await mapsOf(128, 112, (x) => 0.2 + 0.001 * x);
    expect(word).toBe('apple');
    expect([image.width, image.height, image.channels]).toEqual([128, 112, 1]);
    expect(image.data[0]).toBe(0);
    expect(image.data[127]).toBe(255);
    for (let x = 1; x < 128; x++) expect(image.data[x]).toBeGreaterThanOrEqual(image.data[x - 1] ?? 0);
  });

  it('is black where nothing stands out', async () => {
    const { image } = await mapsOf(64, 64, () => 0.3);
    expect(image.data.every((value) => value === 0)).toBe(true);
  });

  it('has a token where its pixels are, also at the edge of a padded picture', async () => {
    const { image } = await mapsOf(100, 75, (x, y) => (x === 6 && y === 1 ? 1 : 0));
    const brightest = image.data.indexOf(Math.max(...image.data));
    expect(brightest % 100).toBe(99);
    expect(Math.floor(brightest / 100)).toBeGreaterThanOrEqual(16);
    expect(Math.floor(brightest / 100)).toBeLessThan(32);
  });
});

describe('the share of a word', () => {
  it('is what its columns have of the text’s mass, summed over the steps', async () => {
    const prompt = await encodePrompt(model, 'a red apple');
    const watched = await watchWords(model, 'target', prompt);
    expect(watched.words.map(({ word }) => word)).toEqual(['a', 'red', 'apple']);
    const branches = await openBranches(model, {
      branches: [{ name: 'target', condition: prompt, guidance: 1 }],
      frames: 1,
      height: 4,
      width: 4,
    });
    const maps = new WordMaps(branches, [watched]);
    expect([...maps.tokenMap('target', 1)]).toEqual([0, 0, 0, 0]);
    // [tokens, words and text]: two steps whose text masses differ.
    const step = (text: number) => Float32Array.from([0, 1, 2, 3].flatMap((token) => [0, (token * text) / 4, 0, text]));
    for (const text of [0.5, 0.25]) maps.record({ [maps.operation.id]: floatTensor(step(text), [1, 4, 4]) });
    expect([...maps.tokenMap('target', 1)]).toEqual([0, 0.25, 0.5, 0.75]);
    expect(() => maps.record({})).toThrow(RangeError);
  });
});
