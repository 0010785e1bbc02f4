import { type Mask, emptyMask } from './mask.ts';
import { ByteReader, ByteWriter, readRuns, writeRuns } from './runs.ts';

const FORMAT = 1;
/** More than any picture that is taken; a damaged size must not ask for memory. */
const MAX_PIXELS = 2 ** 29;

/** A whole mask with its size, for the journal: a format number, width, height, then its bytes run-length coded. */
export function encodeMask({ width, height, data }: Mask): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(FORMAT);
  writer.varint(width);
  writer.varint(height);
  writeRuns(writer, data);
  return writer.done();
}

/** @throws RangeError where the bytes are no mask */
export function decodeMask(bytes: Uint8Array): Mask {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== FORMAT) throw new RangeError('The mask has an unknown format.');
  const width = reader.varint();
  const height = reader.varint();
  if (width * height > MAX_PIXELS) throw new RangeError('The mask is too large.');
  return { width, height, data: readRuns(reader, width * height) };
}

/** `encodeMask` of a mask without anything in it. */
export const emptyMaskBytes = (width: number, height: number): Uint8Array => encodeMask(emptyMask(width, height));
