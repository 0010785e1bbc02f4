import { invert, type Mask } from './mask.ts';

/** Widens the mask by a disc of that radius; soft edges stay soft. */
export function grow(mask: Mask, radius: number): void {
  const { width, height, data } = mask;
  const reach = Math.round(radius);
  if (reach <= 0) return;
  const before = data.slice();
  const wide = new Uint8Array(data.length);
  let widened = -1;
  for (let dy = reach; dy >= 0; dy--) {
    const half = Math.floor(Math.sqrt((reach + 0.5) ** 2 - dy * dy));
    if (half !== widened) {
      widenRows(before, wide, width, height, half);
      widened = half;
    }
    keepLarger(data, wide, width, height, dy);
    if (dy !== 0) keepLarger(data, wide, width, height, -dy);
  }
}

/** Narrows the mask by a disc of that radius; it stays where it meets the picture's border. */
export function shrink(mask: Mask, radius: number): void {
  invert(mask);
  grow(mask, radius);
  invert(mask);
}

/** Every pixel becomes the largest within `half` on its row: blocks scanned from both sides, whatever the width (van Herk). */
function widenRows(from: Uint8Array, to: Uint8Array, width: number, height: number, half: number): void {
  const block = 2 * half + 1;
  const padded = Math.ceil((width + 2 * half) / block) * block;
  const line = new Uint8Array(padded);
  const forward = new Uint8Array(padded);
  const backward = new Uint8Array(padded);
  for (let y = 0; y < height; y++) {
    line.fill(0);
    line.set(from.subarray(y * width, (y + 1) * width), half);
    for (let x = 0; x < padded; x++)
      forward[x] = x % block === 0 ? line[x]! : Math.max(forward[x - 1]!, line[x]!);
    for (let x = padded - 1; x >= 0; x--)
      backward[x] = x % block === block - 1 ? line[x]! : Math.max(backward[x + 1]!, line[x]!);
    for (let x = 0; x < width; x++) to[y * width + x] = Math.max(backward[x]!, forward[x + block - 1]!);
  }
}

function keepLarger(data: Uint8Array, other: Uint8Array, width: number, height: number, dy: number): void {
  const start = Math.max(0, -dy) * width;
  const end = Math.min(height, height - dy) * width;
  for (let at = start, from = start + dy * width; at < end; at++, from++)
    if (other[from]! > data[at]!) data[at] = other[from]!;
}

/** Softens the edge over about that many pixels: three box filters, which come close to a Gaussian. */
export function feather(mask: Mask, radius: number): void {
  const half = Math.round(radius / 2);
  if (half <= 0) return;
  const { width, height, data } = mask;
  for (let pass = 0; pass < 3; pass++) {
    for (let y = 0; y < height; y++) blurLine(data, y * width, 1, width, half);
    for (let x = 0; x < width; x++) blurLine(data, x, width, height, half);
  }
}

/** Box filter over one line; the end pixels stand for what lies beyond. */
function blurLine(data: Uint8Array, start: number, stride: number, length: number, half: number): void {
  const line = new Uint8Array(length);
  for (let at = 0; at < length; at++) line[at] = data[start + at * stride]!;
  const block = 2 * half + 1;
  const last = length - 1;
  let sum = 0;
  for (let at = -half; at <= half; at++) sum += line[Math.min(last, Math.max(0, at))]!;
  for (let at = 0; at < length; at++) {
    data[start + at * stride] = Math.round(sum / block);
    sum += line[Math.min(last, at + half + 1)]! - line[Math.max(0, at - half)]!;
  }
}
