import { EditRecord, EditRequest, type Imported } from '../../../contract/index.ts';
import { fromUtf8OrLatin1 } from './bytes.ts';
import { importComfy } from './importcomfy.ts';
import { type ImportFields, readImportFields } from './importfields.ts';
import {
  importCommon,
  importDrawThings,
  importDream,
  importEasyDiffusion,
  importFooocus,
  importInvoke,
  importNovel,
  importOldInvoke,
  importSwarm,
} from './importtools.ts';
import { isObject, own } from './json.ts';
import { LIMITS, parseBoundedJson } from './limits.ts';
import { readMetadata } from './picture.ts';

/**
 * What a file of any known tool says of its making, as the part of a request that Attune can use, and sentences about the rest. The
 * file may also be a text or JSON that lay beside a picture. Nothing of it is trusted: texts and nesting are bounded, walks through
 * graphs end, and no path or address in it is ever opened. undefined where no tool is recognised.
 *
 * The order is that of the widest reader, with our own record first and Fooocus before the plain text that it may also write.
 */
export function importMetadata(bytes: Uint8Array, file: string): Imported | undefined {
  const fields = readImportFields(bytes);
  return fields === undefined ? importText(bytes, file) : (importOwn(bytes) ?? importFields(fields));
}

function importOwn(bytes: Uint8Array): Imported | undefined {
  const { record } = readMetadata(bytes);
  return record && importRecord(record);
}

function importRecord(record: EditRecord): Imported | undefined {
  // The record may hold keys of a later version; what this one does not know is dropped.
  const known = new Set(Object.keys(EditRequest.unwrap().shape));
  const entries = Object.entries(record.request).filter(([key]) => known.has(key));
  const request = EditRequest.unwrap().partial().safeParse(Object.fromEntries(entries));
  if (!request.success) return undefined;
  const { source, mask, checkpoint } = record.request;
  return {
    tool: 'Attune',
    request: request.data,
    notes: [
      ...(source
        ? [`Its source "${source.name}" is not part of the file: open it as well, unless it is here already.`]
        : []),
      ...(mask ? [`Its mask "${mask.name}" is not part of the file: open it as well, unless it is here already.`] : []),
      ...(checkpoint.startsWith('embedded/')
        ? []
        : [`It was made with the checkpoint "${checkpoint}", which must be on this machine.`]),
    ],
  };
}

function importFields(fields: ImportFields): Imported | undefined {
  const parameters = fields.get('parameters') ?? fields.comment ?? fields.sdcpp;
  const json = parameters?.trimStart().startsWith('{') ? parseLoose(parameters) : undefined;
  const scheme = fields.get('fooocus_scheme') ?? fields.makerNote;
  const isFooocus = scheme === 'fooocus' || scheme === 'a1111' || fields.software?.startsWith('Fooocus') === true;
  return (
    importSwarm(json) ??
    (isFooocus ? (importFooocus(json) ?? common(parameters, 'Fooocus')) : undefined) ??
    common(parameters, fields.sdcpp === undefined ? undefined : 'stable-diffusion.cpp') ??
    importEasyDiffusion((name) => fields.get(name)) ??
    importEasyDiffusion((name) => own(json, name)) ??
    importInvoke(parse(fields.get('invokeai_metadata'))) ??
    importOldInvoke(parse(fields.get('sd-metadata'))) ??
    dream(fields.get('Dream')) ??
    (fields.software === 'NovelAI' ? importNovel(parse(fields.get('Comment')) ?? json) : undefined) ??
    importComfy(parseLoose(fields.get('prompt'))) ??
    importDrawThings(parse(fields.drawThings) ?? json)
  );
}

/** A text beside a picture: what A1111 writes on request, or a graph of ComfyUI. */
function importText(bytes: Uint8Array, file: string): Imported | undefined {
  if (bytes.length > LIMITS.textBytes) return undefined;
  const text = fromUtf8OrLatin1(bytes);
  if (/\.json$/i.test(file) || text.trimStart().startsWith('{')) {
    const json = parseLoose(text);
    // Our own record, as it lies beside frames and in films.
    const record = EditRecord.safeParse(json);
    if (record.success) return importRecord(record.data);
    return importSwarm(json) ?? importComfy(json) ?? importDrawThings(json);
  }
  return text.includes('Steps:') ? importCommon(text) : undefined;
}

function common(text: string | undefined, tool: string | undefined): Imported | undefined {
  return text === undefined || text.trimStart().startsWith('{') ? undefined : importCommon(text, tool);
}

function dream(text: string | undefined): Imported | undefined {
  return text === undefined ? undefined : importDream(text);
}

function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : parseBoundedJson(text);
}

/** ComfyUI writes `NaN`, which no JSON parser takes. */
function parseLoose(text: string | undefined): unknown {
  const json = parse(text);
  if (isObject(json) || text === undefined || text.length > LIMITS.textBytes) return json;
  return parse(text.replace(/([[:,]\s{0,4})-?(?:NaN|Infinity)/g, '$1null'));
}
