import type { MetadataBlocks } from './blocks.ts';
import { concatBytes, fromLatin1, latin1, startsWith, view } from './bytes.ts';
import { LIMITS, malformed } from './limits.ts';

/**
 * RIFF chunks of WebP files (RFC 9649): EXIF and XMP need the extended form, a `VP8X` chunk whose flags announce them. The plain
 * forms (`VP8 `, `VP8L`) are wrapped into it; the picture's size is read from their own headers.
 */
const FLAG_EXIF = 0x08;
const FLAG_XMP = 0x04;
const FLAG_ALPHA = 0x10;

interface Chunk {
  readonly name: string;
  readonly data: Uint8Array;
}

export function isWebp(bytes: Uint8Array): boolean {
  return startsWith(bytes, latin1('RIFF')) && startsWith(bytes, latin1('WEBP'), 8);
}

/** Adds the blocks behind the pixels, where the format wants them. */
export function insertWebpBlocks(webp: Uint8Array, { exif, xmp }: MetadataBlocks): Uint8Array {
  const { chunks, problem } = readChunks(webp);
  const first = chunks[0];
  if (problem !== undefined || !first) throw malformed('WebP', problem ?? 'it has no chunks');
  const flags = (exif ? FLAG_EXIF : 0) | (xmp ? FLAG_XMP : 0);
  const extended = first.name === 'VP8X' ? first.data.slice() : extendedHeader(first);
  extended[0] = extended[0]! | flags;
  const body = concatBytes([
    latin1('WEBP'),
    encodeChunk({ name: 'VP8X', data: extended }),
    ...chunks.filter(({ name }) => name !== 'VP8X').map(encodeChunk),
    ...(exif ? [encodeChunk({ name: 'EXIF', data: exif })] : []),
    ...(xmp ? [encodeChunk({ name: 'XMP ', data: xmp })] : []),
  ]);
  return concatBytes([latin1('RIFF'), uint32LittleEndian(body.length), body]);
}

function extendedHeader(picture: Chunk): Uint8Array {
  const { name, data } = picture;
  const bits = view(data);
  const header = new Uint8Array(10);
  const out = view(header);
  let width: number;
  let height: number;
  if (name === 'VP8 ' && data.length >= 10) {
    width = bits.getUint16(6, true) & 0x3fff;
    height = bits.getUint16(8, true) & 0x3fff;
  } else if (name === 'VP8L' && data.length >= 5) {
    const packed = bits.getUint32(1, true);
    width = (packed & 0x3fff) + 1;
    height = ((packed >>> 14) & 0x3fff) + 1;
    if ((packed >>> 28) & 1) header[0] = FLAG_ALPHA;
  } else throw malformed('WebP', 'its first chunk holds no picture');
  // Two 24-bit numbers, one less than the size; the second write overlaps the first one's zero byte.
  out.setUint32(4, width - 1, true);
  out.setUint16(7, height - 1, true);
  return header;
}

function encodeChunk({ name, data }: Chunk): Uint8Array {
  return concatBytes([latin1(name), uint32LittleEndian(data.length), data, new Uint8Array(data.length % 2)]);
}

function uint32LittleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  view(bytes).setUint32(0, value, true);
  return bytes;
}

/** EXIF and XMP of a WebP; damage ends the reading and is told in `problem`. */
export function readWebpBlocks(webp: Uint8Array): MetadataBlocks {
  const { chunks, problem } = readChunks(webp);
  const exif = chunks.find(({ name }) => name === 'EXIF')?.data;
  const xmp = chunks.find(({ name }) => name === 'XMP ')?.data;
  return {
    // Some writers keep the mark of JPEG before the TIFF block.
    ...(exif && { exif: startsWith(exif, latin1('Exif\0\0')) ? exif.subarray(6) : exif }),
    ...(xmp && { xmp }),
    ...(problem !== undefined && { problem }),
  };
}

function readChunks(webp: Uint8Array): { chunks: Chunk[]; problem?: string } {
  const chunks: Chunk[] = [];
  const bytes = view(webp);
  let offset = 12;
  while (offset + 8 <= webp.length) {
    if (chunks.length >= LIMITS.parts) return { chunks, problem: 'it has too many chunks' };
    const name = fromLatin1(webp.subarray(offset, offset + 4));
    const length = bytes.getUint32(offset + 4, true);
    const end = offset + 8 + length;
    if (end > webp.length) return { chunks, problem: 'a chunk reaches past the end of the file' };
    chunks.push({ name, data: webp.subarray(offset + 8, end) });
    offset = end + (length % 2);
  }
  return { chunks };
}
