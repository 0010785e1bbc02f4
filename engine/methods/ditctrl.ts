import type { ResolvedRequest } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { noiseSource } from '../base/noise.ts';
import { type Conditioning, wordsOf } from '../pipeline/condition.ts';
import { canvasOfLatent, videoCanvasOf } from '../pipeline/videocanvas.ts';
import { encodeVideoPrompt } from '../pipeline/videocondition.ts';
import { frameScaleOf, type VideoModel } from '../pipeline/videomodel.ts';
import { runDiffusionLoop } from '../sampling/diffusionloop.ts';
import { pixelFrames, planSegments, type SegmentPlan } from '../video/segments.ts';
import { segmentStates } from '../video/transition.ts';
import { DITCTRL_PARAMS } from './ditctrl-params.ts';
import { openWindows } from './ditctrl-windows.ts';
import { rowsOf } from './method.ts';
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
  demand: (request, model) => ({ rows: 2 * rowsOf(request.guidance), window: tileOf(model, request), routed: true }),
  async run({ model, request, progress }) {
    const params = readParams(request.params);
    const prompts = promptsOf(request);
    const windows = planOf(request, model, params);
    const asked = prompts.length === 1 ? request.frames : undefined;
    const canvas = canvasOfLatent(model, request.size, windows.frames, asked);
    progress.stage('condition');
    const conditions: Conditioning[] = [];
    for (const prompt of prompts) conditions.push(await encodeVideoPrompt(model, prompt.prompt));
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
      conditionOf: (segment) => conditionOf(segment, conditions),
      subjects: windows.segments.map((segment) => subjectOf(params.text('subject'), segment, conditions, model)),
      negative,
      canvas,
      frameLength,
    });

    progress.stage('denoise');
    const latent = await runDiffusionLoop({
      latent: noiseSource(request.seed, canvas.latentLength, 'initial')(0),
      plan,
      noise: noiseSource(request.seed, canvas.latentLength, 'step'),
      predict,
      onStep: ({ step, clean }) => previewFrame({ model, canvas, progress, of: request.steps }, step, clean),
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

function promptsOf(request: ResolvedRequest) {
  if (request.segments !== undefined) return request.segments;
  return [{ prompt: request.prompt, ...(request.frames === undefined ? {} : { frames: request.frames }) }];
}

/** A prompt whose states are zeros, which the published code guides away from. */
function emptied(condition: Conditioning): Conditioning {
  const { text, pooled } = condition;
  return { ...condition, text: new Float32Array(text.length), pooled: new Float32Array(pooled.length) };
}

/** Latent frames of one window: what the network was made for. */
function tileOf(model: VideoModel, request: Pick<ResolvedRequest, 'size'>): number {
  if (model.denoiser.video.patchFrames > 1)
    throw new AttuneError(
      'request-invalid',
      `${model.name} joins ${model.denoiser.video.patchFrames} latent frames to one token, and windows of several prompts are made for models that do not. Take a CogVideoX model of the 1.0 kind.`,
      { field: 'method' },
    );
  return videoCanvasOf(model, { ...request.size, frames: model.defaults.frames }).codedFrames;
}

/** Share of a window that the published code shares with the one before: 6 of 13 latent frames. */
const PUBLISHED_OVERLAP = 6 / 13;

function planOf(request: ResolvedRequest, model: VideoModel, params: Params): SegmentPlan {
  const tile = tileOf(model, request);
  const isCut = params.text('joining') === 'cut';
  const wished = params.number('overlap');
  const overlap = isCut ? 0 : wished === 0 ? Math.round(PUBLISHED_OVERLAP * tile) : wished;
  const prompts = promptsOf(request);
  const scale = frameScaleOf(model.coder);
  return planSegments({
    prompts: prompts.length,
    tile,
    overlap,
    transitions: isCut ? 0 : params.number('transitions'),
    // As many further windows as a prompt's frames need beyond its first one.
    extra: prompts.map(({ frames = 0 }) =>
      Math.max(0, Math.ceil((frames - pixelFrames(tile, scale)) / (scale * (tile - overlap)))),
    ),
  });
}

type Segment = SegmentPlan['segments'][number];

/** A window's prompt, or the mean of two; its words are those of the first. */
function conditionOf(segment: Segment, conditions: readonly Conditioning[]): Conditioning {
  const first = conditions[segment.from];
  if (first === undefined) throw new RangeError(`there is no prompt ${segment.from}`);
  return {
    ...first,
    text: segmentStates(
      segment,
      conditions.map(({ text }) => text),
    ),
  };
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
