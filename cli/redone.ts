import type { EditRecord } from '../contract/index.ts';
import type { Engine } from '../engine/index.ts';
import { VERSION } from '../native/package.ts';
import type { Host } from './host.ts';
import type { Values } from './options.ts';
import { checkpointRef, recallCheckpoint } from './request.ts';

/** The checkpoint of a record: where the command line says it is, or where it was last seen. Throws 'checkpoint-missing'. */
export async function checkpointOf(
  { request }: EditRecord,
  values: Values,
  engine: Engine,
  host: Host,
): Promise<string> {
  const given = values.text('model');
  return given === undefined ? recallCheckpoint(request.checkpoint, engine, host) : checkpointRef(given, engine);
}

/** Why a result may differ: what is not the same as when the file was made. */
export function differencesOfMaking(before: EditRecord, after: EditRecord): string[] {
  const parts: readonly (readonly [string, string, string])[] = [
    ['Attune', before.app.version, VERSION],
    ['provider', before.runtime.provider, after.runtime.provider],
    ['runtime', before.runtime.version, after.runtime.version],
    ['precision', before.runtime.precision, after.runtime.precision],
    ['checkpoint', before.checkpoint.name, after.checkpoint.name],
    ['files of the checkpoint', hashesOf(before), hashesOf(after)],
  ];
  return parts.flatMap(([what, was, is]) => (was === is ? [] : [`the ${what} was ${was} and is ${is}`]));
}

function hashesOf({ checkpoint }: EditRecord): string {
  return checkpoint.files.map(({ path, bytes, sha256 }) => `${path} ${sha256?.slice(0, 12) ?? bytes}`).join(', ');
}
