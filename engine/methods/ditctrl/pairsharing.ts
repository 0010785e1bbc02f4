import { massValues } from '../../attention/capture.ts';
import { forkValues } from '../../attention/fork.ts';
import type { AttentionOp, CaptureOp, ForkOp, RouteOp, ShapeOp } from '../../attention/ops.ts';
import { routeValues } from '../../attention/route.ts';
import { shapeValues } from '../../attention/shape.ts';
import type { HookSizes } from '../../attention/sizes.ts';
import type { HookValues } from '../../attention/values.ts';

/**
 * Sharing of keys and values between two windows that are denoised in one batch (DiTCtrl, arXiv 2412.18597, sections 3.2 and 3.3;
 * official code KVSharingAdaLNMixin and KVSharingMaskGuidedAdaLNMixin): the later window keeps its queries and attends to the earlier
 * window alone, text included. With masks, its subject (where the word stands in the later window) sees the earlier window's subject,
 * everything else the earlier window's surroundings; text rows and text columns are always open. All of it runs on the fused kernel:
 * one call without masks, two with them.
 */
export interface SharingPlan {
  readonly operations: readonly AttentionOp[];
  readonly masked: boolean;
}

const SHARED = 'pair-kv';
const share: Omit<RouteOp, 'layers'> = {
  op: 'route',
  id: SHARED,
  rows: 'all',
  cols: 'all',
  k: true,
  v: true,
};
const columns = (id: string): Omit<ShapeOp, 'layers'> => ({
  op: 'shape',
  id,
  rows: 'image',
  cols: 'image',
  bias: true,
});
const subject = columns('pair-subject');
const scene = columns('pair-scene');

/** @param masked whether a mask may tell the subject from its surroundings */
export function planSharing(layers: readonly number[], masked: boolean): SharingPlan {
  const route: RouteOp = { ...share, layers };
  if (!masked) return { masked, operations: [route] };
  return { masked, operations: [route, { ...subject, layers }, outside(layers)] };
}

/** The second attention, of whatever is not the subject. Its keys and values are those that `share` gathered. */
function outside(layers: readonly number[]): ForkOp {
  return {
    op: 'fork',
    id: 'pair-outside',
    layers,
    rows: 'image',
    mode: 'blend',
    alt: [
      { ...share, id: 'pair-kv-scene', layers, k: SHARED, v: SHARED },
      { ...scene, layers },
    ],
  };
}

/** What one batch row takes from which, as long as the sharing is open. */
export interface SharingRow {
  /** Batch row whose keys and values it reads; itself for rows of the earlier window. */
  readonly from: number;
  /** 0 or 1 per image token: where the subject stands in the row that is read, and in this row. Absent: no masks. */
  readonly masks?: { readonly source: Float32Array; readonly target: Float32Array };
}

/** Run-time inputs: `rows` in batch order; closed (null) every row keeps its own keys and values. */
export function sharingValues(plan: SharingPlan, sizes: HookSizes, rows: readonly SharingRow[] | null): HookValues {
  const from = Array.from({ length: sizes.batch }, (_, row) => rows?.[row]?.from ?? row);
  const routed = routeValues({ ...share, layers: 'all' }, sizes, { from });
  if (!plan.masked) return routed;
  const hidden = (at: number) =>
    from.map((_, row) => rows?.[row]?.masks?.source.map((one) => (one === at ? Number.NEGATIVE_INFINITY : 0)) ?? 0);
  return {
    ...routed,
    ...shapeValues({ ...subject, layers: 'all' }, sizes, { bias: hidden(0) }),
    ...shapeValues({ ...scene, layers: 'all' }, sizes, { bias: hidden(1) }),
    ...forkValues(outside([]), sizes, {
      mix: from.map((_, row) => rows?.[row]?.masks?.target.map((one) => 1 - one) ?? 0),
    }),
  };
}

/**
 * Layers in front of the first shared one. There each window looks with its own queries at its own keys, so a word's map is of the window
 * itself; from the first shared layer on the later window's map would be of the earlier one. All, where all are shared.
 */
export function ownLayers(layers: number, shared: readonly number[]): 'all' | readonly number[] {
  const first = shared[0] ?? layers;
  return first === 0 ? 'all' : Array.from({ length: first }, (_, layer) => layer);
}

/** The share of each image token's attention that falls on chosen text tokens, averaged over heads and layers: output `word-place` [B, image tokens, 1]. */
export function placeCapture(layers: 'all' | readonly number[]): CaptureOp {
  return {
    op: 'capture',
    id: 'word-place',
    what: 'mass',
    rows: 'image',
    cols: 'text',
    count: 1,
    layers,
    sites: 'joint',
  };
}

/** @param tokens weight of each text token, by batch row; 1 counts */
export function placeValues(sizes: HookSizes, tokens: readonly Float32Array[]): HookValues {
  return massValues(placeCapture('all'), sizes, tokens);
}
