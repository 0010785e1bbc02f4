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
  /** What a result must be for the parameter to count; absent: whatever is made. */
  only: z.enum(['picture', 'video']).exactOptional(),
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
    choices: z
      .array(
        z
          .strictObject({
            /** What a request says. */
            value: z.string().min(1),
            title: z.string().min(1),
            summary: z.string().min(1),
          })
          .readonly(),
      )
      .min(1)
      .readonly(),
    default: z.string(),
  }),
  z.strictObject({ ...paramBase, type: z.literal('text'), maxLength: z.int().positive(), default: z.string() }),
]);
export type ParamSchema = z.infer<typeof ParamSchema>;

/** What a method may be given besides its parameters. */
export const MethodInput = z.enum(['source', 'mask', 'prompt', 'segments', 'sourcePrompt', 'negative']);
export type MethodInput = z.infer<typeof MethodInput>;

/** Ids that older requests, records and settings have, and what they are now. */
const FORMER_METHOD_IDS: ReadonlyMap<string, string> = new Map([
  ['clip', 'generate'],
  ['video-edit', 'prompt-edit'],
]);

/** The id of today for one that may be of an older version. */
export const presentMethodId = (id: string): string => FORMER_METHOD_IDS.get(id) ?? id;

/** Names that parameters had in older requests, records and settings. */
const FORMER_PARAM_NAMES: ReadonlyMap<string, string> = new Map([
  ['wordSteps', 'crossReplaceSteps'],
  ['layoutSteps', 'selfReplaceSteps'],
  ['averages', 'nAvg'],
  ['reading', 'maskSource'],
  ['grow', 'dilation'],
  ['ownNoise', 'perFrameNoise'],
]);

/** The name of today for a parameter that may be of an older version. */
export const presentParamName = (name: string): string => FORMER_PARAM_NAMES.get(name) ?? name;

/** Values under the names of today; one under both names has the value of the later key. */
export const presentParams = <Value>(params: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [presentParamName(name), value]));

export const MethodDescription = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  title: z.string().min(1),
  summary: z.string().min(1),
  /** What its results are, by the checkpoint that runs; its `source` is of the same kind. */
  makes: z
    .array(z.enum(['picture', 'video']))
    .min(1)
    .readonly(),
  /** Name of the paper and where to find it. */
  paper: z.string().exactOptional(),
  /** An input that is not listed is refused. */
  inputs: z.partialRecord(MethodInput, z.enum(['required', 'optional'])),
  params: z.array(ParamSchema).readonly(),
  /** Values taken for what a request leaves out; without one, the checkpoint's own. */
  defaults: z.strictObject({
    steps: z.int().positive().exactOptional(),
    guidance: z.number().exactOptional(),
  }),
});
export type MethodDescription = z.infer<typeof MethodDescription>;
