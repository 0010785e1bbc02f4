import type { ImageCodec, Pixels } from '../../engine/index.ts';
import type { Encoded } from './messages.ts';

/** A picture as the runner hands it over. */
export async function encoded(pixels: Pixels, codec: ImageCodec): Promise<Encoded> {
  const { width, height } = pixels;
  return { format: 'png', bytes: new Uint8Array(await codec.encode(pixels, 'png')), width, height };
}
