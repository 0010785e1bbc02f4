import { z } from 'zod';
import { MediaRef } from './media.ts';
import { ParamValue } from './method.ts';

/** Largest seed that survives JSON in every reader. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER;

/** Pixels. Any size may be asked for: the engine pads to the network's multiple, works, and crops back. */
const MAX_SIDE = 16_384;
const sideLimits = `must be from 1 to ${MAX_SIDE}`;
const side = z.int().min(1, sideLimits).max(MAX_SIDE, sideLimits);
export const Size = z.strictObject({ width: side, height: side }).readonly();
export type Size = z.infer<typeof Size>;

export const MIN_MEGAPIXELS = 0.001;
export const MAX_MEGAPIXELS = 100;
const megapixelLimits = `must be from ${MIN_MEGAPIXELS} to ${MAX_MEGAPIXELS}`;

const MAX_PROMPT = 20_000;
const promptText = z.string().max(MAX_PROMPT, `must have at most ${MAX_PROMPT} characters`);
const params = z.record(z.string(), ParamValue);
const frameCount = z.int().min(1).max(100_000);

/** A stretch of a video with a prompt of its own, in the order of the video. */
export const PromptSegment = z
  .strictObject({
    prompt: promptText,
    /** Frames it lasts; absent: what the checkpoint makes at once. */
    frames: frameCount.exactOptional(),
    /** Noise of its own for the frames that are more its than any other's; absent: the request's. */
    seed: z.int().min(0).max(MAX_SEED).exactOptional(),
  })
  .readonly();
export type PromptSegment = z.infer<typeof PromptSegment>;

/** A rectangle of the source, in its pixels. */
export const Region = z
  .strictObject({
    x: z
      .int()
      .min(0)
      .max(MAX_SIDE * 2),
    y: z
      .int()
      .min(0)
      .max(MAX_SIDE * 2),
    width: side,
    height: side,
  })
  .readonly();
export type Region = z.infer<typeof Region>;

const asked = {
  /** Id of a method. */
  method: z.string().min(1),
  /** `embedded/NAME`, or the path or repository name of a checkpoint. */
  checkpoint: z.string().min(1).max(4096),
  /** The picture or clip to edit; its pixels travel beside the request. */
  source: MediaRef.exactOptional(),
  /** White = repaint, black = keep; its pixels travel beside the request. */
  mask: MediaRef.exactOptional(),
  /** What the result shows; empty where `segments` says it. Weights in the A1111 form, `(word:1.3)`, act in attention. */
  prompt: promptText,
  /** What a video shows, one prompt after the other. */
  segments: z.array(PromptSegment).min(1).max(64).exactOptional(),
  /** Length of a video of one prompt. */
  frames: frameCount.exactOptional(),
  /** The first frame of the clip that is edited, from 0; absent: its first. */
  startFrame: z.int().min(0).max(100_000).exactOptional(),
  /** Frames a second at which a video is shown, as a clip may have them; absent: the edited clip's own, else the checkpoint's. */
  fps: z.number().positive().max(1000).exactOptional(),
  /** What the source shows, for methods that compare two prompts. */
  sourcePrompt: promptText.exactOptional(),
  negative: promptText.exactOptional(),
  seed: z.int().min(0).max(MAX_SEED),
  /** Whether word maps are returned with the result. Part of the request: reading them out belongs to the graph that runs. */
  maps: z.boolean().exactOptional(),
};
const steps = z.int().min(1).max(1000);
const guidance = z.number().min(0).max(100);

/** Everything that decides a result. What is left out is the method's or the checkpoint's own value. */
export const EditRequest = z
  .strictObject({
    ...asked,
    params: params.exactOptional(),
    /** Pixels that the network works on; of a source with a region, those that the region is scaled to. */
    size: Size.exactOptional(),
    /**
     * The part of the source that is edited, at the picture's own pixels; `auto` is placed by mask and found area. Absent: the whole, and
     * `auto` where the whole is beyond the checkpoint.
     */
    region: z.union([z.literal('auto'), Region]).exactOptional(),
    /**
     * Millions of pixels that the region is scaled to, in its own shape; absent: as many as the checkpoint was trained on. Asks for a region
     * as `auto` does.
     */
    megapixels: z.number().min(MIN_MEGAPIXELS, megapixelLimits).max(MAX_MEGAPIXELS, megapixelLimits).exactOptional(),
    steps: steps.exactOptional(),
    guidance: guidance.exactOptional(),
  })
  .readonly();
export type EditRequest = z.infer<typeof EditRequest>;

/** A request with nothing left open; running it again gives the same bytes on the same provider. */
export const ResolvedRequest = z
  .object({ ...asked, params, size: Size, region: Region.exactOptional(), steps, guidance })
  .readonly();
export type ResolvedRequest = z.infer<typeof ResolvedRequest>;
