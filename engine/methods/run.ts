import type { Pixels, RecordedOperation, ResolvedRequest } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { noiseSource } from '../base/noise.ts';
import { type Conditioning, encodePrompt, encodingCalls, wordsOf } from '../conditioning/conditioning.ts';
import { type BranchPlan, outputOf } from '../denoise/branches.ts';
import { isGuided } from '../denoise/guidance.ts';
import type { BranchSpec } from '../denoise/layout.ts';
import { openPasses, type Passes } from '../denoise/passes.ts';
import type { Progress } from '../denoise/progress.ts';
import { frameMaps, reportStep, TARGET } from '../denoise/report.ts';
import { schedule } from '../denoise/schedule.ts';
import { watchWords } from '../denoise/wordmaps.ts';
import { codingCalls } from '../latents/batches.ts';
import { encodeFrames } from '../latents/encode.ts';
import { type LatentFrames, latentOf } from '../latents/frames.ts';
import { touchedLatent } from '../latents/masks.ts';
import type { LatentSize } from '../latents/size.ts';
import type { Model } from '../model/model.ts';
import { runEulerLoop } from '../sampling/eulerloop.ts';
import { type FlowView, flowView, noiseLevels } from '../sampling/flowview.ts';
import { firstActiveStep, type PairedLoop, runPairedLoop } from '../sampling/pairedloop.ts';
import type { SamplerName, SamplingPlan } from '../sampling/scheduler.ts';
import { runSchedulerLoop, type SchedulerLoop } from '../sampling/schedulerloop.ts';
import type { MethodOutcome, PromptRole, RunContext, UsedPrompt } from './outcome.ts';

/** The prompts of an edit: what the source shows, what the result shows, what it should not show. */
export interface EditPrompts {
  readonly source: Conditioning;
  readonly target: Conditioning;
  readonly negative: Conditioning | undefined;
}

/** What a method adds to what every run hands back. */
export interface OutcomeParts {
  readonly masks?: readonly Pixels[] | undefined;
  readonly operations?: readonly RecordedOperation[];
  readonly sampler?: SamplerName;
}

/**
 * One run, as a method drives it: encodes what was given, opens branches, loops with previews, and gathers what the engine needs to hand
 * out the result. A method decides which branches run, what acts in their attention, and how the latent moves.
 */
export class MethodRun {
  readonly model: Model;
  readonly request: ResolvedRequest;
  readonly size: LatentSize;
  readonly mask: Pixels | undefined;
  readonly progress: Progress;
  readonly temp: RunContext['temp'];
  readonly plan: SamplingPlan;
  /** The model as a flow model. */
  readonly view: FlowView;
  readonly #source: readonly Pixels[] | undefined;
  readonly #prompts: UsedPrompt[] = [];

  constructor({ model, request, size, source, mask, progress, temp }: RunContext) {
    this.model = model;
    this.request = request;
    this.size = size;
    this.mask = mask;
    this.progress = progress;
    this.temp = temp;
    this.plan = schedule(model, size, request.steps);
    this.view = flowView(this.plan);
    this.#source = source;
  }

  /** The clean latent of the source. Throws 'request-invalid' where there is none. */
  async encodeSource(): Promise<Float32Array> {
    if (this.#source === undefined || this.#source.length === 0)
      throw new AttuneError('request-invalid', `The method ${this.request.method} needs a picture or clip to edit.`, {
        field: 'source',
      });
    this.progress.stage('encode', codingCalls(this.model, 'encode', this.size));
    return encodeFrames(this.model, this.size, this.#source);
  }

  /** The mask as weights of latent pixels [rows, columns], 1 wherever it touches one. Throws 'request-invalid' where there is none. */
  latentMask(): Float32Array {
    if (this.mask === undefined)
      throw new AttuneError(
        'request-invalid',
        `The method ${this.request.method} needs a mask: white where the picture may change.`,
        { field: 'mask' },
      );
    return touchedLatent(this.size, this.mask);
  }

  /** Encodes a prompt of the run; the record and the warnings tell of it. */
  async encode(role: PromptRole, prompt: string): Promise<Conditioning> {
    const condition = await encodePrompt(this.model, prompt);
    this.tell(role, condition);
    return condition;
  }

  /** Has the record and the warnings tell of a prompt. */
  tell(role: PromptRole, condition: Conditioning): void {
    this.#prompts.push({ role, condition });
  }

  /** Stage `condition`, in which so many prompts are encoded. */
  reads(prompts: number): void {
    this.progress.stage('condition', Array(prompts).fill(encodingCalls(this.model)).flat());
  }

  /** What the result shows, and what it should not show where one of the scales needs a negative prompt. Stage `condition`. */
  async encodePrompts(
    scales: readonly number[] = [this.request.guidance],
  ): Promise<{ readonly prompt: Conditioning; readonly negative: Conditioning | undefined }> {
    this.reads(1 + this.#negatives(scales));
    const prompt = await this.encode('prompt', this.request.prompt);
    return { prompt, negative: await this.encodeNegative(scales) };
  }

  /** As `encodePrompts`, with what the source shows. Throws 'request-invalid' where that is not said. */
  async encodeEdit(scales: readonly number[]): Promise<EditPrompts> {
    const { sourcePrompt, prompt, method } = this.request;
    if (sourcePrompt === undefined)
      throw new AttuneError('request-invalid', `The method ${method} needs a prompt that says what the source shows.`, {
        field: 'sourcePrompt',
      });
    this.reads(2 + this.#negatives(scales));
    const source = await this.encode('sourcePrompt', sourcePrompt);
    const target = await this.encode('prompt', prompt);
    return { source, target, negative: await this.encodeNegative(scales) };
  }

  /** What the result should not show; undefined where none of the scales needs it. */
  async encodeNegative(scales: readonly number[]): Promise<Conditioning | undefined> {
    if (this.#negatives(scales) === 0) return undefined;
    return this.encode('negative', this.request.negative ?? '');
  }

  /** The empty prompt, where one of the scales needs it. */
  async unconditional(scales: readonly number[]): Promise<Conditioning | undefined> {
    if (this.#negatives(scales) === 0) return undefined;
    this.reads(1);
    return encodePrompt(this.model, '');
  }

  /** How many prompts to be guided away from these scales need. */
  #negatives(scales: readonly number[]): 0 | 1 {
    return scales.some((scale) => isGuided(this.model.denoiser, scale)) ? 1 : 0;
  }

  /** A branch of the request's guidance, or another one. */
  branch(
    name: string,
    condition: Conditioning,
    negative: Conditioning | undefined,
    guidance = this.request.guidance,
  ): BranchSpec {
    return { name, condition, guidance, ...(negative === undefined ? {} : { negative }) };
  }

  /** Opens branches over all frames; the words of the branch `target` are watched where the request asks for maps. */
  async open(
    branches: readonly BranchSpec[],
    operations: NonNullable<BranchPlan['operations']> = () => [],
  ): Promise<Passes> {
    const target = branches.find(({ name }) => name === TARGET);
    if (this.request.maps !== true || target === undefined)
      return openPasses(this.model, this.size, { branches, operations });
    // Each word costs a prompt without it.
    this.reads(wordsOf(target.condition).length);
    const watched = [await watchWords(this.model, TARGET, target.condition)];
    return openPasses(this.model, this.size, { branches, operations, watched });
  }

  /** Standard noise of the whole latent, by draw. */
  noise(purpose: 'initial' | 'step'): (draw: number) => Float32Array {
    return noiseSource(this.request.seed, this.size.length, purpose);
  }

  /** First step that runs when a share 0..1 of the steps is active; one step at least. */
  firstStep(strength: number): number {
    const { steps } = this.request;
    return firstActiveStep(steps, Math.max(1, Math.round(strength * steps)));
  }

  /** Samples the branch `target` along the checkpoint's own scheduler, from noise or from the level of step `start`. */
  async sample(
    passes: Passes,
    {
      latent = this.noise('initial')(0),
      start = 0,
      guidance,
      renoising,
    }: Partial<Pick<SchedulerLoop, 'latent' | 'start' | 'renoising'>> & {
      /** Scale of a step, where it is not the request's. */
      readonly guidance?: ((timestep: number) => number) | undefined;
    } = {},
  ): Promise<Float32Array> {
    this.progress.stage('denoise');
    return runSchedulerLoop({
      latent,
      start,
      plan: this.plan,
      noise: this.noise('step'),
      renoising,
      predict: async ({ latent: state, timestep }) => {
        const scale = guidance?.(timestep);
        const call = { latents: [state], timestep, ...(scale === undefined ? {} : { guidance: [scale] }) };
        return outputOf(await passes.run(call), 0);
      },
      onStep: ({ step, clean }) => this.report(passes, step - start, clean, start),
    });
  }

  /** Samples the branch `target` in flow form with its clean estimates replaced; `latent` is at the flow level of step `start`. */
  async sampleBlended(
    passes: Passes,
    latent: Float32Array,
    start: number,
    replaceClean: (clean: Float32Array) => Float32Array,
  ): Promise<Float32Array> {
    this.progress.stage('denoise');
    return runEulerLoop({
      latent,
      sigmas: this.view.sigmas,
      start,
      velocity: async ({ latent: state, step }) => {
        const [velocity] = await this.velocities(passes, [state], step);
        if (velocity === undefined) throw new RangeError('the branch gave no velocity');
        return velocity;
      },
      replaceClean,
      onStep: ({ step, clean }) => this.report(passes, step - start, clean, start),
    });
  }

  /** Runs the paired loop from the source's latent; previews show the last branch. */
  async edit(
    shown: Passes,
    loop: Pick<PairedLoop, 'clean' | 'start' | 'velocities'> &
      Partial<Pick<PairedLoop, 'kappa' | 'nAvg' | 'tail' | 'adjust'>>,
  ): Promise<Float32Array> {
    this.progress.stage('denoise');
    const edited = await runPairedLoop({
      ...loop,
      sigmas: this.view.sigmas,
      noise: this.noise('step'),
      onStep: ({ step, cleans }) => this.report(shown, step - loop.start, last(cleans), loop.start),
    });
    return last(edited);
  }

  /** Velocities of the branches at a step, from latents in flow form. */
  async velocities(
    passes: Passes,
    latents: readonly Float32Array[],
    step: number,
    values: Parameters<Passes['run']>[0]['values'] = {},
  ): Promise<readonly Float32Array[]> {
    const level = this.view.level(step);
    const states = latents.map((latent) => level.state(latent));
    const result = await passes.run({ latents: states, timestep: level.timestep, values });
    return states.map((state, branch) => level.velocity(state, outputOf(result, branch)));
  }

  /** What every run hands back, and what the method adds. */
  outcome(latent: Float32Array | LatentFrames, passes: Passes, parts: OutcomeParts = {}): MethodOutcome {
    return this.outcomeWith(latent, frameMaps(passes, this.size), parts);
  }

  outcomeWith(
    latent: Float32Array | LatentFrames,
    maps: MethodOutcome['maps'],
    { masks, operations = [], sampler = this.model.scheduler.sampler }: OutcomeParts = {},
  ): MethodOutcome {
    return {
      latent: latent instanceof Float32Array ? latentOf(this.size, latent) : latent,
      maps,
      ...(masks === undefined ? {} : { masks }),
      prompts: this.#prompts,
      levels: noiseLevels(this.plan),
      sampler,
      operations,
      metrics: {},
    };
  }

  /** The paired loop as a sampler. */
  get pairedSampler(): SamplerName {
    return this.model.scheduler.kind === 'flow'
      ? { name: 'flow-paired', commonName: 'Euler' }
      : { name: 'diffusion-paired', commonName: 'DDIM' };
  }

  /** The flow loop as a sampler. */
  get flowSampler(): SamplerName {
    return this.model.scheduler.kind === 'flow'
      ? this.model.scheduler.sampler
      : { name: 'diffusion-flow', commonName: 'DDIM' };
  }

  /** After a step, counted from the first one that runs: preview, maps, count. */
  report(
    passes: Pick<Passes, 'pictures'> | undefined,
    step: number,
    clean: Float32Array | LatentFrames,
    start = 0,
  ): Promise<void> {
    const { model, size, progress } = this;
    const shown = clean instanceof Float32Array ? latentOf(size, clean) : clean;
    return reportStep({ model, size, progress, of: this.request.steps - start, passes }, step, shown);
  }
}

function last(latents: readonly Float32Array[]): Float32Array {
  const latent = latents.at(-1);
  if (latent === undefined) throw new RangeError('a paired run has a target');
  return latent;
}
