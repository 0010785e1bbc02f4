import { type RotaryTable, rotaryAngles, rotaryGrid } from '../layers/rotary.ts';

/** Channels of a head that turn by the picture's index, by the row and by the column. */
export type AxisChannels = readonly [index: number, row: number, column: number];

/**
 * The rotary table of a picture's tokens, [rows * columns, headDim / 2], as diffusers' `FluxPosEmbed` makes it from the ids
 * (0, row, column): angles in float64, the table rounded. Text has the ids (0, 0, 0) and is not turned.
 */
export function picturePositions(
  { rows, columns }: { readonly rows: number; readonly columns: number },
  channels: AxisChannels,
): RotaryTable {
  const axes = [[0], counted(rows), counted(columns)].map((positions, axis) =>
    rotaryAngles(positions, channels[axis] ?? 0, { precision: 'double' }),
  );
  return rotaryGrid(axes);
}

const counted = (length: number): number[] => Array.from({ length }, (_, i) => i);
