/** What a file is that cannot be edited, told by its first bytes, for a sentence that helps. */

const ascii = (bytes: Uint8Array, start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end));

const SIGNATURES: readonly (readonly [start: number, text: string, name: string])[] = [
  [0, 'BM', 'a BMP picture'],
  [0, '\xff\x0a', 'a JPEG XL picture'],
  [4, 'JXL \r\n\x87\n', 'a JPEG XL picture'],
  [4, 'jP  \r\n\x87\n', 'a JPEG 2000 picture'],
  [0, '\xff\x4f\xff\x51', 'a JPEG 2000 picture'],
  [0, '8BPS', 'a Photoshop document'],
  [0, '\0\0\x01\0', 'a Windows icon'],
  [0, '\0\0\x02\0', 'a Windows cursor'],
  [0, '\x76\x2f\x31\x01', 'an OpenEXR picture'],
  [0, '#?RADIANCE', 'a Radiance HDR picture'],
  [0, 'DDS ', 'a DDS texture'],
  [0, 'qoif', 'a QOI picture'],
  [0, 'gimp xcf', 'a GIMP document'],
  [0, 'FUJIFILMCCD-RAW', 'a camera raw file'],
  [8, 'CR\x02\0', 'a camera raw file'],
  [0, '%PDF', 'a PDF document'],
  [0, '\x1a\x45\xdf\xa3', 'a video (WebM or Matroska)'],
];

const HEIC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx']);
const PICTURE_BRANDS = new Set(['avif', 'avis', 'mif1', 'msf1', 'miaf']);

/** Brands of an ISO base media file, the major one first; empty for other files. */
function brands(bytes: Uint8Array): readonly string[] {
  if (ascii(bytes, 4, 8) !== 'ftyp') return [];
  const size = Math.min(((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0), 256, bytes.length);
  return Array.from({ length: Math.max(0, Math.floor((size - 8) / 4)) }, (_, at) =>
    ascii(bytes, 8 + at * 4, 12 + at * 4),
  );
}

/** Whether a file is coded by HEVC in the container of AVIF, as phones write their photos. */
export function isHeic(bytes: Uint8Array): boolean {
  return brands(bytes).some((brand) => HEIC_BRANDS.has(brand));
}

/** e.g. `a BMP picture`; undefined for what is not known. */
export function foreignKind(bytes: Uint8Array): string | undefined {
  if (isHeic(bytes)) return 'a HEIC picture';
  const found = brands(bytes);
  if (found[0] === 'crx ') return 'a camera raw file';
  if (found.length > 0 && !found.some((brand) => PICTURE_BRANDS.has(brand))) return 'a video (MP4 or MOV)';
  return SIGNATURES.find(([start, text]) => ascii(bytes, start, start + text.length) === text)?.[2];
}

/** Frames of an animated PNG; 1 for a still one and for what is none. The chunk that says it stands before the pixels. */
export function pngFrames(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (ascii(bytes, 1, 4) !== 'PNG') return 1;
  for (let at = 8; at + 16 <= bytes.length; ) {
    const type = ascii(bytes, at + 4, at + 8);
    if (type === 'acTL') return Math.max(1, view.getUint32(at + 8));
    if (type === 'IDAT' || type === 'IEND') return 1;
    at += 12 + view.getUint32(at);
  }
  return 1;
}

const SUBFILE_TYPE = 254;
/** Bits of the subfile type: a smaller copy of another page, a mask of one. */
const SMALLER_COPY = 1;
const MASK_OF_PAGE = 4;
const MAX_PAGES = 10_000;

/** Pages of a TIFF that are pictures of their own: neither smaller copies, as cameras and editors store them, nor masks. */
export function tiffPages(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  let pages = 0;
  const seen = new Set<number>();
  for (let at = bytes.length < 8 ? 0 : view.getUint32(4, little); at !== 0 && seen.size < MAX_PAGES; ) {
    if (seen.has(at) || at + 2 > bytes.length) break;
    seen.add(at);
    const entries = view.getUint16(at, little);
    const end = at + 2 + entries * 12;
    if (end + 4 > bytes.length) break;
    let subfile = 0;
    for (let entry = at + 2; entry < end; entry += 12)
      if (view.getUint16(entry, little) === SUBFILE_TYPE) subfile = view.getUint32(entry + 8, little);
    if ((subfile & (SMALLER_COPY | MASK_OF_PAGE)) === 0) pages++;
    at = view.getUint32(end, little);
  }
  return pages;
}
