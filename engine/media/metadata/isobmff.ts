import { concatBytes, fromLatin1, latin1, uint32, view } from './bytes.ts';
import { LIMITS } from './limits.ts';

/** Boxes of the ISO base media file format (ISO/IEC 14496-12), as far as pictures of the HEIF family use them. */
export interface Box {
  readonly type: string;
  /** Where its header begins, where its content begins, where it ends: offsets in the bytes that were read. */
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** The boxes that lie one behind the other from `start` to `end`; damage ends the reading and is told in `problem`. */
export function readBoxes(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): { readonly boxes: readonly Box[]; readonly problem?: string } {
  const boxes: Box[] = [];
  const bits = view(bytes);
  let offset = start;
  while (offset + 8 <= end) {
    if (boxes.length >= LIMITS.parts) return { boxes, problem: 'it has too many boxes' };
    const type = fromLatin1(bytes.subarray(offset + 4, offset + 8));
    const short = bits.getUint32(offset);
    if (short === 1 && offset + 16 > end) return { boxes, problem: 'a box ends before its size' };
    const header = short === 1 ? 16 : 8;
    const size = short === 0 ? end - offset : short === 1 ? Number(bits.getBigUint64(offset + 8)) : short;
    if (size < header || offset + size > end) return { boxes, problem: 'a box reaches past the end of the file' };
    boxes.push({ type, start: offset, content: offset + header, end: offset + size });
    offset += size;
  }
  return { boxes };
}

export function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(parts);
  return concatBytes([uint32(content.length + 8), latin1(type), content]);
}

/** A box whose content begins with a version and flags. */
export function fullBox(type: string, version: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return box(type, Uint8Array.of(version, 0, 0, 0), ...parts);
}

export function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

/** Reads numbers one behind the other; past the end it throws a RangeError, which the callers turn into "damaged". */
export class Cursor {
  readonly #bits: DataView;
  at: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bits = new DataView(bytes.buffer, bytes.byteOffset, end);
    this.at = at;
  }

  /** An unsigned number of 0, 1, 2, 4 or 8 bytes. */
  number(size: number): number {
    const at = this.at;
    this.at += size;
    switch (size) {
      case 0:
        return 0;
      case 1:
        return this.#bits.getUint8(at);
      case 2:
        return this.#bits.getUint16(at);
      case 4:
        return this.#bits.getUint32(at);
      case 8:
        return Number(this.#bits.getBigUint64(at));
      default:
        throw new RangeError(`a number of ${size} bytes`);
    }
  }
}
