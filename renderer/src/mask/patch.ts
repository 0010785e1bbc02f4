import { type Box, clipped, isEmpty } from './box.ts';
import type { Mask } from './mask.ts';
import { ByteReader, ByteWriter, readRuns, writeRuns } from './runs.ts';

const FORMAT = 1;

/**
 * What changed inside a rectangle, as the run-length coded XOR of before and after: applied to the one it gives the other. It begins with
 * a format number and the mask's width and height, so that it is never applied to a mask of another size.
 */
export function diffPatch(before: Mask, after: Mask, box: Box): Uint8Array {
  const { left, top, right, bottom } = changedBox(before, after, clipped(box, after));
  const width = right - left;
  const changes = new Uint8Array(width * (bottom - top));
  for (let y = top, to = 0; y < bottom; y++)
    for (let x = left, at = y * after.width + left; x < right; x++, at++, to++)
      changes[to] = before.data[at]! ^ after.data[at]!;
  const writer = new ByteWriter();
  writer.byte(FORMAT);
  for (const number of [after.width, after.height, left, top, width, bottom - top]) writer.varint(number);
  writeRuns(writer, changes);
  return writer.done();
}

/** The part of `box` where two masks differ; empty where they do not. */
export function changedBox(before: Mask, after: Mask, box: Box): Box {
  const found = { left: box.right, top: box.bottom, right: box.left, bottom: box.top };
  for (let y = box.top; y < box.bottom; y++) {
    const row = y * after.width;
    let first = box.left;
    while (first < box.right && before.data[row + first] === after.data[row + first]) first++;
    if (first === box.right) continue;
    let last = box.right - 1;
    while (before.data[row + last] === after.data[row + last]) last--;
    found.left = Math.min(found.left, first);
    found.right = Math.max(found.right, last + 1);
    found.top = Math.min(found.top, y);
    found.bottom = y + 1;
  }
  return isEmpty(found) ? { left: box.left, top: box.top, right: box.left, bottom: box.top } : found;
}

/**
 * Changes the mask by a patch, forwards or back alike.
 *
 * @returns the rectangle that changed; undefined, with the mask untouched, where the patch is damaged or belongs to another mask
 */
export function applyPatch(mask: Mask, patch: Uint8Array): Box | undefined {
  const read = readPatch(patch);
  if (read === undefined || read.width !== mask.width || read.height !== mask.height) return undefined;
  const { box, changes } = read;
  for (let y = box.top, from = 0; y < box.bottom; y++)
    for (let x = box.left, at = y * mask.width + box.left; x < box.right; x++, at++, from++)
      mask.data[at] = mask.data[at]! ^ changes[from]!;
  return box;
}

function readPatch(patch: Uint8Array) {
  try {
    const reader = new ByteReader(patch);
    if (reader.byte() !== FORMAT) return undefined;
    const width = reader.varint();
    const height = reader.varint();
    const left = reader.varint();
    const top = reader.varint();
    const box: Box = { left, top, right: left + reader.varint(), bottom: top + reader.varint() };
    if (box.right > width || box.bottom > height) return undefined;
    return { width, height, box, changes: readRuns(reader, (box.right - left) * (box.bottom - top)) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
