import type { MetadataBlocks } from './blocks.ts';
import { concatBytes, fromUtf8OrLatin1, latin1, startsWith, view } from './bytes.ts';
import { LIMITS, malformed } from './limits.ts';

/** APP1 segments of JPEG files: EXIF and XMP (CIPA DC-008; XMP specification part 3). */
export const JPEG_SIGNATURE = Uint8Array.of(0xff, 0xd8, 0xff);

/** What one segment can hold besides its length field. */
const SEGMENT_BYTES = 0xffff - 2;
const EXIF_MARK = latin1('Exif\0\0');
const XMP_MARK = latin1('http://ns.adobe.com/xap/1.0/\0');
const APP0 = 0xe0;
const APP1 = 0xe1;

/** Bytes of EXIF and of XMP that fit into a JPEG. */
export const JPEG_ROOM = { exif: SEGMENT_BYTES - EXIF_MARK.length, xmp: SEGMENT_BYTES - XMP_MARK.length } as const;

/** Inserts the blocks behind SOI and the JFIF segment. They must fit `JPEG_ROOM`. */
export function insertJpegBlocks(jpeg: Uint8Array, blocks: MetadataBlocks): Uint8Array {
  if (!startsWith(jpeg, JPEG_SIGNATURE)) throw malformed('JPEG', 'it does not begin with its header');
  const first = segmentAt(jpeg, 2);
  const at = first !== undefined && first.marker === APP0 ? first.end : 2;
  return concatBytes([
    jpeg.subarray(0, at),
    ...(blocks.exif ? [segment(EXIF_MARK, blocks.exif)] : []),
    ...(blocks.xmp ? [segment(XMP_MARK, blocks.xmp)] : []),
    jpeg.subarray(at),
  ]);
}

function segment(mark: Uint8Array, content: Uint8Array): Uint8Array {
  const length = 2 + mark.length + content.length;
  return concatBytes([Uint8Array.of(0xff, APP1, length >> 8, length & 0xff), mark, content]);
}

/** EXIF and XMP of a JPEG; damage ends the reading and is told in `problem`. */
export function readJpegBlocks(jpeg: Uint8Array): MetadataBlocks {
  const found: { exif?: Uint8Array; xmp?: Uint8Array; comment?: string } = {};
  let offset = 2;
  for (let count = 0; count < LIMITS.parts; count++) {
    const next = segmentAt(jpeg, offset);
    if (!next) return { ...found, problem: 'a segment reaches past the end of the file' };
    // Start of scan, or end of image: no metadata behind it.
    if (next.marker === 0xda || next.marker === 0xd9) return found;
    const content = jpeg.subarray(next.start, next.end);
    if (next.marker === APP1 && startsWith(content, EXIF_MARK)) found.exif ??= content.subarray(EXIF_MARK.length);
    else if (next.marker === APP1 && startsWith(content, XMP_MARK)) found.xmp ??= content.subarray(XMP_MARK.length);
    else if (next.marker === 0xfe) found.comment ??= fromUtf8OrLatin1(content).replace(/\0+$/, '');
    offset = next.end;
  }
  return { ...found, problem: 'it has too many segments' };
}

/** The segment whose 0xff stands at `offset`; fill bytes before the marker are skipped. */
function segmentAt(jpeg: Uint8Array, offset: number): { marker: number; start: number; end: number } | undefined {
  let at = offset;
  if (jpeg[at] !== 0xff) return undefined;
  while (jpeg[at] === 0xff) at++;
  const marker = jpeg[at];
  if (marker === undefined) return undefined;
  if (marker === 0xd9) return { marker, start: at + 1, end: at + 1 };
  if (at + 3 > jpeg.length) return undefined;
  const length = view(jpeg).getUint16(at + 1);
  const end = at + 1 + length;
  return length < 2 || end > jpeg.length ? undefined : { marker, start: at + 3, end };
}
