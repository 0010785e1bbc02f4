import { AttuneError, type Engine, type ImageCodec } from '../engine/index.ts';
import { foldersOf } from '../native/folders.ts';
import { openKnownPlaces } from '../native/known.ts';
import type { RunnerClient } from '../service/runner/client.ts';
import type { Host } from './host.ts';

export interface NodeHostOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly signal: AbortSignal;
}

/** The host that is this process. `close` gives back what was opened. */
export function openNodeHost({ env, home, signal }: NodeHostOptions): Host & { close(): Promise<void> } {
  const folders = foldersOf({ platform: process.platform, home, env });
  let engine: Promise<Engine> | undefined;
  let runner: Promise<RunnerClient> | undefined;
  let images: Promise<ImageCodec> | undefined;
  // A reader that closes the pipe early (`attune models | head -1`) is no failure, nor is a terminal that was closed.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
  return {
    writeOut: (bytes) => new Promise((done) => process.stdout.write(bytes, () => done())),
    writeErr: (text) => void process.stderr.write(text),
    hasTerminal: process.stderr.isTTY === true && !env.CI && env.TERM !== 'dumb',
    get columns() {
      return process.stderr.columns;
    },
    readStdin: (maxBytes) => readAll(process.stdin, maxBytes),
    env,
    signal,
    folders,
    places: openKnownPlaces(folders.state),
    images: () => {
      images ??= import('../native/images.ts').then(({ openImageCodec }) => openImageCodec());
      return images;
    },
    engine: () => {
      engine ??= import('./open.ts').then(({ openCliEngine }) => openCliEngine(env, folders));
      return engine;
    },
    compute: () => {
      runner ??= import('./open.ts').then(({ openCliRunner }) => openCliRunner(env, folders));
      return runner;
    },
    now: () => performance.now(),
    close: async () => {
      (await runner?.catch(() => undefined))?.close();
      await (await engine?.catch(() => undefined))?.close();
    },
  };
}

async function readAll(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    length += part.length;
    if (length > maxBytes)
      throw new AttuneError('file-failed', `Standard input has more than the ${maxBytes} bytes that are read.`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
