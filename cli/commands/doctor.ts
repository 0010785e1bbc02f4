import { access, constants } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { Pixels } from '../../engine/index.ts';
import { findFfmpeg } from '../../native/ffmpeg.ts';
import { VERSION } from '../../native/package.ts';
import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { toUserError } from '../errors.ts';
import type { Host } from '../host.ts';
import { duration } from '../statusline.ts';
import { checkOne, lostLine } from './models.ts';

interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly sentence: string;
}

/** Oldest Node that runs TypeScript files as they are. */
const OLDEST_NODE = 24;

export const doctor: Command = {
  name: 'doctor',
  summary: 'check that everything Attune needs is there and works',
  arguments: [],
  options: COMMON_OPTIONS,
  examples: ['attune doctor'],
  async run(_values, host) {
    const findings = [
      { what: 'attune', state: 'ok', sentence: `version ${VERSION}` } as const,
      node(),
      memory(),
      await guarded('runtime', runtime),
      await guarded('pictures', () => pictures(host)),
      films(host),
      ...(await models(host)),
      await guarded('a run', () => run(host)),
      ...(await Promise.all(Object.entries(host.folders).map(([name, path]) => folder(name, path)))),
    ];
    const width = Math.max(...findings.map(({ what }) => what.length));
    return {
      ok: findings.every(({ state }) => state !== 'fail'),
      outputs: [],
      figures: {},
      lines: findings.map(({ what, state, sentence }) => `${state.padEnd(4)}  ${what.padEnd(width)}  ${sentence}`),
      details: { findings },
    };
  },
};

/** Who writes films: nobody but the system's ffmpeg; all else about videos works without it. */
function films({ env }: Host): Finding {
  const found = findFfmpeg(env);
  return found === undefined
    ? { what: 'films', state: 'warn', sentence: 'no ffmpeg on PATH: MP4 and WebM are written by the editor alone' }
    : { what: 'films', state: 'ok', sentence: `MP4 and WebM by ${found}` };
}

/** A part that cannot even be loaded is a finding like any other. */
async function guarded(what: string, check: () => Promise<Finding>): Promise<Finding> {
  return check().catch((error: unknown) => ({ what, state: 'fail', sentence: toUserError(error).message }));
}

function node(): Finding {
  const { version, platform, arch } = process;
  const isNew = Number.parseInt(process.versions.node, 10) >= OLDEST_NODE;
  const sentence = `${version} on ${platform} ${arch}`;
  return isNew
    ? { what: 'node', state: 'ok', sentence }
    : { what: 'node', state: 'fail', sentence: `${sentence}; version ${OLDEST_NODE} is needed, "npm ci" brings it` };
}

function memory(): Finding {
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  const sentence = `${gigabytes(freemem())} of ${gigabytes(totalmem())} free`;
  return freemem() < 1e9
    ? { what: 'memory', state: 'warn', sentence: `${sentence}; large checkpoints will not fit` }
    : { what: 'memory', state: 'ok', sentence };
}

async function runtime(): Promise<Finding> {
  const [{ createOnnxRuntime }, { listProviders }] = await Promise.all([
    import('../../native/runtime.ts'),
    import('../../native/providers.ts'),
  ]);
  const { version } = createOnnxRuntime();
  const providers = listProviders().map(
    ({ name, bundled, usable }) => `${name}${usable ? '' : bundled ? ' (bundled, not used yet)' : ' (not installed)'}`,
  );
  return { what: 'runtime', state: 'ok', sentence: `${version}, providers: ${providers.join(', ')}` };
}

/** Writes a picture and reads it back. */
async function pictures(host: Host): Promise<Finding> {
  const { imageCodecVersion } = await import('../../native/images.ts');
  const codec = await host.images();
  const pixels: Pixels = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 250, 251, 252) };
  for (const format of ['png', 'webp', 'avif'] as const) {
    const read = await codec.decode(await codec.encode(pixels, format), format);
    const isSame = pixels.data.every((value, index) => value === read.data[index]);
    if (!isSame)
      return { what: 'pictures', state: 'fail', sentence: `${imageCodecVersion()} changes pixels in ${format}` };
  }
  return { what: 'pictures', state: 'ok', sentence: imageCodecVersion() };
}

async function models(host: Host): Promise<Finding[]> {
  try {
    const engine = await host.engine();
    const listed = engine.listModels();
    const lost: Finding[] = engine
      .lostFolders()
      .map((folder) => ({ what: 'models', state: 'warn', sentence: `not searched: ${lostLine(folder).trim()}` }));
    if (listed.length === 0) {
      return [
        ...lost,
        { what: 'models', state: 'warn', sentence: 'no checkpoint is there; --model takes the path of one' },
      ];
    }
    const found = listed.map((model): Finding => {
      const { isSound, lines } = checkOne(engine, model);
      return isSound
        ? { what: model.ref, state: 'ok', sentence: `whole: ${model.title}` }
        : { what: model.ref, state: 'fail', sentence: `not usable: ${lines.map((line) => line.trim()).join('; ')}` };
    });
    return [...lost, ...found];
  } catch (error) {
    return [{ what: 'models', state: 'fail', sentence: toUserError(error).message }];
  }
}

/** One step on the smallest checkpoint at hand: graph, runtime and decoder together. */
async function run(host: Host): Promise<Finding> {
  const engine = await host.engine();
  const [model] = engine.listModels();
  if (model === undefined) return { what: 'a run', state: 'warn', sentence: 'not tried, since there is no checkpoint' };
  const startMs = host.now();
  const request = { method: 'generate', checkpoint: model.ref, prompt: '', seed: 0, steps: 1 };
  const compute = await host.compute();
  const { record } = await compute.run(request, {}, { signal: host.signal });
  const { width, height } = record.request.size;
  return {
    what: 'a run',
    state: 'ok',
    sentence: `one step at ${width}x${height} with ${model.ref}, ${duration(host.now() - startMs)}`,
  };
}

async function folder(name: string, path: string): Promise<Finding> {
  for (let place = path; ; place = dirname(place)) {
    try {
      await access(place, constants.W_OK);
      const sentence = place === path ? path : `${path} (made when needed)`;
      return { what: name, state: 'ok', sentence };
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isMissing || dirname(place) === place) {
        return { what: name, state: 'warn', sentence: `${path} cannot be written; check its permissions` };
      }
    }
  }
}
