import type { RecordedOperation, ResolvedRequest } from '../../../contract/index.ts';
import type { AttentionOp } from '../../attention/ops.ts';
import { valueAt } from '../../base/tensor.ts';
import type { Conditioning } from '../../conditioning/conditioning.ts';
import { triangleWeights, WindowBlend } from '../../denoise/blend.ts';
import { type Branches, openBranches, outputOf } from '../../denoise/branches.ts';
import type { FrameCall, FramePrediction } from '../../denoise/frameloop.ts';
import type { BranchSpec } from '../../denoise/layout.ts';
import type { FrameMap } from '../../denoise/report.ts';
import { type WatchedBranch, watchWords } from '../../denoise/wordmaps.ts';
import type { LatentSize } from '../../latents/size.ts';
import type { Model } from '../../model/model.ts';
import { dynamicGuidance } from '../../sampling/dynamicguidance.ts';
import type { ParamsOf } from '../params.ts';
import {
  ownLayers,
  placeCapture,
  placeValues,
  planSharing,
  type SharingPlan,
  type SharingRow,
  sharingValues,
} from './pairsharing.ts';
import type { DITCTRL_PARAMS } from './params.ts';
import { nearestWindow, type SegmentPlan } from './segments.ts';
import { stretchFrames, thresholdMap } from './subjectplace.ts';

type Params = ParamsOf<typeof DITCTRL_PARAMS>;

interface WindowsInput {
  readonly model: Model;
  readonly request: ResolvedRequest;
  readonly params: Params;
  readonly windows: SegmentPlan;
  /** What a window shows; worked out when it is needed, so that a longer video holds no more text. */
  readonly conditionOf: (segment: SegmentPlan['segments'][number]) => Promise<Conditioning>;
  /** Text columns of the subject in each window; empty: no masks. */
  readonly subjects: readonly (readonly number[])[];
  /** Absent where nothing is guided. */
  readonly negative: Conditioning | undefined;
  readonly size: LatentSize;
}

interface Windows {
  /** What the network predicts: the blended predictions of the windows, of frames that no further window shows. */
  readonly predict: (call: FrameCall) => AsyncGenerator<FramePrediction>;
  readonly operations: readonly RecordedOperation[];
  /**
   * Where the words of each window's prompt are, of every latent frame from the window in whose middle it lies, over the steps in which windows
   * run one by one; empty where no maps were asked for or all steps share attention.
   */
  readonly maps: () => readonly FrameMap[];
}

/**
 * The windows of a long latent, in pairs where attention is shared and one by one where it is not. What a network of v-prediction or of
 * noise prediction gives is linear in the clean estimate at a fixed latent, and windows read slices of one latent, so that blending
 * predictions is blending clean estimates. An inner window is visited twice, as the later and as the earlier one of a pair; where nothing
 * is shared, in some steps or in all, both visits are the same and one run counts twice.
 */
export async function openWindows(input: WindowsInput): Promise<Windows> {
  const { model, request, params, windows, subjects, size } = input;
  const { frameLength } = size;
  const { segments, tile } = windows;
  const isCut = params.joining === 'cut';
  const layers = sharedLayers(model.denoiser.layers, params.sharedLayers);
  const from = Math.floor(params.shareFrom * request.steps);
  const until = Math.ceil(params.shareUntil * request.steps);
  const isWanted = !isCut && params.sharing && until > from;
  const shares = isWanted && layers.length > 0 && segments.length > 1;
  const isMasked = shares && subjects.some((columns) => columns.length > 0);
  const sharing = planSharing(layers, isMasked);
  const place = placeCapture(ownLayers(model.denoiser.layers, layers));
  const isOpen = (step: number) => shares && step >= from && step < until;
  const weights = isCut ? new Float64Array(tile).fill(1) : triangleWeights(tile);
  /** Where the subject was in each window at the last run: 0 or 1 an image token. */
  const places = new Map<number, Float32Array>();

  const guided = (timestep: number, count: number) =>
    params.dynamicGuidance
      ? { guidance: Array<number>(count).fill(dynamicGuidance(request.guidance, timestep, request.steps)) }
      : {};
  /** Windows by themselves, kept where maps are asked for, which are sums over steps. */
  const kept = new Map<number, Branches>();
  const single = async (at: number) => {
    const known = kept.get(at);
    if (known !== undefined) return known;
    if (request.maps !== true) return branchesOf(input, [at]);
    const branches = await branchesOf(input, [at], [], [await watched(input, at)]);
    kept.set(at, branches);
    return branches;
  };
  const pair = (at: number) => branchesOf(input, [at, at + 1], [...sharing.operations, ...(isMasked ? [place] : [])]);
  const startOf = (at: number) => segments[at]?.start ?? windows.frames;

  const predict = async function* ({ step, timestep, latent }: FrameCall) {
    const slice = (at: number) => latent.read(startOf(at), tile);
    const blend = new WindowBlend(windows.frames, frameLength);
    const visit = (at: number, output: Float32Array, times = 1) =>
      blend.add(startOf(at), output, times === 1 ? weights : weights.map((weight) => weight * times));
    const isLook = isMasked && step === from - 1;
    if (!isOpen(step) && !isLook) {
      for (const at of segments.keys()) {
        const inner = at > 0 && at < segments.length - 1;
        const result = await (await single(at)).run({
          latents: [await slice(at)],
          timestep,
          ...guided(timestep, 1),
        });
        visit(at, outputOf(result, 0), inner ? 2 : 1);
        yield { start: startOf(at), output: blend.finish(startOf(at + 1)) };
      }
      return;
    }
    for (let at = 0; at + 1 < segments.length; at++) {
      const branches = await pair(at);
      const rows = isOpen(step)
        ? sharedRows(branches, isMasked ? [places.get(at), places.get(at + 1)] : undefined)
        : null;
      const result = await branches.run({
        latents: [await slice(at), await slice(at + 1)],
        timestep,
        ...guided(timestep, 2),
        values: {
          ...sharingValues(sharing, branches.sizes, rows),
          ...(isMasked ? placeValues(branches.sizes, subjectWeights(branches, [subjects[at], subjects[at + 1]])) : {}),
        },
      });
      visit(at, outputOf(result, 0));
      visit(at + 1, outputOf(result, 1));
      const seen = result.captures[place.id];
      if (seen !== undefined)
        for (const [which, name] of NAMES.entries()) {
          const { frames, length } = branches.sizes.tokens.image;
          const row = branches.row(name);
          const map = seen.data.subarray(row * length, (row + 1) * length);
          places.set(at + which, thresholdMap(stretchFrames(map, frames), params.threshold));
        }
      const isLast = at + 2 === segments.length;
      yield { start: startOf(at), output: blend.finish(isLast ? windows.frames : startOf(at + 1)) };
    }
  };
  return {
    predict,
    maps: () => mapsOf(input, kept),
    operations: shares ? [recorded(sharing, layers, [from, until - 1], params)] : [],
  };
}

/** Names of the earlier and the later window of a pair. */
const NAMES = ['earlier', 'later'] as const;

/** The session behind is the same for all windows; only text differs. */
async function branchesOf(
  { model, request, conditionOf, negative, size, windows }: WindowsInput,
  windowsAt: readonly number[],
  operations: readonly AttentionOp[] = [],
  words: readonly WatchedBranch[] = [],
): Promise<Branches> {
  const branches: BranchSpec[] = [];
  for (const [which, at] of windowsAt.entries()) {
    const segment = windows.segments[at];
    if (segment === undefined) throw new RangeError(`there is no window ${at}`);
    const condition = await conditionOf(segment);
    branches.push({
      name: which === 0 ? 'earlier' : 'later',
      condition,
      guidance: request.guidance,
      ...(negative === undefined ? {} : { negative }),
    });
  }
  return openBranches(model, {
    branches,
    frames: windows.tile,
    height: size.rows,
    width: size.columns,
    operations: () => operations,
    ...(words.length === 0 ? {} : { watched: words }),
  });
}

const watched = async ({ model, conditionOf, windows }: WindowsInput, at: number): Promise<WatchedBranch> => {
  const segment = windows.segments[at];
  if (segment === undefined) throw new RangeError(`there is no window ${at}`);
  return watchWords(model, NAMES[0], await conditionOf({ ...segment, to: segment.from, share: 0 }));
};

/** Of each latent frame the maps of the window whose middle is nearest. */
function mapsOf({ windows, size }: WindowsInput, opened: ReadonlyMap<number, Branches>): readonly FrameMap[] {
  const { segments, tile, frames } = windows;
  if (opened.size === 0) return [];
  const window = { ...size, paddingFrames: 0, latentFrames: tile };
  return Array.from({ length: frames - size.paddingFrames }, (_, frame) => {
    const at = size.paddingFrames + frame;
    const nearest = nearestWindow(windows, at);
    const inside = at - valueAt(segments, nearest).start;
    const maps = opened.get(nearest)?.maps?.pictures(NAMES[0], window, inside) ?? [];
    return maps.map(({ word, image }) => ({ word, frame, image }));
  }).flat();
}

/** The last ones, a share of all, and one at least unless the share is 0. */
function sharedLayers(layers: number, share: number): readonly number[] {
  const count = share === 0 ? 0 : Math.max(1, Math.round(share * layers));
  return Array.from({ length: count }, (_, at) => layers - count + at);
}

/** Rows of the later window read those of the earlier one of the same kind; both kinds share the masks. */
function sharedRows(
  branches: Branches,
  places: readonly (Float32Array | undefined)[] | undefined,
): readonly SharingRow[] {
  const [source, target] = places ?? [];
  const masks = source === undefined || target === undefined ? {} : { masks: { source, target } };
  return branches.rows.map(({ branch, kind }, row) =>
    branch === 0 ? { from: row } : { from: branches.row(NAMES[0], kind), ...masks },
  );
}

/** 1 at the subject's text tokens, by batch row. */
function subjectWeights(branches: Branches, subjects: readonly (readonly number[] | undefined)[]): Float32Array[] {
  const tokens = branches.sizes.tokens.text.length;
  return branches.rows.map(({ branch }) => {
    const weights = new Float32Array(tokens);
    for (const column of subjects[branch] ?? []) weights[column] = 1;
    return weights;
  });
}

function recorded(
  { masked }: SharingPlan,
  layers: readonly number[],
  steps: [number, number],
  params: Params,
): RecordedOperation {
  return {
    primitive: masked ? 'route, shape, fork' : 'route',
    steps,
    values: {
      keys: 'of the window before',
      layers: [...layers],
      ...(masked ? { subject: params.subject, threshold: params.threshold } : {}),
    },
  };
}
