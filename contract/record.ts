import { z } from 'zod';
import { Sha256 } from './media.ts';
import { ResolvedRequest } from './request.ts';

/** Name of the form of `EditRecord`; a change that an older reader would misread gets a new number. */
export const RECORD_SCHEMA = 'attune/1';

/** A stretch of a prompt, in UTF-16 units of `text`, that acts with another weight than 1. */
const PromptWeight = z.object({ start: z.int().min(0), end: z.int().min(0), weight: z.number() });

/** A prompt as it was understood: the text without its weight marks, and where the weights act. */
const RecordedPrompt = z.object({
  role: z.enum(['prompt', 'sourcePrompt', 'negative']),
  text: z.string(),
  weights: z.array(PromptWeight),
});

const RecordedFile = z.object({
  /** Relative to the checkpoint's folder, with `/`. */
  path: z.string().min(1),
  bytes: z.int().min(0),
  /** Absent where hashing the file would have taken longer than the edit. */
  sha256: Sha256.exactOptional(),
});

/** One attention operation: what acted, where, on which tokens, with which numbers. */
const RecordedOperation = z.object({
  primitive: z.string().min(1),
  /** Ids of the attention sites; absent means all of them. */
  sites: z.array(z.string()).exactOptional(),
  /** First and last step (inclusive, from 0); absent means all of them. */
  steps: z.tuple([z.int(), z.int()]).exactOptional(),
  /** Words and the text tokens that stand for them. */
  words: z.array(z.object({ text: z.string(), tokens: z.array(z.int()) })).exactOptional(),
  values: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.array(z.number())])),
});
export type RecordedOperation = z.infer<typeof RecordedOperation>;

/**
 * How a picture was made: enough to make it again. It lies inside the picture, so it holds no time, no path of this machine and
 * nothing else that would differ between two runs of the same request. Unknown keys of later versions are dropped on reading.
 */
export const EditRecord = z.object({
  schema: z.literal(RECORD_SCHEMA),
  app: z.object({ name: z.string(), version: z.string() }),
  request: ResolvedRequest,
  prompts: z.array(RecordedPrompt),
  checkpoint: z.object({
    /** Name for people, e.g. `sd3.5-medium`. */
    name: z.string().min(1),
    /** Id of the network family. */
    family: z.string().min(1),
    repository: z.string().exactOptional(),
    revision: z.string().exactOptional(),
    files: z.array(RecordedFile),
  }),
  runtime: z.object({ provider: z.string(), version: z.string(), precision: z.string() }),
  /** Name of the noise generator that `request.seed` feeds. */
  noise: z.string(),
  sampler: z.object({
    /** Our name, e.g. `flow-euler`. */
    name: z.string(),
    /** The name other tools know, written as `Sampler:` in the A1111 text. */
    commonName: z.string(),
    sigmas: z.array(z.number()),
  }),
  operations: z.array(RecordedOperation),
});
export type EditRecord = z.infer<typeof EditRecord>;
