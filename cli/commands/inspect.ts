import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Imported } from '../../contract/index.ts';
import { AttuneError, importMetadata, type PictureMetadata, pictureFormat, reportLines } from '../../engine/index.ts';
import { readFileWithin, readHead } from '../../native/files.ts';
import { aboutVideo, type VideoMetadata } from '../about.ts';
import type { Command, Outcome } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import type { Host } from '../host.ts';
import { metadataOf, readInput } from '../media.ts';
import { regionText } from '../region.ts';

export const inspect: Command = {
  name: 'inspect',
  summary: 'say how a picture or video was made, or what a checkpoint is',
  arguments: [
    {
      name: 'FILE',
      required: true,
      summary: 'a picture (- is standard input), a film, a folder of frames, a checkpoint folder or a weight file',
    },
  ],
  options: COMMON_OPTIONS,
  examples: ['attune inspect out.png', 'attune inspect ~/models/stable-diffusion-3.5-medium'],
  async run(values, host) {
    const [path = '-'] = values.arguments;
    if (path === '-' || (await isPicture(path))) {
      const bytes = await readInput(path, host);
      const imported = importMetadata(bytes, path);
      return told(path, { ...metadataOf(bytes, path), ...(imported && { imported }) }, 'picture');
    }
    const video = await aboutVideo(path, host.env);
    if (video !== undefined) return told(path, video, 'video');
    return (await inspectSettings(path)) ?? inspectModel(path, host);
  },
};

/** Names of pictures; a file of such a name is none of a checkpoint, whatever it holds. */
const PICTURE_NAME = /\.(?:png|jpe?g|jpe|jfif|webp|gif|tiff?|avif|hei[cf]|bmp|svg)$/i;

/** Settings that lie beside pictures: graphs of ComfyUI, the text of A1111, our own record. */
const SETTINGS_NAME = /\.(?:json|txt)$/i;
const MAX_SETTINGS_BYTES = 16 * 1024 * 1024;

async function isPicture(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  if (status === undefined || !status.isFile()) return false;
  if (PICTURE_NAME.test(path)) return true;
  return pictureFormat(await readHead(path, 64)) !== undefined;
}

type Metadata = (PictureMetadata & { readonly imported?: Imported }) | VideoMetadata;

/** undefined for what is no file of settings that is known. */
async function inspectSettings(path: string): Promise<Outcome | undefined> {
  const status = SETTINGS_NAME.test(path) ? await stat(path).catch(() => undefined) : undefined;
  if (status === undefined || !status.isFile() || status.size > MAX_SETTINGS_BYTES) return undefined;
  const imported = importMetadata(await readFileWithin(path, MAX_SETTINGS_BYTES), path);
  return (
    imported && {
      ok: true,
      outputs: [],
      figures: {},
      lines: [`${path}: settings`, ...importedLines(imported)],
      details: { settings: imported },
    }
  );
}

function told(path: string, read: Metadata, kind: 'picture' | 'video'): Outcome {
  const { parameters, record } = read;
  const { parameters: _settings, record: _record, ...rest } = read;
  const about = {
    ...rest,
    ...(parameters && { parameters: { ...parameters, settings: Object.fromEntries(parameters.settings) } }),
  };
  return {
    ok: true,
    outputs: [],
    figures: {},
    ...(record && { record }),
    lines: linesOf(path, read),
    details: { [kind]: about },
  };
}

function linesOf(
  path: string,
  { format, record, parametersText, sourceType, otherFields, problems, imported }: Metadata,
): string[] {
  const lines = [
    `${path}: ${format === 'frames' ? 'a folder of frames' : format.toUpperCase()}${sourceType === undefined ? '' : `, marked as ${sourceType}`}`,
  ];
  if (record) {
    const { request, checkpoint, runtime, sampler } = record;
    const { width, height } = request.size;
    lines.push(
      `  made by ${record.app.name} ${record.app.version}, method ${request.method}`,
      `  model ${checkpoint.name} (${checkpoint.family}), ${runtime.precision} on ${runtime.provider}, ${runtime.version}`,
      `  ${request.region === undefined ? '' : 'ran at '}${width}x${height}, ${request.steps} steps of ${sampler.name}, guidance ${request.guidance}, seed ${request.seed}`,
      ...(request.source ? [`  source: ${request.source.name}`] : []),
      ...(request.region ? [`  region: ${regionText(request.region)}`] : []),
      ...(request.mask ? [`  mask: ${request.mask.name}`] : []),
      ...(request.sourcePrompt === undefined ? [] : [`  from: ${request.sourcePrompt}`]),
      ...(request.fps === undefined ? [] : [`  a video at ${request.fps} frames a second`]),
      ...(request.segments === undefined
        ? [`  ${request.source ? 'to' : 'prompt'}: ${request.prompt}`]
        : request.segments.map(({ prompt }, at) => `  prompt ${at + 1}: ${prompt}`)),
      ...(request.negative === undefined ? [] : [`  negative: ${request.negative}`]),
      ...Object.entries(request.params).map(([name, value]) => `  ${name}: ${value}`),
    );
  } else if (imported !== undefined) lines.push(...importedLines(imported));
  else if (parametersText !== undefined) lines.push(...parametersText.split('\n').map((line) => `  ${line}`));
  else lines.push('  it says nothing about its making');
  if (otherFields.length > 0)
    lines.push(`  other fields: ${otherFields.slice(0, SHOWN_FIELDS).join(', ')}${more(otherFields)}`);
  const said = new Set(record === undefined ? imported?.notes : []);
  return [...lines, ...problems.filter((problem) => !said.has(problem)).map((problem) => `  ${problem}`)];
}

const SHOWN_FIELDS = 20;
const more = (fields: readonly string[]) =>
  fields.length > SHOWN_FIELDS ? ` and ${fields.length - SHOWN_FIELDS} more` : '';

/** What another tool's words restore here, and sentences about the rest. */
function importedLines({ tool, request, notes }: Imported): string[] {
  const { prompt, negative, seed, steps, guidance, size } = request;
  const settings = [
    ...(size === undefined ? [] : [`${size.width}x${size.height}`]),
    ...(steps === undefined ? [] : [`${steps} steps`]),
    ...(guidance === undefined ? [] : [`guidance ${guidance}`]),
    ...(seed === undefined ? [] : [`seed ${seed}`]),
  ];
  return [
    `  made by ${tool}`,
    ...(prompt === undefined ? [] : [`  prompt: ${prompt}`]),
    ...(negative === undefined ? [] : [`  negative: ${negative}`]),
    ...(settings.length === 0 ? [] : [`  ${settings.join(', ')}`]),
    ...notes.map((note) => `  ${note}`),
  ];
}

async function inspectModel(path: string, host: Host): Promise<Outcome> {
  const engine = await host.engine();
  const listed = engine.listModels().find(({ ref }) => ref === path);
  const target = listed?.folder ?? resolve(path);
  if (listed === undefined && (await stat(target).catch(() => undefined)) === undefined) {
    throw new AttuneError('file-failed', `${path} does not exist.`, { file: path });
  }
  const checkpoint = engine.inspect(target);
  return { ok: true, outputs: [], figures: {}, lines: reportLines(checkpoint), details: { checkpoint } };
}
