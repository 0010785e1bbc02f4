import { type AttentionOp, type HookSizes, type HookValues, type ShapeOp, shapeValues } from '../../../engine/index.ts';

const seen: ShapeOp = {
  op: 'shape',
  id: 'reweight-seen',
  layers: 'all',
  sites: 'joint',
  rows: 'image',
  cols: 'text',
  gain: true,
};
const seeing: ShapeOp = { ...seen, id: 'reweight-seeing', rows: 'text', cols: 'image', rowWeight: true };

/**
 * DiTCtrl's reweighting (official code ReWeightAdaLNMixin): after the softmax, what the picture takes from a text token and what the
 * token takes from the picture is multiplied by a factor, without renormalisation. 0 takes the word out of the attention; far above 1
 * the rows exceed mass 1 and the picture saturates.
 */
export const reweighting: readonly AttentionOp[] = [seen, seeing];

/** @param rows for each batch row the text tokens and their factor; null leaves a row alone */
export function reweightValues(
  sizes: HookSizes,
  rows: readonly ({ readonly tokens: readonly number[]; readonly scale: number } | null)[],
): HookValues {
  const perToken = (row: (typeof rows)[number], other: number, chosen: (scale: number) => number) =>
    Float32Array.from({ length: sizes.tokens.text.length }, (_, token) =>
      row?.tokens.includes(token) ? chosen(row.scale) : other,
    );
  return {
    ...shapeValues(seen, sizes, { gain: rows.map((row) => perToken(row, 1, (scale) => scale)) }),
    ...shapeValues(seeing, sizes, {
      rows: rows.map((row) => perToken(row, 0, () => 1)),
      gain: rows.map((row) => row?.scale ?? 1),
    }),
  };
}
