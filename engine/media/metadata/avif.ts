import type { MetadataBlocks } from './blocks.ts';
import { concatBytes, fromLatin1, latin1, startsWith, uint32 } from './bytes.ts';
import { type Box, box, Cursor, fullBox, readBoxes, uint16 } from './isobmff.ts';
import { LIMITS, malformed } from './limits.ts';

/**
 * EXIF and XMP of AVIF files (HEIF, ISO/IEC 23008-12, annex A): items of the `meta` box that describe the picture. Their bytes go into
 * a data box at the end, so that of the file only the `meta` box is rewritten and everything behind it moves by the same distance.
 */
const XMP_TYPE = 'application/rdf+xml';
/** An EXIF item begins with the distance to its TIFF header; some writers keep the mark of JPEG in between. */
const EXIF_OFFSET_BYTES = 4;

interface Extent {
  readonly offset: number;
  readonly length: number;
}

interface Location {
  readonly id: number;
  /** 0: in the file; 1: in the `idat` box; 2: in another item. */
  readonly method: number;
  readonly extents: readonly Extent[];
}

interface Item {
  readonly id: number;
  readonly type: string;
  readonly contentType: string;
}

interface Meta {
  readonly box: Box;
  readonly children: readonly Box[];
  readonly items: readonly Item[];
  readonly locations: readonly Location[];
  readonly primary: number;
}

const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

export function isAvif(bytes: Uint8Array): boolean {
  return hasBrand(bytes, ['avif', 'avis']);
}

/** The same container around other codecs: photos of phones. */
export function isHeif(bytes: Uint8Array): boolean {
  return hasBrand(bytes, HEIC_BRANDS);
}

/** A brand further back counts as well: `mif1` may lead the list. The list ends with its box, which no writer makes long. */
function hasBrand(bytes: Uint8Array, brands: readonly string[]): boolean {
  if (!startsWith(bytes, latin1('ftyp'), 4)) return false;
  const size = Math.min(((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0), 256, bytes.length);
  for (let at = 8; at + 4 <= size; at += 4)
    if (at !== 12 && brands.includes(fromLatin1(bytes.subarray(at, at + 4)))) return true;
  return false;
}

/** Adds the blocks as items that describe the picture. */
export function insertAvifBlocks(avif: Uint8Array, { exif, xmp }: MetadataBlocks): Uint8Array {
  const meta = readMeta(avif);
  if (typeof meta === 'string') throw malformed('AVIF', meta);
  const firstId = Math.max(...meta.items.map(({ id }) => id), ...meta.locations.map(({ id }) => id)) + 1;
  if (firstId > 0xfff0) throw malformed('AVIF', 'it has no room for another item');
  const added = [
    ...(exif ? [{ entry: itemEntry(firstId, 'Exif'), data: concatBytes([uint32(0), exif]) }] : []),
    ...(xmp ? [{ entry: itemEntry(firstId + 1, 'mime', XMP_TYPE), data: xmp }] : []),
  ];
  const ids = [...(exif ? [firstId] : []), ...(xmp ? [firstId + 1] : [])];

  const build = (locations: readonly Location[]) =>
    fullBox(
      'meta',
      0,
      ...meta.children.map((child) => {
        if (child.type === 'iloc') return writeLocations(locations);
        const old = avif.subarray(child.start, child.end);
        if (child.type === 'iinf')
          return extendInfo(
            avif,
            child,
            added.map(({ entry }) => entry),
          );
        return child.type === 'iref' ? extendReferences(avif, child, ids, meta.primary) : old;
      }),
      ...(meta.children.some(({ type }) => type === 'iref') ? [] : [referenceBox([], ids, meta.primary)]),
    );

  // The numbers have one width whatever they are, so the length is known before the places are.
  const placeholders = [
    ...meta.locations,
    ...ids.map((id) => ({ id, method: 0, extents: [{ offset: 0, length: 0 }] })),
  ];
  const growth = build(placeholders).length - (meta.box.end - meta.box.start);
  let offset = avif.length + growth + 8;
  const moved = meta.locations.map((location) => ({
    ...location,
    extents: location.extents.map((extent) =>
      location.method === 0 && extent.offset >= meta.box.end ? { ...extent, offset: extent.offset + growth } : extent,
    ),
  }));
  const placed = added.map(({ data }, index) => {
    const extent = { offset, length: data.length };
    offset += data.length;
    return { id: ids[index]!, method: 0, extents: [extent] };
  });
  return concatBytes([
    avif.subarray(0, meta.box.start),
    build([...moved, ...placed]),
    avif.subarray(meta.box.end),
    box('mdat', ...added.map(({ data }) => data)),
  ]);
}

function itemEntry(id: number, type: string, contentType?: string): Uint8Array {
  const tail = contentType === undefined ? [] : [latin1(`${contentType}\0`)];
  return fullBox('infe', 2, uint16(id), uint16(0), latin1(type), Uint8Array.of(0), ...tail);
}

function extendInfo(avif: Uint8Array, info: Box, entries: readonly Uint8Array[]): Uint8Array {
  const version = avif[info.content]!;
  const width = version === 0 ? 2 : 4;
  const cursor = new Cursor(avif, info.content + 4, info.end);
  const count = cursor.number(width) + entries.length;
  const old = avif.subarray(cursor.at, info.end);
  return fullBox('iinf', version, width === 2 ? uint16(count) : uint32(count), old, ...entries);
}

function extendReferences(avif: Uint8Array, references: Box, ids: readonly number[], primary: number): Uint8Array {
  if (avif[references.content] !== 0) throw malformed('AVIF', 'its items refer to each other by long numbers');
  return referenceBox([avif.subarray(references.content + 4, references.end)], ids, primary);
}

/** "This item describes the picture", once per item. */
function referenceBox(old: readonly Uint8Array[], ids: readonly number[], primary: number): Uint8Array {
  const own = ids.map((id) => box('cdsc', uint16(id), uint16(1), uint16(primary)));
  return fullBox('iref', 0, ...old, ...own);
}

function writeLocations(locations: readonly Location[]): Uint8Array {
  const items = locations.flatMap(({ id, method, extents }) => [
    ...[id, method, 0, extents.length].map(uint16),
    ...extents.flatMap(({ offset, length }) => [uint32(offset), uint32(length)]),
  ]);
  return fullBox('iloc', 1, Uint8Array.of(0x44, 0), uint16(locations.length), ...items);
}

/** EXIF and XMP of an AVIF; damage is told in `problem`. */
export function readAvifBlocks(avif: Uint8Array): MetadataBlocks {
  const meta = readMeta(avif);
  if (typeof meta === 'string') return { problem: meta };
  const find = (matches: (item: Item) => boolean) => {
    const item = meta.items.find(matches);
    return item && itemData(avif, meta, item.id);
  };
  const exif = find(({ type }) => type === 'Exif');
  const xmp = find(({ type, contentType }) => type === 'mime' && contentType === XMP_TYPE);
  const tiff = exif && exif.length >= EXIF_OFFSET_BYTES ? tiffOf(exif) : undefined;
  return { ...(tiff && { exif: tiff }), ...(xmp && { xmp }) };
}

function tiffOf(item: Uint8Array): Uint8Array {
  const start = EXIF_OFFSET_BYTES + new Cursor(item, 0, item.length).number(4);
  const tiff = item.subarray(Math.min(start, item.length));
  return startsWith(tiff, latin1('Exif\0\0')) ? tiff.subarray(6) : tiff;
}

function itemData(avif: Uint8Array, meta: Meta, id: number): Uint8Array | undefined {
  const location = meta.locations.find((candidate) => candidate.id === id);
  const data = meta.children.find(({ type }) => type === 'idat');
  const base = location?.method === 0 ? 0 : location?.method === 1 ? data?.content : undefined;
  if (!location || base === undefined) return undefined;
  const end = location.method === 0 ? avif.length : data!.end;
  const total = location.extents.reduce((sum, { length }) => sum + length, 0);
  if (total > LIMITS.textBytes) return undefined;
  if (location.extents.some(({ offset, length }) => base + offset + length > end)) return undefined;
  return concatBytes(
    location.extents.map(({ offset, length }) => avif.subarray(base + offset, base + offset + length)),
  );
}

/** The items of the picture, or what is wrong. */
function readMeta(avif: Uint8Array): Meta | string {
  const { boxes, problem } = readBoxes(avif);
  const meta = boxes.find(({ type }) => type === 'meta');
  if (!meta) return problem ?? 'it has no description of its items';
  const inner = readBoxes(avif, meta.content + 4, meta.end);
  if (inner.problem !== undefined) return inner.problem;
  const find = (type: string) => inner.boxes.find((child) => child.type === type);
  const [info, places, primary] = [find('iinf'), find('iloc'), find('pitm')];
  if (!info || !places || !primary) return 'its items are not described';
  try {
    return {
      box: meta,
      children: inner.boxes,
      items: readItems(avif, info),
      locations: readLocations(avif, places),
      primary: new Cursor(avif, primary.content + 4, primary.end).number(avif[primary.content] === 0 ? 2 : 4),
    };
  } catch (error) {
    // Only reading past the end of a box throws here.
    if (error instanceof RangeError) return 'the description of its items is cut off';
    throw error;
  }
}

function readItems(avif: Uint8Array, info: Box): readonly Item[] {
  const entries = readBoxes(avif, info.content + (avif[info.content] === 0 ? 6 : 8), info.end);
  return entries.boxes.flatMap((entry) => {
    const version = avif[entry.content];
    if (entry.type !== 'infe' || (version !== 2 && version !== 3)) return [];
    const cursor = new Cursor(avif, entry.content + 4, entry.end);
    const id = cursor.number(version === 2 ? 2 : 4);
    cursor.number(2);
    const type = fromLatin1(avif.subarray(cursor.at, cursor.at + 4));
    const [, contentType = ''] = fromLatin1(avif.subarray(cursor.at + 4, Math.min(entry.end, cursor.at + 600))).split(
      '\0',
    );
    return [{ id, type, contentType }];
  });
}

function readLocations(avif: Uint8Array, places: Box): readonly Location[] {
  const version = avif[places.content] ?? 0;
  const cursor = new Cursor(avif, places.content + 4, places.end);
  const [sizes, moreSizes] = [cursor.number(1), cursor.number(1)];
  const [offsetSize, lengthSize, baseSize] = [sizes >> 4, sizes & 15, moreSizes >> 4];
  const indexSize = version === 0 ? 0 : moreSizes & 15;
  const count = cursor.number(version < 2 ? 2 : 4);
  const locations: Location[] = [];
  let extentsLeft = LIMITS.parts;
  for (let index = 0; index < count; index++) {
    const id = cursor.number(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : cursor.number(2) & 15;
    cursor.number(2); // which file: always this one
    const base = cursor.number(baseSize);
    const extents: Extent[] = [];
    for (let left = cursor.number(2); left > 0; left--) {
      if (extentsLeft-- === 0) throw new RangeError('too many extents');
      cursor.number(indexSize);
      const offset = base + cursor.number(offsetSize);
      extents.push({ offset, length: cursor.number(lengthSize) });
    }
    locations.push({ id, method, extents });
    if (locations.length > LIMITS.parts) throw new RangeError('too many items');
  }
  return locations;
}
