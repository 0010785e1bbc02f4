import { utf8 } from './bytes.ts';

/**
 * The XMP packet we write: the IPTC mark of how the picture came to be, the tool, and (outside PNG, which has a text field of its
 * own) the record. Properties of other packets are found by name, which is enough for the few we read.
 */
const XMP_NAMESPACE = 'urn:attune:xmp:1.0#';

const SOURCE_TYPES = 'http://cv.iptc.org/newscodes/digitalsourcetype/';

/** IPTC digital source types: wholly made by a model, or a photograph with parts made by one. */
export type SourceType = 'trainedAlgorithmicMedia' | 'compositeWithTrainedAlgorithmicMedia';

export interface XmpContent {
  readonly sourceType: SourceType;
  /** e.g. `Attune 0.1.0` */
  readonly creatorTool: string;
  /** The record as ASCII JSON. */
  readonly record?: string;
}

export function writeXmp({ sourceType, creatorTool, record }: XmpContent): Uint8Array {
  const lines = [
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    '<rdf:Description rdf:about=""',
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"',
    ` xmlns:attune="${XMP_NAMESPACE}">`,
    `<xmp:CreatorTool>${escapeXml(creatorTool)}</xmp:CreatorTool>`,
    `<Iptc4xmpExt:DigitalSourceType>${SOURCE_TYPES}${sourceType}</Iptc4xmpExt:DigitalSourceType>`,
    ...(record === undefined ? [] : [`<attune:record>${escapeXml(record)}</attune:record>`]),
    '</rdf:Description></rdf:RDF></x:xmpmeta>',
    '<?xpacket end="r"?>',
  ];
  return utf8(lines.join('\n'));
}

/** What we know of an XMP packet. */
export function readXmp(text: string): { sourceType?: string; record?: string } {
  const sourceType = property(text, 'Iptc4xmpExt:DigitalSourceType');
  const record = property(text, 'attune:record');
  return {
    ...(sourceType !== undefined && { sourceType: sourceType.slice(sourceType.lastIndexOf('/') + 1) }),
    ...(record !== undefined && { record }),
  };
}

/** A property written as an element or as an attribute; both are legal for simple values. */
function property(text: string, name: string): string | undefined {
  const element = between(text, `<${name}>`, `</${name}>`);
  const value = element ?? between(text, ` ${name}="`, '"');
  return value === undefined ? undefined : unescapeXml(value).trim();
}

function between(text: string, before: string, after: string): string | undefined {
  const start = text.indexOf(before);
  if (start < 0) return undefined;
  const end = text.indexOf(after, start + before.length);
  return end < 0 ? undefined : text.slice(start + before.length, end);
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi, (_all, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? '';
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number.parseInt(decimal, 10);
    return point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
  });
}

/** The JSON that Draw Things keeps as the comment, alone or as the one text of a list of languages. */
export function readDrawThingsXmp(packet: string): string | undefined {
  const comment = between(packet, '<exif:UserComment>', '</exif:UserComment>') ?? property(packet, 'exif:UserComment');
  if (comment === undefined) return undefined;
  const item = between(comment, '<rdf:li', '</rdf:li>');
  const text = item === undefined ? comment : item.slice(item.indexOf('>') + 1);
  return unescapeXml(text).trim();
}

export function readStableDiffusionCppXmp(packet: string): string | undefined {
  return property(packet, 'sdcpp:parameters');
}
