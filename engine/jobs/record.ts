import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename, relative, sep } from 'node:path';
import type { EditRecord, ResolvedRequest } from '../../contract/index.ts';
import { NOISE_GENERATOR } from '../base/noise.ts';
import type { MethodOutcome } from '../methods/outcome.ts';
import type { Model } from '../model/model.ts';
import type { TensorRuntime } from '../ports.ts';
import type { CatalogEntry } from './catalog.ts';

interface RecordInput {
  readonly request: ResolvedRequest;
  readonly outcome: Pick<MethodOutcome, 'prompts' | 'sampler' | 'operations' | 'levels'>;
  readonly model: Pick<Model, 'name' | 'components' | 'precision' | 'family'>;
  readonly entry: CatalogEntry;
  readonly runtime: TensorRuntime;
  readonly version: string;
}

/** Files up to this size are hashed (about half a second); larger ones are recorded by name and size. */
const HASHED_UP_TO_BYTES = 512 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;

/** Everything needed to make the picture again. Holds no time and no path of this machine. */
export function recordOf({ request, outcome, model, entry, runtime, version }: RecordInput): EditRecord {
  return {
    schema: 'attune/1',
    app: { name: 'Attune', version },
    // By its name: a path would tell the author's folders.
    request: { ...request, checkpoint: entry.ref },
    prompts: outcome.prompts.map(({ role, condition }) => ({
      role,
      text: condition.prompt,
      weights: condition.weights.map(({ start, end, weight }) => ({ start, end, weight })),
    })),
    checkpoint: {
      name: model.name,
      family: model.family.id,
      ...entry.origin,
      files: weightFiles(model),
    },
    runtime: {
      provider: runtime.provider,
      version: runtime.version,
      precision: `${model.precision} weights, f32 arithmetic`,
    },
    noise: NOISE_GENERATOR,
    sampler: { ...outcome.sampler, sigmas: [...outcome.levels] },
    operations: [...outcome.operations],
  };
}

const hashes = new Map<string, string>();

function weightFiles(model: Pick<Model, 'components'>): EditRecord['checkpoint']['files'] {
  return model.components.flatMap(({ folder, name, weights }) => {
    const files = new Set(weights.names.map((tensor) => weights.get(tensor).file));
    return [...files].sort().map((file) => {
      const { size } = statSync(file);
      const inside = relative(folder, file).split(sep).join('/');
      // A file of a download cache lies elsewhere behind a link; its blob name says what it is.
      const path = `${name}/${inside.startsWith('..') ? basename(file) : inside}`;
      return size > HASHED_UP_TO_BYTES ? { path, bytes: size } : { path, bytes: size, sha256: hashOf(file, size) };
    });
  });
}

function hashOf(file: string, size: number): string {
  const key = `${file}:${size}:${statSync(file).mtimeMs}`;
  const known = hashes.get(key) ?? hashInPieces(file);
  hashes.set(key, known);
  return known;
}

/** Never the whole file in memory: it would be the peak of many a job. */
function hashInPieces(file: string): string {
  const hash = createHash('sha256');
  const piece = new Uint8Array(PIECE_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    for (let read = readSync(descriptor, piece); read > 0; read = readSync(descriptor, piece))
      hash.update(piece.subarray(0, read));
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex');
}
