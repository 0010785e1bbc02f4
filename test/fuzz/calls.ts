import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { type BatchTable, CALLS, type CallName, type CallParams, type EditRequest } from '../../contract/index.ts';
import { foldersOf } from '../../native/folders.ts';
import { EMBEDDED } from '../../native/package.ts';
import { fakeJob } from '../../service/batch/kill-job.ts';
import { openService, type RunnerProcess } from '../../service/index.ts';
import { decodeFrame, encodeFrame, FrameError, hostCalls, portPair } from '../../transport/index.ts';
import { mutated, mutatedJson } from '../mutations.ts';
import type { Target } from './target.ts';

const job = 'job-00000001';
const ref = { sha256: 'a'.repeat(64), name: 'a.png' };
const request: EditRequest = {
  method: 'prompt-edit',
  checkpoint: 'embedded/image',
  prompt: 'a red apple',
  sourcePrompt: 'a green apple',
  seed: 1,
  maps: true,
  params: { crossReplaceSteps: 0.5 },
};
const region = { x: 10, y: 20, width: 300, height: 200 };
const table: BatchTable = {
  name: 'x.csv',
  base: { method: 'generate', checkpoint: 'embedded/image', seed: 1 },
  rows: [{ prompt: 'a {red|blue} __fruit__', seed: '3' }, { prompt: 'a cat' }],
  media: [],
  wildcards: { fruit: ['apple', 'pear'] },
  repeats: 1,
  export: { format: 'png', withMetadata: true },
};
const pixels = { width: 2, height: 2, channels: 3, data: new Uint8Array(12) } as const;

/** A sound example of every call. */
const EXAMPLES: { readonly [Name in CallName]: CallParams<Name> } = {
  hello: {},
  words: { checkpoint: 'embedded/image' },
  read: { checkpoint: 'embedded/image', text: 'a (red:1.2) apple' },
  estimate: { request, painted: region },
  place: { checkpoint: 'embedded/image', source: { width: 900, height: 600 }, region, painted: region },
  timeline: { request: { ...request, segments: [{ prompt: 'a cat', frames: 9 }] } },
  'media.put': { name: 'a.png', bytes: new Uint8Array([1, 2, 3]) },
  'media.putPixels': { name: 'a.png', pixels },
  'media.putFrames': { name: 'a.webp', frames: [pixels, pixels], fps: 6 },
  'media.info': { ref },
  'media.get': { sha256: ref.sha256, side: 64 },
  import: { name: 'a.png', bytes: new Uint8Array([1, 2, 3]) },
  select: { checkpoint: 'embedded/image', source: ref, word: 'apple', region, prompt: 'an apple' },
  'jobs.submit': { request, isFirst: true },
  'jobs.cancel': { job },
  'jobs.retry': { job },
  'jobs.remove': { job },
  'jobs.move': { job, before: job },
  'queue.pause': {},
  'queue.resume': {},
  'queue.clear': {},
  'engine.start': {},
  'history.list': { limit: 5, before: job },
  'history.remove': { id: job },
  'history.restore': { id: job },
  export: { id: job, options: { format: 'png', withMetadata: true, pattern: '[prompt]-[seed]' } },
  'export.video': { id: job, format: 'gif', withMetadata: true },
  'export.name': { id: job, options: { format: 'png', withMetadata: true } },
  'export.tags': { id: job },
  'export.save': { id: job, options: { format: 'png', withMetadata: true }, grant: job },
  'export.saveFile': { name: 'a.png', bytes: new Uint8Array([1]), grant: job },
  'batch.plan': { table },
  'batch.parse': { name: 'a.csv', bytes: new TextEncoder().encode('prompt,seed\na cat,1\n') },
  'batch.start': { table },
  'batch.pause': { batch: job },
  'batch.resume': { batch: job },
  'batch.cancel': { batch: job },
  'batch.save': { batch: job, grant: job },
  'journal.read': { after: 0 },
  'journal.append': { entries: [new Uint8Array([1])] },
  'journal.replace': { entries: [] },
  'models.list': {},
  'models.check': { ref: 'embedded/image' },
  'models.addFolder': { grant: job },
  'models.removeFolder': { ref: 'embedded/image' },
  'settings.set': { settings: { theme: 'dark', provider: 'cpu' } },
  'providers.measure': {},
};

/** A runner that runs nothing: every job fails, every question is refused. */
function noRunner(): RunnerProcess {
  const [mine, theirs] = portPair();
  const error = { kind: 'runtime-failed', message: 'Nothing runs here.' } as const;
  theirs.onMessage((message) => {
    const { kind, job, id } = message as { readonly kind: string; readonly job?: string; readonly id?: number };
    if (kind === 'run') theirs.send({ kind: 'failed', job, error });
    else if (id !== undefined) theirs.send({ kind: 'refused', id, error });
  });
  theirs.send({ kind: 'ready' });
  return { port: mine, kill: () => {}, onExit: () => {} };
}

/** The real service behind a port, as a socket brings it. */
async function openHost() {
  const home = await mkdtemp(join(tmpdir(), 'attune-fuzz-'));
  const service = await openService({
    folders: foldersOf({ platform: 'linux', home, env: {} }),
    version: '0',
    embedded: EMBEDDED,
    env: {},
    home,
    outputs: join(home, 'outputs'),
    startRunner: noRunner,
  });
  const [mine, theirs] = portPair();
  const { handlers, explain, subscribe } = service;
  hostCalls(theirs, { handlers, explain, subscribe, isShell: false });
  const waiting = new Map<number, (answer: Answer) => void>();
  mine.onMessage((message) => {
    const { id, ...answer } = message as { readonly id?: number } & Answer;
    if (id === undefined) return;
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  let last = 0;
  return {
    /** The answer to a call, whatever it is; throws where there is none or it is a defect of ours. */
    async ask(call: unknown, params: unknown): Promise<Answer> {
      last += 1;
      const id = last;
      const answer = await new Promise<Answer>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no answer to ${told({ call, params })}`)), 20_000);
        waiting.set(id, (given) => {
          clearTimeout(late);
          resolve(given);
        });
        mine.send({ id, call, params });
      });
      if (answer.error?.kind === 'internal') throw new Error(`${answer.error.message} ${told({ call, params })}`);
      return answer;
    },
    send: (message: unknown) => mine.send(message),
    async close() {
      await service.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly kind: string; readonly message: string };
}

/** A PNG with a text in Attune's own field, behind its header. */
function carrying(png: Uint8Array, text: string): Uint8Array {
  const data = Buffer.concat([Buffer.from('iTXtattune\0\0\0\0\0', 'latin1'), Buffer.from(text)]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length - 4);
  sum.writeUInt32BE(crc32(data));
  return new Uint8Array(Buffer.concat([png.subarray(0, 33), length, data, sum, png.subarray(33)]));
}

const told = (message: unknown) => JSON.stringify(message).slice(0, 2000);

const BYTES = '$bytes';

/** A value with members replaced, renamed or moved; its bytes stay bytes, or become others. */
function strange(value: unknown, random: (below: number) => number): unknown {
  const kept: Uint8Array[] = [];
  const json = JSON.parse(
    JSON.stringify(value, (_key, member: unknown) => {
      if (!(member instanceof Uint8Array)) return member;
      kept.push(member);
      return { [BYTES]: kept.length - 1 };
    }),
  ) as unknown;
  return JSON.parse(mutatedJson(json, random), (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null || !Object.hasOwn(member, BYTES)) return member;
    const bytes = kept[Number((member as { readonly [BYTES]: unknown })[BYTES])];
    return bytes === undefined || random(4) > 0 ? bytes : mutated(bytes, random);
  });
}

const NAMES = Object.keys(CALLS) as CallName[]; // the keys of the table

export const calls: readonly Target[] = [
  {
    name: 'calls of the editor',
    budget: 1500,
    async open() {
      const host = await openHost();
      return {
        async whole() {
          // What they name is not there; they must be understood all the same.
          for (const name of NAMES) {
            if (CALLS[name].caller === 'shell') continue;
            const { error } = await host.ask(name, EXAMPLES[name]);
            if (error?.kind === 'usage') throw new Error(`${name}: ${error.message}`);
          }
        },
        async round(random) {
          const name = NAMES[random(NAMES.length)] ?? 'hello';
          // In between as bytes of a frame: what is none is refused before it comes this far.
          if (random(8) === 0) {
            const frame = mutated(encodeFrame({ id: 1e9, call: name, params: EXAMPLES[name] }), random);
            try {
              host.send(decodeFrame(frame));
            } catch (error) {
              if (!(error instanceof FrameError)) throw error;
            }
            return false;
          }
          const { error } = await host.ask(random(50) === 0 ? '__proto__' : name, strange(EXAMPLES[name], random));
          return error === undefined;
        },
        async close() {
          const { error } = await host.ask('hello', {});
          if (error !== undefined) throw new Error(`the service does not answer any more: ${error.message}`);
          await host.close();
        },
      };
    },
  },
  {
    name: 'records in pictures',
    budget: 600,
    async open() {
      const host = await openHost();
      const picture = new Uint8Array(
        await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
          .png()
          .toBuffer(),
      );
      const { record } = await fakeJob({
        request: { method: 'generate', checkpoint: 'embedded/image', prompt: 'a red apple', seed: 1 },
      });
      return {
        async whole() {
          if (!(await asks(JSON.stringify(record)))) throw new Error('the whole record is not read');
        },
        async round(random) {
          // The request alone, so that more of them come as far as a plan.
          const { request: asked, ...rest } = record;
          if (random(2) === 0) return asks(mutatedJson(record, random));
          return asks(JSON.stringify({ ...rest, request: JSON.parse(mutatedJson(asked, random)) as unknown }));
        },
        close: host.close,
      };

      async function asks(text: string): Promise<boolean> {
        const bytes = carrying(picture, text);
        const { result } = await host.ask('import', { name: 'a.png', bytes });
        const { imported } = (result ?? {}) as { readonly imported?: { readonly request?: object } | null };
        if (!imported?.request) return false;
        // What it asks for is planned as the editor would, and put into the queue.
        const asked = { method: 'generate', checkpoint: 'embedded/image', prompt: '', seed: 1, ...imported.request };
        await host.ask('estimate', { request: asked });
        const { error } = await host.ask('jobs.submit', { request: asked });
        if (error === undefined) await host.ask('queue.clear', {});
        return error === undefined;
      }
    },
  },
];
