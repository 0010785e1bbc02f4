import { cutAxis } from '../base/tensor.ts';
import type { Tiling } from '../family.ts';
import { fromPlanar, toPlanar } from '../media/pixels.ts';
import type { FrameSpool } from '../ports.ts';
import type { FrameReader } from './batches.ts';
import { SeamBlender, tileGrid } from './tiling.ts';

/** Opens a place for pieces; asked only where a plane is larger than a tile, or a latent too long to be held. */
export type OpenSpool = () => Promise<FrameSpool>;

/** In memory. */
export async function memorySpool(): Promise<FrameSpool> {
  const pieces = new Map<string, Uint8Array>();
  const find = (key: string) => {
    const data = pieces.get(key);
    if (data === undefined) throw new RangeError(`nothing waits as ${key}`);
    return data;
  };
  return {
    put: async (key, data) => void pieces.set(key, data.slice()),
    read: async (key) => find(key),
    async take(key) {
      const data = find(key);
      pieces.delete(key);
      return data;
    },
    close: async () => pieces.clear(),
  };
}

/**
 * Frames of a latent by tiles: those of one tile after the other go into the spool, and are then blended frame by frame.
 * @param scale pixels of a latent pixel along each side
 * @param decode frames [3, H, W] of a tile
 */
export async function* decodeTiles(
  latent: FrameReader,
  scale: number,
  tiling: Tiling,
  openSpool: OpenSpool,
  decode: (tile: FrameReader) => AsyncIterable<Float32Array>,
): AsyncGenerator<Float32Array> {
  const { height, width } = latent;
  const grid = tileGrid(height, width, tiling);
  const spool = await openSpool();
  try {
    let frames = 0;
    for (const [at, { rows, columns }] of grid.entries()) {
      frames = 0;
      const tile: FrameReader = {
        frames: latent.frames,
        height: rows.size,
        width: columns.size,
        read: async (start, count) =>
          cutAxis(cutAxis(await latent.read(start, count), 3, rows.start, rows.size), 4, columns.start, columns.size),
      };
      for await (const plane of decode(tile))
        await spool.put(`${at}.${frames++}`, fromPlanar(plane, columns.size * scale, rows.size * scale).data);
    }
    for (let frame = 0; frame < frames; frame++) {
      const blender = new SeamBlender(3, height * scale, width * scale);
      for (const [at, { rows, columns }] of grid.entries()) {
        const data = await spool.take(`${at}.${frame}`);
        const piece = toPlanar({ width: columns.size * scale, height: rows.size * scale, channels: 3, data });
        blender.add(piece, rows.start * scale, columns.start * scale, rows.weights(scale), columns.weights(scale));
      }
      yield blender.result();
    }
  } finally {
    await spool.close();
  }
}
