import { encodeFrames, noiseSource, renoise } from '../../../engine/index.ts';
import { changing } from '../tasks/figures.ts';
import type { World } from '../world.ts';
import { type BenchMethod, plain, type Stage, sourceOf } from './method.ts';
import { decodePicture, levelsOf, openSize, velocityOf } from './sampling.ts';

/**
 * The new prompt with the latents outside the true box held on the source's trajectory: for own pictures the one they were painted
 * along, for files the source with the initial noise at every level. It is told where the change is, which no method by prompt is.
 */
export const pinned: BenchMethod = {
  name: 'pinned outside true box',
  kind: 'reference',
  // In T5 everything but the sprites changes; there is no box.
  appliesTo: ({ id }, sourceKind) => sourceKind !== 'none' && id !== 'T5',
  async run(stage) {
    const { engine, item, world, sourceKind } = stage;
    const source = sourceOf(stage);
    const { model, size } = openSize(engine, source);
    const clean = await encodeFrames(model, size, [source]);
    const sigmas = levelsOf(engine, size);
    const free = freeCells(world, stage, size.columns, size.rows);
    const cells = free.length;
    const noise = noiseSource(item.seed, clean.length, 'initial')(0);
    const wanted = await velocityOf(engine, size, item.to[0] ?? '');
    const was = sourceKind === 'own' ? await velocityOf(engine, size, item.from) : undefined;
    let held: Float32Array = noise;
    let latent: Float32Array = noise;
    for (let step = 0; step < sigmas.length - 1; step++) {
      const [sigma, next] = [sigmas[step] ?? 1, sigmas[step + 1] ?? 0];
      held = was === undefined ? renoise(clean, noise, next) : stepped(held, await was(held, sigma), next - sigma);
      const moved = stepped(latent, await wanted(latent, sigma), next - sigma);
      latent = moved.map((value, i) => (free[i % cells] === 1 ? value : (held[i] ?? 0)));
    }
    return [plain(await decodePicture(model, size, latent))];
  },
};

const stepped = (latent: Float32Array, velocity: Float32Array, width: number): Float32Array =>
  latent.map((value, i) => value + width * (velocity[i] ?? 0));

/** Latent pixels inside a box of the object that changes: 1 inside. */
function freeCells(world: World, { item, sourceKind }: Stage, columns: number, rows: number): Uint8Array {
  const { width, cell } = world.file.canvas;
  const scale = width / columns;
  const boxes = changing(world, item, sourceKind);
  return Uint8Array.from({ length: columns * rows }, (_, i) => {
    const [x, y] = [(i % columns) * scale, Math.floor(i / columns) * scale];
    const isIn = ([left, top]: readonly [number, number]) => x >= left && x < left + cell && y >= top && y < top + cell;
    return Number(boxes.some((object) => isIn(object.cell)));
  });
}
