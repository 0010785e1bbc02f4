import { EditRecord, EditRequest, type Imported } from '../../../contract/index.ts';
import { type Carried, pictureFormat, readCarried } from './carried.ts';
import { decodeText } from './comment.ts';
import { carriedByFilm } from './film.ts';
import { importComfy } from './importcomfy.ts';
import { quoted } from './importdraft.ts';
import { importDream, importInvoke, importOldInvoke } from './importinvoke.ts';
import {
  importCommon,
  importDrawThings,
  importEasyDiffusion,
  importFooocus,
  importNovel,
  importRuined,
  importSwarm,
} from './importtools.ts';
import { importInvokeGraph } from './invokegraph.ts';
import { isObject, own, textOf } from './json.ts';
import { LIMITS, parseLooseJson, whyNoJson } from './limits.ts';
import { readTexts } from './picture.ts';
import { readDrawThingsXmp, readStableDiffusionCppXmp } from './xmp.ts';

/**
 * What a file of any known tool says of its making, as the part of a request that Attune can use, and sentences about the rest. The
 * file may also be a text or JSON that lay beside a picture. Nothing of it is trusted: texts and nesting are bounded, walks through
 * graphs end, and no path or address in it is ever opened. undefined where no tool is recognised; a field that tools use and nobody can
 * read is told.
 *
 * The order is that of the widest reader, with our own record first and Fooocus before the plain text that it may also write.
 */
export function importMetadata(bytes: Uint8Array, file: string): Imported | undefined {
  const format = pictureFormat(bytes);
  return format === undefined ? importText(bytes, file) : importCarried(readCarried(bytes, format));
}

/** As `importMetadata`, of the tags of a film. @param tags by their names in lower case */
export function importFilm(tags: ReadonlyMap<string, string>): Imported | undefined {
  return importCarried(carriedByFilm(tags));
}

function importCarried(carried: Carried): Imported | undefined {
  const { record } = readTexts(carried);
  const found = (record && importRecord(record)) ?? importTools(carried) ?? unread(carried);
  return found && { ...found, notes: [...new Set([...found.notes, ...carried.problems])] };
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

function importTools(carried: Carried): Imported | undefined {
  const { fields, comments, xmp } = carried;
  const get = (name: string) => fields.get(name);
  const json = (name: string) => parseLooseJson(get(name));
  const sdcpp = xmp === undefined ? undefined : readStableDiffusionCppXmp(xmp);
  const drawThings = xmp === undefined ? undefined : readDrawThingsXmp(xmp);
  const parameters = get('parameters');
  const texts = [...(parameters === undefined ? [] : [parameters]), ...comments].slice(0, MAX_COMMENTS);
  return (
    first(texts, (text) => importUnnamed(text, carried)) ??
    (sdcpp === undefined ? undefined : importCommon(sdcpp, 'stable-diffusion.cpp')) ??
    importEasyDiffusion(get) ??
    importInvoke(json('invokeai_metadata')) ??
    importInvokeGraph(json('invokeai_graph')) ??
    importOldInvoke(json('sd-metadata')) ??
    first([get('Dream')], importDream) ??
    importNovel((name) => (name === 'Software' ? carried.software : get(name))) ??
    importComfy(json('prompt')) ??
    importComfy(json('workflow')) ??
    importDrawThings(parseLooseJson(drawThings))
  );
}

/** Of the texts without a name, the first ones are looked at. */
const MAX_COMMENTS = 16;

/** A text whose tool is told by its content: the common tongue, or one of the JSONs. */
function importUnnamed(text: string, { fields, makerNote, software }: Carried): Imported | undefined {
  const scheme = fields.get('fooocus_scheme') ?? makerNote;
  const isFooocus = scheme === 'fooocus' || scheme === 'a1111' || software?.startsWith('Fooocus') === true;
  if (!isJson(text)) return importCommon(text, isFooocus ? 'Fooocus' : undefined);
  const json = parseLooseJson(text);
  const says = textOf(own(json, 'version'))?.startsWith('Fooocus') === true;
  return importSwarm(json) ?? (isFooocus || says ? importFooocus(json) : undefined) ?? importJson(json);
}

function importJson(json: unknown): Imported | undefined {
  if (!isObject(json)) return undefined;
  return (
    importSwarm(json) ??
    importRuined(json) ??
    importNovel((name) => textOf(own(json, name))) ??
    importEasyDiffusion((name) => own(json, name)) ??
    importComfy(json) ??
    importDrawThings(json)
  );
}

const isJson = (text: string) => /^\s{0,99}[{[]/.test(text);

function first(
  texts: readonly (string | undefined)[],
  read: (text: string) => Imported | undefined,
): Imported | undefined {
  for (const text of texts) {
    const found = text === undefined ? undefined : read(text);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Fields in which tools keep what they know, and whose they are. */
const KNOWN_FIELDS = new Map([
  ['parameters', 'an unknown tool'],
  ['prompt', 'ComfyUI'],
  ['workflow', 'ComfyUI'],
  ['invokeai_metadata', 'InvokeAI'],
  ['invokeai_graph', 'InvokeAI'],
  ['sd-metadata', 'InvokeAI'],
  ['Dream', 'InvokeAI'],
]);

/** What stands in fields of known names and could not be read, and what was left out of a file of which nothing was. */
function unread({ fields, problems }: Carried): Imported | undefined {
  const found = [...KNOWN_FIELDS].flatMap(([field, tool]) => {
    const text = fields.get(field);
    if (text === undefined) return [];
    const why = isJson(text) ? whyNoJson(text) : 'is in no form that is known here';
    return [{ tool, note: `Its field "${field}" ${why}, and was not read: ${quoted(text)}.` }];
  });
  const skipped = problems.some((problem) => [...KNOWN_FIELDS.keys()].some((field) => problem.includes(`"${field}"`)));
  if (found.length === 0 && !skipped) return undefined;
  return { tool: found[0]?.tool ?? 'an unknown tool', request: {}, notes: found.map(({ note }) => note) };
}

/** A text beside a picture: what A1111 writes on request, a graph of ComfyUI, or the tags of a film as `{"filmTags": {...}}`. */
function importText(bytes: Uint8Array, file: string): Imported | undefined {
  if (bytes.length > MAX_FILE_BYTES) return undefined;
  const text = decodeText(bytes, true);
  if (!/\.json$/i.test(file) && !isJson(text)) return /steps:/i.test(text) ? importCommon(text) : undefined;
  const json = parseLooseJson(text, MAX_FILE_BYTES);
  const tags = own(json, 'filmTags');
  if (isObject(tags)) return importFilm(textsOf(tags));
  // Our own record, as it lies beside frames and in films.
  const record = EditRecord.safeParse(json);
  return record.success ? importRecord(record.data) : (importJson(json) ?? importInvokeGraph(json));
}

/** Texts inside JSON hold more characters than they have: a graph within tags, with all its quotation marks escaped. */
const MAX_FILE_BYTES = LIMITS.allTextBytes;

function textsOf(tags: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(tags).flatMap(([name, tag]) =>
      typeof tag === 'string' ? [[name.toLowerCase(), tag] as const] : [],
    ),
  );
}
