import { z } from 'zod';
import { UserError } from './error.ts';
import { MediaRef, Pixels } from './media.ts';
import { EditRecord } from './record.ts';

/** What a job is doing while no sampling step runs. */
export const Stage = z.enum(['open', 'encode', 'condition', 'search', 'denoise', 'decode', 'upscale', 'write']);
export type Stage = z.infer<typeof Stage>;

/** Id of a job, a batch, a history entry or a grant. Ids are parsed, never joined into paths. */
export const JobId = z.string().regex(/^[a-z0-9-]{8,64}$/, 'must be an id');
export type JobId = z.infer<typeof JobId>;

const step = z.int().min(1);
/** Which frame of a video, from 0. */
const frame = z.int().min(0);

const progress = [
  z.strictObject({ kind: z.literal('stage'), stage: Stage }),
  /**
   * Of the last told stage, `part` of `of` begins: `network` is the component that runs, e.g. a text encoder over a prompt or the VAE over a
   * tile. `etaMs` is the expected time to the end of the stage, once a part has ended.
   */
  z.strictObject({
    kind: z.literal('part'),
    part: step,
    of: step,
    network: z.string(),
    etaMs: z.number().min(0).exactOptional(),
  }),
  /** `step` of `of` is done; `etaMs` is the expected time to the end of the job. */
  z.strictObject({ kind: z.literal('step'), step, of: step, etaMs: z.number().min(0) }),
  /** The clean estimate after a step. */
  z.strictObject({ kind: z.literal('preview'), step, frame: frame.exactOptional(), image: Pixels }),
  /** Where a word is in the picture so far: one channel, 255 = most. */
  z.strictObject({ kind: z.literal('map'), step, frame: frame.exactOptional(), word: z.string(), map: Pixels }),
] as const;

/** What a run tells while it goes on. */
export const RunEvent = z.discriminatedUnion('kind', progress);
export type RunEvent = z.infer<typeof RunEvent>;

const outcome = [
  z.strictObject({ kind: z.literal('queued'), position: z.int().min(0) }),
  z.strictObject({ kind: z.literal('done'), results: z.array(MediaRef), record: EditRecord }),
  z.strictObject({ kind: z.literal('failed'), error: UserError }),
  z.strictObject({ kind: z.literal('cancelled') }),
] as const;

/** Everything a job tells, in order: `queued`, then progress, then one of `done`, `failed`, `cancelled`. */
export const JobEvent = z.strictObject({
  job: JobId,
  event: z.discriminatedUnion('kind', [...progress, ...outcome]),
});
export type JobEvent = z.infer<typeof JobEvent>;
