import { dirname, join } from 'node:path';
import { readText, whatIs } from './files.ts';
import { isObject, parseJson } from './json.ts';
import { malformed, quote, refusal } from './refusal.ts';
import { readSafetensors, type SafetensorsFile } from './safetensors.ts';
import { PICKLE_NAME, pickleRefusal } from './sniff.ts';

export interface ShardIndex {
  /** Tensor name -> plain file name of its shard. */
  readonly weightMap: ReadonlyMap<string, string>;
  /** File names of the shards, in the order of their first mention. */
  readonly shards: readonly string[];
}

const MAX_INDEX_BYTES = 32 * 1024 * 1024;
const MAX_TENSORS = 262_144;
const MAX_SHARDS = 1_000;

/** Parses the text of a `*.safetensors.index.json`; `file` is its path, for errors. Throws 'checkpoint-malformed'. */
export function parseIndex(text: string, file: string): ShardIndex {
  const json = parseJson(text, file, { maxDepth: 4, maxMembers: MAX_TENSORS });
  const map = isObject(json) ? json.get('weight_map') : undefined;
  const field = 'weight_map';
  if (!isObject(map)) throw malformed(file, 'The index has no object "weight_map"', { field });
  const weightMap = new Map<string, string>();
  for (const [tensor, shard] of map) {
    if (typeof shard !== 'string')
      throw malformed(file, `The shard of tensor ${quote(tensor)} is not a file name`, { tensor, field });
    if (PICKLE_NAME.test(shard)) throw pickleRefusal(join(dirname(file), shard.replaceAll(/[\\/]/g, '_')));
    if (!isPlainFileName(shard))
      throw malformed(
        file,
        `The shard ${quote(shard)} of tensor ${quote(tensor)} is not a plain .safetensors file name`,
        { tensor, field },
      );
    weightMap.set(tensor, shard);
  }
  const shards = [...new Set(weightMap.values())];
  if (shards.length === 0) throw malformed(file, 'The index names no tensor', { field });
  if (shards.length > MAX_SHARDS)
    throw malformed(file, `The index names ${shards.length} shards, at most ${MAX_SHARDS} are read`, { field });
  return { weightMap, shards };
}

/** Paths of the shards an index names and that are not there. Throws as `parseIndex`. */
export function missingShards(indexFile: string): readonly string[] {
  const { shards } = readIndex(indexFile);
  return shards.map((shard) => join(dirname(indexFile), shard)).filter((path) => whatIs(path) !== 'file');
}

/**
 * Opens every shard an index names. Shards are confined to the index's folder by name; a link in that folder may lead
 * anywhere (the Hugging Face cache keeps `snapshots/X/file -> ../../blobs/hash`), and what it leads to is what is read.
 * Throws 'checkpoint-incomplete' naming a missing shard, or a tensor the index promises and its shard lacks;
 * 'checkpoint-malformed' for a tensor stored in two shards; else as `readSafetensors`.
 */
export function openShards(indexFile: string): readonly SafetensorsFile[] {
  const { weightMap, shards } = readIndex(indexFile);
  const files = new Map<string, SafetensorsFile>();
  const holder = new Map<string, string>();
  for (const shard of shards) {
    const file = readSafetensors(join(dirname(indexFile), shard));
    files.set(shard, file);
    for (const tensor of file.tensors.keys()) {
      const other = holder.get(tensor);
      if (other !== undefined)
        throw malformed(file.path, `Tensor ${quote(tensor)} is stored in this shard and in ${quote(other)}`, {
          tensor,
        });
      holder.set(tensor, shard);
    }
  }
  for (const [tensor, shard] of weightMap) {
    if (holder.get(tensor) === shard) continue;
    const path = files.get(shard)?.path ?? shard;
    throw refusal(
      'checkpoint-incomplete',
      path,
      `The tensor ${quote(tensor)} is missing, which the index says is here. Download the index and its shards again, from one place.`,
      { tensor },
    );
  }
  return [...files.values()];
}

function readIndex(indexFile: string): ShardIndex {
  return parseIndex(readText(indexFile, MAX_INDEX_BYTES), indexFile);
}

// Excluded: anything that leads out of a folder on some system: separators, a drive or stream colon, `.` and `..`.
function isPlainFileName(name: string): boolean {
  return name.length <= 255 && /^[^./\\:\p{C}][^/\\:\p{C}]*\.safetensors$/u.test(name);
}
