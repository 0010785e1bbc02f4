import type { PromptSegment, ResolvedRequest } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { type Conditioning, wordsOf } from '../pipeline/condition.ts';
import type { LatentFrames, LatentStore, Scratch } from '../pipeline/latentframes.ts';
import { canvasOfLatent, type VideoCanvas, videoCanvasOf } from '../pipeline/videocanvas.ts';
import { encodeVideoPrompt } from '../pipeline/videocondition.ts';
import { frameScaleOf, type VideoModel } from '../pipeline/videomodel.ts';
import { runFrameLoop } from '../video/frameloop.ts';
import { segmentNoise } from '../video/segmentnoise.ts';
import { pixelFrames, planSegments, type SegmentPlan } from '../video/segments.ts';
import { segmentStates } from '../video/transition.ts';
import { DITCTRL_PARAMS } from './ditctrl-params.ts';
import { openWindows } from './ditctrl-windows.ts';
import { rowsOf } from './method.ts';
import { renoisingOf } from './ownnoise.ts';
import { type Params, readParams } from './params.ts';
import type { VideoMethod } from './videomethod.ts';
import { levelsOf, previewFrame, samplerOf } from './videosampling.ts';

/**
 * One long video from several prompts without training (DiTCtrl, arXiv 2412.18597). The latent of the whole video is denoised in
 * overlapping windows of what the network makes at once; neighbouring windows are one batch, the later one reads the earlier one's keys
 * and values in part of the steps and layers; estimates of a frame are blended with triangle weights. Between two prompts stand windows
 * whose text states are a mean of both. Differences to the published code: masks are of the maps of the run before, of the layers in front
 * of the shared ones, where the code takes the same pass and all layers so far. Unless asked for, the negative prompt is the encoded one
 * and not zeros, and guidance stays the same over the steps.
 */
export const ditctrl: VideoMethod = {
  description: {
    id: 'ditctrl',
    title: 'Several prompts',
    summary: 'Makes one long video from prompts that follow each other, each flowing into the next.',
    makes: 'video',
    paper: 'DiTCtrl: Exploring Attention Control in Multi-Modal Diffusion Transformer (arXiv 2412.18597)',
    inputs: { prompt: 'optional', segments: 'optional', negative: 'optional' },
    params: DITCTRL_PARAMS,
    defaults: {},
  },
  demand(request, model) {
    const windows = planOf(request, model, readParams(request.params));
    return {
      canvas: canvasFor(windows, request, model),
      rows: 2 * rowsOf(request.guidance),
      window: windows.tile,
      routed: true,
      streams: true,
    };
  },
  readsNegative: ({ guidance, params }) => guidance !== 1 && readParams(params).text('unconditional') !== 'zero',
  async run({ model, request, progress, scratch }) {
    const params = readParams(request.params);
    const prompts = promptsOf(request);
    const windows = planOf(request, model, params);
    const canvas = canvasFor(windows, request, model);
    progress.stage('condition');
    const { conditions, texts } = await encodeAll(model, prompts, scratch);
    const isZero = params.text('unconditional') === 'zero';
    const encoded = await encodeVideoPrompt(model, request.negative ?? '');
    const negative = isZero ? emptied(encoded) : encoded;
    const plan = model.scheduler.plan(request.steps);
    const frameLength = canvas.latentLength / (canvas.leadingFrames + canvas.codedFrames);
    const { predict, operations, maps } = await openWindows({
      model,
      request,
      params,
      windows,
      conditionOf: (segment) => conditionOf(segment, conditions, texts),
      subjects: windows.segments.map((segment) => subjectOf(params.text('subject'), segment, conditions, model)),
      negative,
      canvas,
      frameLength,
    });

    progress.stage('denoise');
    const seeds = prompts.map(({ seed }) => seed);
    const noise = (purpose: 'initial' | 'step') => segmentNoise(windows, seeds, request.seed, frameLength, purpose);
    const latent = scratch.store('latent', windows.frames, frameLength);
    const clean = scratch.store('clean', windows.frames, frameLength);
    const initial = noise('initial');
    for (let frame = 0; frame < windows.frames; frame++) await latent.write(frame, initial(0, frame, 1));
    await runFrameLoop({
      latent,
      clean,
      plan,
      noise: noise('step'),
      renoising: renoisingOf(params, request, canvas),
      predict,
      onStep: (step) => previewFrame({ model, canvas, progress, of: request.steps }, step, clean),
    });
    return {
      canvas,
      latent,
      maps: maps(),
      prompts: [
        ...conditions.map((condition) => ({ role: 'prompt' as const, condition })),
        ...(request.guidance === 1 || isZero ? [] : [{ role: 'negative' as const, condition: negative }]),
      ],
      levels: levelsOf(plan),
      sampler: samplerOf(plan),
      operations,
      figures: { windows: windows.segments.length },
    };
  },
};

/** Of one prompt as many frames as were asked for, of several all that their windows make. */
function canvasFor({ frames }: SegmentPlan, request: ResolvedRequest, model: VideoModel): VideoCanvas {
  const asked = promptsOf(request).length === 1 ? request.frames : undefined;
  return canvasOfLatent(model, request.size, frames - tileOf(model, request).leading, asked);
}

function promptsOf(request: ResolvedRequest): readonly PromptSegment[] {
  if (request.segments !== undefined) return request.segments;
  return [{ prompt: request.prompt, ...(request.frames === undefined ? {} : { frames: request.frames }) }];
}

/** Prompts without their states, and these where a long video has room for them: [prompts, tokens * width]. */
async function encodeAll(
  model: VideoModel,
  prompts: readonly PromptSegment[],
  scratch: Scratch,
): Promise<{ readonly conditions: readonly Conditioning[]; readonly texts: LatentFrames }> {
  const conditions: Conditioning[] = [];
  let texts: LatentStore | undefined;
  for (const [at, { prompt }] of prompts.entries()) {
    const { text, ...condition } = await encodeVideoPrompt(model, prompt);
    texts ??= scratch.store('text', prompts.length, text.length);
    await texts.write(at, text);
    conditions.push({ ...condition, text: new Float32Array() });
  }
  if (texts === undefined) throw new RangeError('there is no prompt');
  return { conditions, texts };
}

/** A prompt whose states are zeros, which the published code guides away from. */
function emptied(condition: Conditioning): Conditioning {
  const { text, pooled } = condition;
  return { ...condition, text: new Float32Array(text.length), pooled: new Float32Array(pooled.length) };
}

/**
 * Latent frames of one window: what the network was made for. Those in front that fill up its tokens count; the whole latent has them once,
 * and in later windows other frames stand there.
 */
function tileOf(
  model: VideoModel,
  request: Pick<ResolvedRequest, 'size'>,
): { readonly frames: number; readonly leading: number } {
  const { codedFrames, leadingFrames } = videoCanvasOf(model, { ...request.size, frames: model.defaults.frames });
  return { frames: leadingFrames + codedFrames, leading: leadingFrames };
}

/** Share of a window that the published code shares with the one before: 6 of 13 latent frames. */
const PUBLISHED_OVERLAP = 6 / 13;

function planOf(request: ResolvedRequest, model: VideoModel, params: Params): SegmentPlan {
  const { frames: tile, leading } = tileOf(model, request);
  const { patchFrames } = model.denoiser.video;
  const isCut = params.text('joining') === 'cut';
  const wished = params.number('overlap');
  // Windows begin where tokens do.
  if (wished % patchFrames !== 0)
    throw new AttuneError(
      'request-invalid',
      `${model.name} joins ${patchFrames} latent frames to one token: take an overlap that is a multiple of ${patchFrames}, not ${wished}.`,
      { field: 'overlap' },
    );
  const usual = Math.round((PUBLISHED_OVERLAP * tile) / patchFrames) * patchFrames;
  const overlap = isCut ? 0 : wished === 0 ? usual : wished;
  const prompts = promptsOf(request);
  const scale = frameScaleOf(model.coder);
  return planSegments({
    prompts: prompts.length,
    tile,
    overlap,
    transitions: isCut ? 0 : params.number('transitions'),
    // As many further windows as a prompt's frames need beyond its first one.
    extra: prompts.map(({ frames = 0 }) =>
      Math.max(0, Math.ceil((frames - pixelFrames(tile - leading, scale)) / (scale * (tile - overlap)))),
    ),
  });
}

type Segment = SegmentPlan['segments'][number];

/** A window's prompt, or the mean of two; its words are those of the first. */
async function conditionOf(
  segment: Segment,
  conditions: readonly Conditioning[],
  texts: LatentFrames,
): Promise<Conditioning> {
  const first = conditions[segment.from];
  if (first === undefined) throw new RangeError(`there is no prompt ${segment.from}`);
  const [from, to] = [await texts.read(segment.from, 1), await texts.read(segment.to, 1)];
  return { ...first, text: segmentStates(segment, from, to) };
}

/** Text columns of the subject in the prompts of a window; empty where no subject was named. */
function subjectOf(
  subject: string,
  { from, to }: Segment,
  conditions: readonly Conditioning[],
  model: VideoModel,
): readonly number[] {
  if (subject.trim() === '') return [];
  const columns = new Set<number>();
  for (const at of new Set([from, to])) {
    const condition = conditions[at];
    const found =
      condition === undefined
        ? []
        : wordsOf(condition).filter(({ text }) => text.toLowerCase() === subject.trim().toLowerCase());
    if (found.length === 0)
      throw new AttuneError(
        'request-invalid',
        `The subject "${subject}" is no word of "${condition?.prompt ?? ''}" as ${model.name} reads it. Name a word that every prompt has, or leave the subject empty.`,
        { field: 'subject' },
      );
    for (const word of found) for (const column of word.columns) columns.add(column);
  }
  return [...columns];
}
