import { fromLatin1, view } from './bytes.ts';
import { decodeComment, decodeText } from './comment.ts';
import { EXIF_IFD_POINTER, USER_COMMENT } from './exif.ts';
import { LIMITS } from './limits.ts';

/**
 * Texts of a TIFF block (EXIF 3.0, 4.6; TIFF 6.0): of a JPEG, WebP, PNG or AVIF, or a TIFF file as a whole. Tools put them where their
 * library lets them: piexif into the Exif directory, Pillow into the first, others into that of the thumbnail.
 */
export interface ExifTexts {
  /** In the order in which they count: that of the Exif directory first. */
  readonly userComments: readonly string[];
  /** Image description, camera make and model: texts that tools fill for want of a better place. */
  readonly others: readonly string[];
  readonly software?: string;
  readonly makerNote?: string;
  /** XMP of a TIFF file. */
  readonly xmp?: Uint8Array;
  /** What stands there and was not read. */
  readonly problems: readonly string[];
}

const TAGS = { description: 0x010e, make: 0x010f, model: 0x0110, software: 0x0131, xmp: 0x02bc, makerNote: 0x927c };
const XP_COMMENT = 0x9c9c;
/** Bytes of a value by its type, 1 to 13. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
const MAX_DIRECTORIES = 16;
const MAX_ENTRIES = 4096;

interface Directory {
  readonly isExif: boolean;
  readonly entries: ReadonlyMap<number, Uint8Array>;
}

/** Never throws; a damaged block gives what stands before the damage. */
export function readExif(block: Uint8Array): ExifTexts {
  const order = fromLatin1(block.subarray(0, 4));
  const isLittle = order === 'II*\0';
  if (block.length < 8 || !(isLittle || order === 'MM\0*')) return { userComments: [], others: [], problems: [] };
  const problems = new Set<string>();
  const directories = readDirectories(block, isLittle, problems);
  const all = (tag: number) => directories.flatMap(({ entries }) => entries.get(tag) ?? []);
  const first = (tag: number) => all(tag)[0];
  const inner = directories.toSorted((one, other) => Number(other.isExif) - Number(one.isExif));
  const texts = (tag: number) => all(tag).map((bytes) => decodeText(bytes, isLittle));
  const [software, makerNote, xmp] = [first(TAGS.software), first(TAGS.makerNote), first(TAGS.xmp)];
  return {
    userComments: inner.flatMap(({ entries }) => {
      const comment = entries.get(USER_COMMENT);
      return comment === undefined ? [] : [decodeComment(comment, isLittle)];
    }),
    others: [
      ...[TAGS.description, TAGS.make, TAGS.model].flatMap(texts),
      // Windows' own tags are UTF-16 whatever the block's order is.
      ...all(XP_COMMENT).map((bytes) => new TextDecoder('utf-16le').decode(bytes).replace(/\0+$/, '')),
    ],
    ...(software && { software: decodeText(software, isLittle) }),
    ...(makerNote && { makerNote: decodeText(makerNote, isLittle) }),
    ...(xmp && { xmp }),
    problems: [...problems],
  };
}

/** The directories one behind the other, and the Exif directory of each. */
function readDirectories(block: Uint8Array, isLittle: boolean, problems: Set<string>): Directory[] {
  const bits = view(block);
  const directories: Directory[] = [];
  const seen = new Set<number>();
  const queue = [{ at: bits.getUint32(4, isLittle), isExif: false }];
  let entriesLeft = MAX_ENTRIES;
  for (let next = queue.shift(); next !== undefined && directories.length < MAX_DIRECTORIES; next = queue.shift()) {
    const { at, isExif } = next;
    if (at === 0 || seen.has(at) || at + 2 > block.length) continue;
    seen.add(at);
    const entries = new Map<number, Uint8Array>();
    const count = bits.getUint16(at, isLittle);
    for (let index = 0; index < count && entriesLeft-- > 0; index++) {
      const entry = at + 2 + index * 12;
      if (entry + 12 > block.length) break;
      const tag = bits.getUint16(entry, isLittle);
      const pointed = bits.getUint32(entry + 8, isLittle);
      if (tag === EXIF_IFD_POINTER) queue.unshift({ at: pointed, isExif: true });
      else if (isWanted(tag) && !entries.has(tag)) {
        const bytes = (TYPE_BYTES[bits.getUint16(entry + 2, isLittle)] ?? 1) * bits.getUint32(entry + 4, isLittle);
        if (bytes > LIMITS.textBytes) problems.add('an EXIF text is longer than is read');
        // Up to four bytes stand in the entry itself.
        const start = bytes <= 4 ? entry + 8 : pointed;
        if (bytes > 0 && bytes <= LIMITS.textBytes && start + bytes <= block.length)
          entries.set(tag, block.subarray(start, start + bytes));
      }
    }
    directories.push({ isExif, entries });
    const link = at + 2 + count * 12;
    if (!isExif && link + 4 <= block.length) queue.push({ at: bits.getUint32(link, isLittle), isExif: false });
  }
  return directories;
}

const WANTED = new Set([...Object.values(TAGS), USER_COMMENT, XP_COMMENT]);
const isWanted = (tag: number) => WANTED.has(tag);
