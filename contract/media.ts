import { z } from 'zod';

/** Lower-case hexadecimal SHA-256 of a file's bytes. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');

/**
 * A picture that a request uses. It is known by its content: `name` is the bare file name, for people and for looking beside the
 * result. Never a path: a path in a shared picture would tell the name of its author's home folder.
 */
export const MediaRef = z
  .strictObject({
    sha256: Sha256,
    name: z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^/\\]+$/, 'must be a file name without folders'),
  })
  .readonly();
export type MediaRef = z.infer<typeof MediaRef>;

/** 8-bit sRGB pixels, row-major, channels interleaved: `data` is [height, width, channels]. */
export const Pixels = z
  .strictObject({
    width: z.int().positive(),
    height: z.int().positive(),
    channels: z.union([z.literal(1), z.literal(3), z.literal(4)]),
    data: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes'),
  })
  .refine((pixels) => pixels.data.length === pixels.width * pixels.height * pixels.channels, {
    message: 'needs width x height x channels bytes',
    path: ['data'],
  })
  .readonly();
export type Pixels = z.infer<typeof Pixels>;
