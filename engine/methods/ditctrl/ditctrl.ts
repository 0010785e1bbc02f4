import type { PromptSegment, ResolvedRequest } from '../../../contract/index.ts';
import { AttuneError } from '../../base/errors.ts';
import { type Conditioning, encodePrompt, wordsOf } from '../../conditioning/conditioning.ts';
import { runFrameLoop } from '../../denoise/frameloop.ts';
import { isGuided } from '../../denoise/guidance.ts';
import { PUBLISHED_OVERLAP } from '../../denoise/passes.ts';
import type { LatentFrames, LatentStore } from '../../latents/frames.ts';
import { framesOf, type LatentSize, latentSizeOf, latentSizeOfFrames } from '../../latents/size.ts';
import type { Model } from '../../model/model.ts';
import { defineMethod } from '../method.ts';
import type { ParamsOf } from '../params.ts';
import { renoisingOf } from '../perframenoise.ts';
import type { MethodRun } from '../run.ts';
import { DITCTRL_PARAMS } from './params.ts';
import { segmentNoise } from './segmentnoise.ts';
import { planSegments, type SegmentPlan } from './segments.ts';
import { timelineOf } from './timeline.ts';
import { segmentStates } from './transition.ts';
import { openWindows } from './windows.ts';

type Params = ParamsOf<typeof DITCTRL_PARAMS>;

/**
 * One long video from several prompts without training (DiTCtrl, arXiv 2412.18597). The latent of the whole video is denoised in
 * overlapping windows of what the network makes at once; neighbouring windows are one batch, the later one reads the earlier one's keys
 * and values in part of the steps and layers; estimates of a frame are blended with triangle weights. Between two prompts stand windows
 * whose text states are a mean of both. Differences to the published code: masks are of the maps of the run before, of the layers in front
 * of the shared ones, where the code takes the same pass and all layers so far. Unless asked for, the negative prompt is the encoded one
 * and not zeros, and guidance stays the same over the steps.
 */
export const ditctrl = defineMethod({
  description: {
    id: 'ditctrl',
    title: 'Several prompts',
    summary: 'Makes one long video from prompts that follow each other, each flowing into the next.',
    makes: ['video'],
    paper: 'DiTCtrl: Exploring Attention Control in Multi-Modal Diffusion Transformer (arXiv 2412.18597)',
    inputs: { prompt: 'optional', segments: 'optional', negative: 'optional' },
    params: DITCTRL_PARAMS,
    defaults: {},
  },
  requirements: ({ request, model, params, rows }) => ({
    rows: 2 * rows(request.guidance),
    window: planOf(request, model, params).tile,
    routed: true,
    streams: true,
  }),
  readsNegative: ({ request, params, rows }) => rows(request.guidance) > 1 && params.unconditional !== 'zero',
  size: ({ request, model, params }) => sizeFor(planOf(request, model, params), request, model),
  timeline({ request, model, params }) {
    const windows = planOf(request, model, params);
    return timelineOf(windows, sizeFor(windows, request, model), model.autoencoder.temporalCompression);
  },
  async run(run, params) {
    const { model, request, progress, size, temp, plan } = run;
    const { frameLength } = size;
    const prompts = promptsOf(request);
    const windows = planOf(request, model, params);
    run.reads(prompts.length + (isGuided(model.denoiser, request.guidance) ? 1 : 0));
    const { conditions, texts } = await encodeAll(run, prompts);
    const negative = await negativeOf(run, params);
    const { predict, operations, maps } = await openWindows({
      model,
      request,
      params,
      windows,
      conditionOf: (segment) => conditionOf(segment, conditions, texts),
      subjects: windows.segments.map((segment) => subjectOf(params.subject, segment, conditions, model)),
      negative,
      size,
    });

    progress.stage('denoise');
    const seeds = prompts.map(({ seed }) => seed);
    const noise = (purpose: 'initial' | 'step') => segmentNoise(windows, seeds, request.seed, frameLength, purpose);
    const latent = temp.store('latent', windows.frames, frameLength);
    const clean = temp.store('clean', windows.frames, frameLength);
    const initial = noise('initial');
    for (let frame = 0; frame < windows.frames; frame++) await latent.write(frame, initial(0, frame, 1));
    await runFrameLoop({
      latent,
      clean,
      plan,
      noise: noise('step'),
      renoising: renoisingOf(params, request, size),
      predict,
      onStep: (step) => run.report(undefined, step, clean),
    });
    return { ...run.outcomeWith(latent, maps(), { operations }), metrics: { windows: windows.segments.length } };
  },
});

/** What windows are guided away from: the encoded negative prompt, or zeros as the published code takes. */
async function negativeOf(run: MethodRun, { unconditional }: Params): Promise<Conditioning | undefined> {
  const { guidance, negative: asked = '' } = run.request;
  if (unconditional !== 'zero') return run.encodeNegative([guidance]);
  if (!isGuided(run.model.denoiser, guidance)) return undefined;
  const negative = await encodePrompt(run.model, asked);
  const { promptEmbeds, inputs } = negative;
  return {
    ...negative,
    promptEmbeds: new Float32Array(promptEmbeds.length),
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, new Float32Array(values.length)])),
  };
}

/** Of one prompt as many frames as were asked for, of several all that their windows make. */
function sizeFor({ frames }: SegmentPlan, request: ResolvedRequest, model: Model): LatentSize {
  const wished = promptsOf(request).length === 1 ? request.frames : undefined;
  return latentSizeOfFrames(model, request.size, frames - tileOf(model, request).paddingFrames, wished);
}

function promptsOf(request: ResolvedRequest): readonly PromptSegment[] {
  if (request.segments !== undefined) return request.segments;
  return [{ prompt: request.prompt, ...(request.frames === undefined ? {} : { frames: request.frames }) }];
}

/** Prompts without their states, and these where a long video has room for them: [prompts, tokens * width]. */
async function encodeAll(
  run: MethodRun,
  prompts: readonly PromptSegment[],
): Promise<{ readonly conditions: readonly Conditioning[]; readonly texts: LatentFrames }> {
  const conditions: Conditioning[] = [];
  let texts: LatentStore | undefined;
  for (const [at, { prompt }] of prompts.entries()) {
    const { promptEmbeds, ...condition } = await encodePrompt(run.model, prompt);
    texts ??= run.temp.store('text', prompts.length, promptEmbeds.length);
    await texts.write(at, promptEmbeds);
    const kept = { ...condition, promptEmbeds: new Float32Array() };
    run.tell('prompt', kept);
    conditions.push(kept);
  }
  if (texts === undefined) throw new RangeError('there is no prompt');
  return { conditions, texts };
}

/**
 * One window: what the network was made for. Padding frames in front count; the whole latent has them once, and in later windows other
 * frames stand there.
 */
function tileOf(model: Model, { size: { width, height } }: Pick<ResolvedRequest, 'size'>): LatentSize {
  return latentSizeOf(model, { width, height, frames: model.defaults.frames });
}

function planOf(request: ResolvedRequest, model: Model, params: Params): SegmentPlan {
  const { totalFrames: tile, latentFrames } = tileOf(model, request);
  const patch = model.denoiser.temporalPatchSize;
  const isCut = params.joining === 'cut';
  const wished = params.overlap;
  // Windows begin where tokens do.
  if (wished % patch !== 0)
    throw new AttuneError(
      'request-invalid',
      `${model.name} joins ${patch} latent frames to one token: take an overlap that is a multiple of ${patch}, not ${wished}.`,
      { field: 'overlap' },
    );
  const usual = Math.round((PUBLISHED_OVERLAP * tile) / patch) * patch;
  const overlap = isCut ? 0 : wished === 0 ? usual : wished;
  const prompts = promptsOf(request);
  const { temporalCompression } = model.autoencoder;
  return planSegments({
    prompts: prompts.length,
    tile,
    overlap,
    transitions: isCut ? 0 : params.transitions,
    // As many further windows as a prompt's frames need beyond its first one.
    extra: prompts.map(({ frames = 0 }) =>
      Math.max(
        0,
        Math.ceil((frames - framesOf(latentFrames, model.autoencoder)) / (temporalCompression * (tile - overlap))),
      ),
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
  return { ...first, promptEmbeds: segmentStates(segment, from, to) };
}

/** Text columns of the subject in the prompts of a window; empty where no subject was named. */
function subjectOf(
  subject: string,
  { from, to }: Segment,
  conditions: readonly Conditioning[],
  model: Model,
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
