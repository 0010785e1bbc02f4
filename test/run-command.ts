import { join } from 'node:path';
import { main } from '../cli/app.ts';
import type { Host } from '../cli/host.ts';
import type { Engine } from '../engine/index.ts';
import { openImageCodec } from '../native/images.ts';
import { openKnownPlaces } from '../native/known.ts';

/** What a command said and ended with. */
export interface Said {
  readonly code: number;
  readonly out: string;
  /** Standard output as it was written. */
  readonly bytes: Uint8Array;
  readonly err: string;
}

const images = openImageCodec();

/**
 * Runs a command line in this process, without a terminal and an environment unless `change` has them. Everything that it keeps lies in `folder`,
 * and what it computes is computed by `engine`.
 */
export async function runCommand(
  argv: readonly string[],
  { folder, engine }: { readonly folder: string; readonly engine: Engine },
  change: Partial<Host> = {},
): Promise<Said> {
  const out: Uint8Array[] = [];
  let err = '';
  const code = await main(argv, {
    writeOut: async (part) => void out.push(Buffer.from(part)),
    writeErr: (text) => {
      err += text;
    },
    hasTerminal: false,
    readStdin: async () => new Uint8Array(0),
    env: {},
    signal: new AbortController().signal,
    folders: { settings: folder, data: folder, cache: folder, state: folder },
    places: openKnownPlaces(join(folder, 'state')),
    images: async () => images,
    engine: async () => engine,
    compute: async () => engine,
    now: () => performance.now(),
    ...change,
  });
  const bytes = Buffer.concat(out);
  return { code, out: bytes.toString(), bytes, err };
}
