import type { MethodDescription, ParamSchema, Pixels, ResolvedRequest } from '../../contract/index.ts';
import { rowsOf } from '../denoise/guidance.ts';
import type { JobShape } from '../denoise/memory.ts';
import type { LatentSize } from '../latents/size.ts';
import type { Model } from '../model/model.ts';
import type { MethodOutcome, RunContext, Timeline } from './outcome.ts';
import { type ParamsOf, typedParams } from './params.ts';
import { MethodRun } from './run.ts';

/** What is known of a run before it starts. */
export interface RequirementsContext<Params> {
  readonly model: Model;
  readonly request: ResolvedRequest;
  readonly params: Params;
  readonly hasMask: boolean;
  /** Batch rows of a branch with this guidance scale. */
  rows(guidance: number): number;
}

/** The part of a job's memory that only its method knows. `window` is absent where the method runs whole windows of the model. */
export type MethodRequirements = Pick<JobShape, 'rows'> &
  Partial<Pick<JobShape, 'window' | 'searchRows' | 'encodes' | 'routed' | 'streams'>>;

/** How a method is written: a file like its neighbours, and a line in `registry.ts`. */
export interface MethodDefinition<Schemas extends readonly ParamSchema[]> {
  readonly description: Omit<MethodDescription, 'params'> & { readonly params: Schemas };
  /** What a run keeps in memory at once. */
  requirements(context: RequirementsContext<ParamsOf<Schemas>>): MethodRequirements;
  /** Whether a run reads the negative prompt; default: where the request's guidance needs it. */
  readsNegative?(context: Omit<RequirementsContext<ParamsOf<Schemas>>, 'hasMask'>): boolean;
  /** The latent of a request; default: of as many frames as it asks for. Throws 'request-invalid' where they are too many. */
  size?(context: Omit<RequirementsContext<ParamsOf<Schemas>>, 'hasMask'>): LatentSize;
  /** How a video of several prompts divides. */
  timeline?(context: Omit<RequirementsContext<ParamsOf<Schemas>>, 'hasMask'>): Timeline;
  /** Looks for where the edit will act, without editing: masks of the request's size, or undefined where all may change. */
  locate?(run: MethodRun, params: ParamsOf<Schemas>): Promise<readonly Pixels[] | undefined>;
  run(run: MethodRun, params: ParamsOf<Schemas>): Promise<MethodOutcome>;
}

/** One way to make or change pictures and videos. */
export interface Method {
  readonly description: MethodDescription;
  requirements(model: Model, request: ResolvedRequest, hasMask: boolean): MethodRequirements;
  readsNegative(model: Model, request: ResolvedRequest): boolean;
  size?(model: Model, request: ResolvedRequest): LatentSize;
  timeline?(model: Model, request: ResolvedRequest): Timeline;
  locate?(context: RunContext): Promise<readonly Pixels[] | undefined>;
  run(context: RunContext): Promise<MethodOutcome>;
}

export function defineMethod<const Schemas extends readonly ParamSchema[]>({
  description,
  requirements,
  readsNegative = ({ request, rows }) => rows(request.guidance) > 1,
  size,
  timeline,
  locate,
  run,
}: MethodDefinition<Schemas>): Method {
  const contextOf = (model: Model, request: ResolvedRequest) => ({
    model,
    request,
    params: typedParams(description.params, request.params),
    rows: (guidance: number) => rowsOf(model.denoiser, guidance),
  });
  const started = (context: RunContext) =>
    [new MethodRun(context), typedParams(description.params, context.request.params)] as const;
  return {
    description,
    requirements: (model, request, hasMask) => requirements({ ...contextOf(model, request), hasMask }),
    readsNegative: (model, request) => readsNegative(contextOf(model, request)),
    ...(size === undefined ? {} : { size: (model, request) => size(contextOf(model, request)) }),
    ...(timeline === undefined ? {} : { timeline: (model, request) => timeline(contextOf(model, request)) }),
    ...(locate === undefined ? {} : { locate: (context) => locate(...started(context)) }),
    run: (context) => run(...started(context)),
  };
}
