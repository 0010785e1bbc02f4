import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { AttuneError, type Engine } from '../../engine/index.ts';
import { folderOf } from '../../test/checkpoint-files.ts';
import { discOf, EMBEDDED, openTestEngine, requestOf } from '../../test/embedded.ts';
import { TINY_SD3, writeTinyModel } from '../../test/tiny-model.ts';
import { writeTinyVideoModel } from '../../test/tiny-video-model.ts';
import { openRunnerClient, type RunnerClient } from './client.ts';
import { forkRunner } from './fork.ts';
import type { FromRunner } from './messages.ts';

/** Real runners, in processes of their own. */
interface Opened {
  readonly client: RunnerClient;
  /** Of the runners that were started, the running one last. */
  readonly pids: number[];
  /** What they told. */
  readonly told: FromRunner[];
}

const clients: RunnerClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function open({ env = {}, entry }: { readonly env?: NodeJS.ProcessEnv; readonly entry?: string } = {}): Opened {
  const [pids, told]: [number[], FromRunner[]] = [[], []];
  const startRunner = () => {
    const runner = forkRunner({ env: { ...process.env, ...env }, ...(entry !== undefined && { entry }) });
    pids.push(runner.pid ?? 0);
    const { onMessage } = runner.port;
    const port = {
      ...runner.port,
      onMessage: (listener: (message: unknown) => void) =>
        onMessage((message) => {
          told.push(message as FromRunner);
          listener(message);
        }),
    };
    return { ...runner, port };
  };
  const setup = { version: '0.0.0-test', places: { embedded: EMBEDDED }, provider: 'cpu', isOffline: true } as const;
  const client = openRunnerClient({
    startRunner,
    setup: Promise.resolve({ kind: 'setup', scratch: folderOf({}), ...setup }),
  });
  clients.push(client);
  return { client, pids, told };
}

const kinds = (told: readonly FromRunner[]) => told.map(({ kind }) => kind);
const edit = requestOf({
  method: 'prompt-edit',
  sourcePrompt: 'a red apple, on grass',
  prompt: 'a blue apple, on grass',
});
const lastPid = ({ pids }: Opened) => pids.at(-1) ?? 0;

describe('a runner of a command', () => {
  it('gives what the engine gives in this process', async () => {
    const engine: Engine = openTestEngine('all');
    const { client } = open();
    const media = { source: discOf(128, 128) };
    const request = { ...edit, maps: true };
    const { unpasted: _unpasted, figures: _figures, ...here } = await engine.run(request, media);
    const { figures: _others, ...there } = await client.run(request, media);
    expect(there).toEqual({ ...here, record: { ...here.record, app: there.record.app } });
    const look = { checkpoint: 'embedded/image', source: media.source, word: 'apple', prompt: 'a red apple, on grass' };
    const { figures: looked, ...seen } = await engine.select(look);
    const { figures: lookedThere, ...seenThere } = await client.select(look);
    expect(seenThere).toEqual(seen);
    expect(lookedThere.selectedShare).toBe(looked.selectedShare);
    await engine.close();
  });

  it('decodes a frame of a clip only when the one before the last was taken', async () => {
    const opened = open();
    const checkpoint = writeTinyVideoModel({ settings: { frames: 9, steps: 1 } });
    const ahead: number[] = [];
    const request = requestOf({ method: 'generate', checkpoint, prompt: 'a red apple' });
    let taken = 0;
    const { frames, images } = await opened.client.run(
      request,
      {},
      {
        async onFrame() {
          // Long enough for a frame that does not wait.
          await pause(30);
          ahead.push(kinds(opened.told).filter((kind) => kind === 'frame').length - taken);
          taken += 1;
        },
      },
    );
    expect([frames, images.length, taken]).toEqual([9, 0, 9]);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(2);
  });

  it('refuses a job before its networks run where whoever takes the frames does, and runs the next one', async () => {
    const opened = open();
    const refusal = new AttuneError('file-failed', 'There is no place for it.');
    const request = requestOf({ method: 'generate' });
    const onBegin = () => Promise.reject(refusal);
    await expect(opened.client.run(request, {}, { onBegin })).rejects.toBe(refusal);
    expect(
      opened.told.flatMap((told) => (told.kind === 'event' && told.event.kind === 'stage' ? [told.event.stage] : [])),
    ).not.toContain('denoise');
    const onFrame = () => Promise.reject(refusal);
    await expect(opened.client.run(request, {}, { onFrame })).rejects.toBe(refusal);
    expect((await opened.client.run(request, {})).images).toHaveLength(1);
    expect(opened.pids).toHaveLength(1);
  });

  it('tells the engine of a wrong request as the engine does, with its field', async () => {
    const { client } = open();
    await expect(client.run(requestOf({ method: 'generate', checkpoint: 'nowhere' }), {})).rejects.toBeInstanceOf(
      AttuneError,
    );
    await expect(client.run(requestOf({ method: 'prompt-edit' }), {})).rejects.toMatchObject({
      kind: 'request-invalid',
      where: { field: 'source' },
    });
  });

  it('is ended in a step that does not end, and another one is started for the next job', async () => {
    const opened = open();
    const control = new AbortController();
    const checkpoint = writeTinyModel({ ...TINY_SD3, side: 256 });
    const asked = { method: 'generate', checkpoint, prompt: 'a red apple', steps: 1 };
    const slow = requestOf({ ...asked, size: { width: 1024, height: 1024 } });
    const run = opened.client.run(
      slow,
      {},
      {
        signal: control.signal,
        onEvent: (event) =>
          event.kind === 'stage' && event.stage === 'denoise' && void setTimeout(() => control.abort(), 300),
      },
    );
    await expect(run).rejects.toMatchObject({ kind: 'cancelled' });
    expect(opened.told.filter((told) => told.kind === 'event' && told.event.kind === 'step')).toEqual([]);
    const small = requestOf({ ...asked, size: { width: 16, height: 16 } });
    expect((await opened.client.run(small, {})).images).toHaveLength(1);
    expect(opened.pids).toHaveLength(2);
  });
});

/** What a process has of memory of its own. */
function dataBytes(pid: number): number {
  const [, kilobytes] = /^VmData:\s+(\d+) kB$/m.exec(readFileSync(join('/proc', String(pid), 'status'), 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

const canLimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;
if (!canLimit) console.warn('there is no prlimit here: memory that really runs out is not tried');

describe('memory that runs out', () => {
  const asked = { method: 'generate', prompt: 'a red apple', steps: 1 } as const;
  const large = (checkpoint: string) => requestOf({ ...asked, checkpoint, size: { width: 1024, height: 1024 } });

  it.skipIf(!canLimit)('in a step is told with the network that took it and the size that helps', async () => {
    const opened = open();
    const run = opened.client.run(
      large(writeTinyModel({ ...TINY_SD3, side: 256 })),
      {},
      {
        onEvent(event) {
          if (event.kind !== 'stage' || event.stage !== 'denoise') return;
          const pid = lastPid(opened);
          spawnSync('prlimit', ['--pid', String(pid), `--data=${dataBytes(pid) + 4 * 2 ** 20}`]);
        },
      },
    );
    await expect(run).rejects.toMatchObject({ kind: 'memory-exceeded', where: { field: 'size' } });
    await expect(run).rejects.toThrow(
      /^(Memory ran out in the transformer|.* It was running the transformer), which needs about 0\.\d\d GB at 1024x1024\. Ask for a smaller size than 1024x1024, or close other programs\.$/,
    );
  });

  it.each(['SIGKILL', 'SIGSEGV'] as const)(
    'or not: a runner ended by %s is told as what that means',
    async (signal) => {
      const opened = open();
      const run = opened.client.run(
        large(writeTinyModel({ ...TINY_SD3, side: 256 })),
        {},
        {
          onEvent: (event) =>
            event.kind === 'stage' && event.stage === 'denoise' && process.kill(lastPid(opened), signal),
        },
      );
      const isMemory = signal === 'SIGKILL';
      await expect(run).rejects.toMatchObject({ kind: isMemory ? 'memory-exceeded' : 'runtime-failed' });
      await expect(run).rejects.toThrow(
        isMemory
          ? /The system ended .* as it does when memory runs out\. It was running the transformer, which needs/
          : /ended \(SIGSEGV\)\. Try it again/,
      );
    },
  );

  it('in the heap of JavaScript is a sentence, not a stack trace', async () => {
    const entry = join(folderOf({ 'heap.mjs': HEAP }), 'heap.mjs');
    const { client } = open({ env: { NODE_OPTIONS: '--max-old-space-size=20' }, entry });
    const run = client.run(requestOf(asked), {});
    await expect(run).rejects.toMatchObject({ kind: 'memory-exceeded', where: { field: 'checkpoint' } });
    await expect(run).rejects.toThrow(/^The process that runs networks ran out of memory\. Close other programs/);
  });
});

/** A runner that is asked and takes more than its heap has. */
const HEAP = `
process.send({ kind: 'ready' });
process.on('message', ({ kind }) => {
  const held = [];
  while (kind === 'stream') held.push(Array.from({ length: 1e5 }, (_, i) => ({ i })));
});`;
