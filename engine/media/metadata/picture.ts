import { EditRecord, RECORD_SCHEMA } from '../../../contract/index.ts';
import type { ImageFormat } from '../../ports.ts';
import { type CommonParameters, readCommonParameters, writeCommonParameters } from './a1111.ts';
import { insertAvifBlocks } from './avif.ts';
import { type Carried, type PictureFormat, pictureFormat, readCarried } from './carried.ts';
import { writeUserComment } from './exif.ts';
import { insertJpegBlocks, JPEG_ROOM } from './jpeg.ts';
import { malformed, parseBoundedJson } from './limits.ts';
import { insertPngText, XMP_KEYWORD } from './png.ts';
import { insertWebpBlocks } from './webp.ts';
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
  readonly format: PictureFormat;
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

/** Reads what a picture says about its making. Throws 'media-invalid' only when the bytes are no picture of a format that can say it. */
export function readMetadata(picture: Uint8Array): PictureMetadata {
  const format = pictureFormat(picture);
  if (format === undefined) throw malformed('picture', 'it is neither PNG, JPEG, WebP, AVIF, HEIC, TIFF nor GIF');
  return { format, ...readTexts(readCarried(picture, format)) };
}

const OWN_FIELDS = new Set(['parameters', 'attune', XMP_KEYWORD]);

/** What the texts of any container say. */
export function readTexts(carried: Carried): Omit<PictureMetadata, 'format'> {
  const { fields, comments, userComments, problems } = carried;
  const xmp = carried.xmp === undefined ? {} : readXmp(carried.xmp);
  const text =
    fields.get('parameters') ??
    (userComments > 0 ? comments[0] : comments.find((comment) => readCommonParameters(comment).settings.size > 0));
  const json = fields.get('attune') ?? xmp.record;
  const record = json === undefined ? undefined : EditRecord.safeParse(parseBoundedJson(json));
  return {
    ...(text !== undefined && { parametersText: text, parameters: readCommonParameters(text) }),
    ...(record?.success && { record: record.data }),
    ...(xmp.sourceType !== undefined && { sourceType: xmp.sourceType }),
    otherFields: [
      ...[...fields.keys()].filter((keyword) => !OWN_FIELDS.has(keyword)),
      ...(comments.length > userComments ? ['comment'] : []),
    ],
    problems: [
      ...problems,
      ...(record && !record.success
        ? [`Its record is not of the form ${RECORD_SCHEMA}, which this version reads.`]
        : []),
    ],
  };
}
