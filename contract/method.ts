import { z } from 'zod';

/** The value of one parameter of a method. */
export const ParamValue = z.union([z.number(), z.boolean(), z.string().max(10_000)]);
export type ParamValue = z.infer<typeof ParamValue>;

const paramBase = {
  /** Stable name: `--param NAME=VALUE` on the command line, the key in `EditRequest.params`. */
  name: z.string().regex(/^[a-z][a-zA-Z0-9]*$/),
  title: z.string().min(1),
  /** One sentence: what a larger value, or each choice, does to the picture. */
  summary: z.string().min(1),
};
const numberRange = { min: z.number(), max: z.number(), default: z.number() };

/** One parameter of a method: enough to draw its control, to check its value and to document it. Ranges are inclusive. */
export const ParamSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...paramBase,
    type: z.literal('number'),
    ...numberRange,
    step: z.number().positive().exactOptional(),
  }),
  z.strictObject({ ...paramBase, type: z.literal('integer'), min: z.int(), max: z.int(), default: z.int() }),
  z.strictObject({ ...paramBase, type: z.literal('boolean'), default: z.boolean() }),
  z.strictObject({
    ...paramBase,
    type: z.literal('choice'),
    choices: z.array(z.strictObject({ value: z.string().min(1), summary: z.string().min(1) })).min(1),
    default: z.string(),
  }),
  z.strictObject({ ...paramBase, type: z.literal('text'), maxLength: z.int().positive(), default: z.string() }),
]);
export type ParamSchema = z.infer<typeof ParamSchema>;

/** What a method may be given besides its parameters. */
export const MethodInput = z.enum(['source', 'mask', 'prompt', 'segments', 'sourcePrompt', 'negative']);
export type MethodInput = z.infer<typeof MethodInput>;

export const MethodDescription = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  title: z.string().min(1),
  summary: z.string().min(1),
  /** What its result is; its `source` is of the same kind. */
  makes: z.enum(['picture', 'video']),
  /** Name of the paper and where to find it. */
  paper: z.string().exactOptional(),
  /** An input that is not listed is refused. */
  inputs: z.partialRecord(MethodInput, z.enum(['required', 'optional'])),
  params: z.array(ParamSchema),
  /** Values taken for what a request leaves out; without one, the checkpoint's own. */
  defaults: z.strictObject({
    steps: z.int().positive().exactOptional(),
    guidance: z.number().exactOptional(),
  }),
});
export type MethodDescription = z.infer<typeof MethodDescription>;
