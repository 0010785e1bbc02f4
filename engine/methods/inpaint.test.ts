import { afterAll, describe, expect, it } from 'vitest';
import { boxMask, codedAlone, discOf, openTestEngine, runAsked } from '../../test/embedded.ts';
import { compareWhere } from '../media/paste.ts';

const engine = openTestEngine();
const model = engine.model('embedded/image');
afterAll(() => engine.close());

const source = discOf(128, 128);

describe('inpaint', () => {
  it('ends on the source’s own latent outside the mask: far from the mask the picture is the source decoded', async () => {
    const mask = boxMask(128, 128, [0, 0, 0.25, 0.25]);
    const { unpasted, figures } = await runAsked(engine, { method: 'inpaint' }, { source, mask });
    const decoded = await codedAlone(model, source);
    const far = (pixel: number) => pixel % 128 >= 80 && pixel >= 80 * 128;
    // The decoder looks a little around each latent pixel (its norms at the whole picture), so nearly rather than exactly.
    expect(compareWhere(decoded, unpasted[0] ?? source, far).psnr).toBeGreaterThan(25);
    expect(figures.changedInside).toBeGreaterThan(0);
  });

  it('fills what is under the mask from the prompt and the seed', async () => {
    const mask = boxMask(128, 128);
    const fill = (asked: object) => runAsked(engine, { method: 'inpaint', guidance: 3, ...asked }, { source, mask });
    const one = await fill({});
    expect((await fill({ prompt: 'a blue whale, on sand' })).images).not.toEqual(one.images);
    expect((await fill({ seed: 2 })).images).not.toEqual(one.images);
    expect((await fill({ negative: 'a red apple' })).images).not.toEqual(one.images);
  });

  it('at full strength forgets what was under the mask, and keeps more of it at less', async () => {
    // Two sources that differ under the mask alone. Latent pixels at its border see the pixels beside it, so the masks cover whole ones.
    const mask = boxMask(128, 128, [0.25, 0.25, 0.75, 0.75]);
    const changed = {
      ...source,
      data: source.data.map((value, i) => (mask.data[Math.floor(i / 3)] ? 255 - value : value)),
    };
    const gap = async (strength: number) => {
      const params = { strength };
      const asked = { method: 'inpaint', steps: 6, guidance: 1, params } as const;
      const [a, b] = [
        await runAsked(engine, asked, { source, mask }),
        await runAsked(engine, asked, { source: changed, mask }),
      ];
      return compareWhere(a.unpasted[0] ?? source, b.unpasted[0] ?? source, (pixel) => mask.data[pixel] === 255).psnr;
    };
    expect(await gap(1)).toBeGreaterThan(await gap(0.3));
  });
});
