import { z } from 'zod';

/**
 * What a failure looks like to a user. The kinds are those of the engine's `AttuneError`, and two more: `usage` (a command or a
 * message that cannot be understood) and `internal` (a defect of ours; its details stay in the log).
 */
export const UserErrorKind = z.enum([
  'checkpoint-malformed',
  'checkpoint-incomplete',
  'checkpoint-unsupported',
  'graph-invalid',
  'request-invalid',
  'media-invalid',
  'runtime-failed',
  'memory-exceeded',
  'file-failed',
  'cancelled',
  'usage',
  'internal',
]);
export type UserErrorKind = z.infer<typeof UserErrorKind>;

export const UserError = z
  .strictObject({
    kind: UserErrorKind,
    /** A sentence the user can act on. */
    message: z.string(),
    /** What the sentence is about. */
    where: z
      .strictObject({
        file: z.string().exactOptional(),
        tensor: z.string().exactOptional(),
        field: z.string().exactOptional(),
      })
      .readonly()
      .exactOptional(),
  })
  .readonly();
export type UserError = z.infer<typeof UserError>;
