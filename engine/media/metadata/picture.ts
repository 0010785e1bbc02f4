import { EditRecord, RECORD_SCHEMA } from '../../../contract/index.ts';
import type { ImageFormat } from '../../ports.ts';
import { type CommonParameters, readCommonParameters, writeCommonParameters } from './a1111.ts';
import { insertAvifBlocks, isAvif, readAvifBlocks } from './avif.ts';
import type { MetadataBlocks } from './blocks.ts';
import { startsWith, utf8 } from './bytes.ts';
import { readUserComment, writeUserComment } from './exif.ts';
import { insertJpegBlocks, JPEG_ROOM, JPEG_SIGNATURE, readJpegBlocks } from './jpeg.ts';
import { malformed, parseBoundedJson } from './limits.ts';
import { insertPngText, PNG_SIGNATURE, readPngText, XMP_KEYWORD } from './png.ts';
import { insertWebpBlocks, isWebp, readWebpBlocks } from './webp.ts';
import { readXmp, type SourceType, writeXmp } from './xmp.ts';

/**
 * Metadata of a finished picture: the A1111 text that other tools read, our record that can redo the job, the IPTC mark. PNG holds
 * them in text fields, the others in EXIF and XMP. Encoders lose or rewrite all of it, so it is put into the encoded file.
 */
export interface WrittenPicture {
  readonly bytes: Uint8Array;
  /** Sentences about what did not fit into the format; empty as a rule. */
  readonly notices: readonly string[];
}

/** Puts the metadata of `record` into an encoded picture that carries none. */
export function writeMetadata(picture: Uint8Array, format: ImageFormat, record: EditRecord): WrittenPicture {
  const parameters = writeCommonParameters(record);
  const json = asciiJson(record);
  const sourceType: SourceType =
    record.request.source === undefined ? 'trainedAlgorithmicMedia' : 'compositeWithTrainedAlgorithmicMedia';
  const common = { sourceType, creatorTool: `${record.app.name} ${record.app.version}` };
  if (format === 'png') {
    const xmp = new TextDecoder().decode(writeXmp(common));
    const bytes = insertPngText(picture, [
      { keyword: 'parameters', text: parameters },
      { keyword: 'attune', text: json },
      { keyword: XMP_KEYWORD, text: xmp },
    ]);
    return { bytes, notices: [] };
  }
  const exif = writeUserComment(parameters);
  const xmp = writeXmp({ ...common, record: json });
  if (format === 'webp') return { bytes: insertWebpBlocks(picture, { exif, xmp }), notices: [] };
  if (format === 'avif') return { bytes: insertAvifBlocks(picture, { exif, xmp }), notices: [] };
  const notices: string[] = [];
  if (exif.length > JPEG_ROOM.exif)
    notices.push('The prompts are too long for a JPEG file and were left out; PNG holds them.');
  if (xmp.length > JPEG_ROOM.xmp) {
    notices.push(
      'The record is too long for a JPEG file and was left out, so it cannot be redone; PNG, WebP and AVIF hold it.',
    );
  }
  const blocks = {
    ...(exif.length <= JPEG_ROOM.exif && { exif }),
    xmp: xmp.length <= JPEG_ROOM.xmp ? xmp : writeXmp(common),
  };
  return { bytes: insertJpegBlocks(picture, blocks), notices };
}

/**
 * JSON in ASCII, so that every container and every reader takes it. Keys stand in the order of the schema: a record that was read
 * and run again must give the same bytes.
 */
export function asciiJson(record: EditRecord): string {
  return JSON.stringify(EditRecord.parse(record)).replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export interface PictureMetadata {
  readonly format: ImageFormat;
  /** The text of other tools' tongue, and what it says. */
  readonly parametersText?: string;
  readonly parameters?: CommonParameters;
  readonly record?: EditRecord;
  /** Last part of the IPTC digital source type. */
  readonly sourceType?: string;
  /** Names of text fields that are neither of ours, e.g. `workflow`. */
  readonly otherFields: readonly string[];
  /** Sentences about what could not be read; reading itself never fails on a picture of a known format. */
  readonly problems: readonly string[];
}

/** Reads what a picture says about its making. Throws 'media-invalid' only when the bytes are no PNG, JPEG, WebP or AVIF. */
export function readMetadata(picture: Uint8Array): PictureMetadata {
  const format = pictureFormat(picture);
  if (format === undefined) throw malformed('picture', 'it is neither PNG, JPEG, WebP nor AVIF');
  return format === 'png' ? readPng(picture) : readBlocks(format, picture);
}

/** The format by the first bytes, never by the name. */
export function pictureFormat(picture: Uint8Array): ImageFormat | undefined {
  if (startsWith(picture, PNG_SIGNATURE)) return 'png';
  if (startsWith(picture, JPEG_SIGNATURE)) return 'jpeg';
  if (isWebp(picture)) return 'webp';
  return isAvif(picture) ? 'avif' : undefined;
}

function readPng(picture: Uint8Array): PictureMetadata {
  const { fields, skipped, problem } = readPngText(picture);
  const first = (keyword: string) => fields.find((field) => field.keyword === keyword)?.text;
  const xmp = first(XMP_KEYWORD);
  const known = ['parameters', 'attune', XMP_KEYWORD];
  const others = [...fields.map(({ keyword }) => keyword), ...skipped].filter((keyword) => !known.includes(keyword));
  return assemble('png', {
    text: first('parameters'),
    json: first('attune'),
    ...(xmp === undefined ? {} : { sourceType: readXmp(utf8(xmp)).sourceType }),
    others: [...new Set(others)],
    problem,
  });
}

const BLOCK_READERS = { jpeg: readJpegBlocks, webp: readWebpBlocks, avif: readAvifBlocks } as const;

function readBlocks(format: keyof typeof BLOCK_READERS, picture: Uint8Array): PictureMetadata {
  const blocks: MetadataBlocks = BLOCK_READERS[format](picture);
  const xmp = blocks.xmp ? readXmp(blocks.xmp) : {};
  return assemble(format, {
    text: blocks.exif ? readUserComment(blocks.exif) : undefined,
    json: xmp.record,
    sourceType: xmp.sourceType,
    others: blocks.comment === undefined ? [] : ['comment'],
    problem: blocks.problem,
  });
}

interface Found {
  readonly text: string | undefined;
  readonly json: string | undefined;
  readonly sourceType?: string | undefined;
  readonly others: readonly string[];
  readonly problem: string | undefined;
}

const assemble = (format: ImageFormat, found: Found): PictureMetadata => ({ format, ...readTexts(found) });

/** The texts of any container. */
export function readTexts({ text, json, sourceType, others, problem }: Found): Omit<PictureMetadata, 'format'> {
  const record = json === undefined ? undefined : EditRecord.safeParse(parseBoundedJson(json));
  return {
    ...(text !== undefined && { parametersText: text, parameters: readCommonParameters(text) }),
    ...(record?.success && { record: record.data }),
    ...(sourceType !== undefined && { sourceType }),
    otherFields: others,
    problems: [
      ...(problem === undefined ? [] : [`The file is damaged: ${problem}.`]),
      ...(record && !record.success
        ? [`Its record is not of the form ${RECORD_SCHEMA}, which this version reads.`]
        : []),
    ],
  };
}
