import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeskEvent } from '../contract/index.ts';
import {
  CallError,
  decodeFrame,
  encodeFrame,
  FrameError,
  type Handlers,
  hostCalls,
  openClient,
  portPair,
} from './index.ts';

const handlers = new Proxy({} as Handlers, {
  get: (_target, name) => (params: unknown) => {
    if (name === 'jobs.submit') return { job: 'job-00000001' };
    if (name === 'media.get') return { type: 'image/png', bytes: new Uint8Array([1, 2, 3]) };
    if (name === 'jobs.cancel') throw new Error(`no ${JSON.stringify(params)}`);
    return {};
  },
});

function connect(isShell = false) {
  const [mine, theirs] = portPair();
  const listeners = new Set<(event: DeskEvent) => void>();
  hostCalls(theirs, {
    handlers,
    isShell,
    explain: (error) => ({ kind: 'internal', message: String(error) }),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  return { client: openClient(mine), raw: mine, listeners };
}

const request = { method: 'generate', checkpoint: 'embedded/image', prompt: 'a red apple', seed: 7 };

describe('calls', () => {
  it('reach the handler of their name and bring its answer back, bytes and all', async () => {
    const { client } = connect();
    expect(await client.call('jobs.submit', { request })).toEqual({ job: 'job-00000001' });
    const got = await client.call('media.get', { sha256: '0'.repeat(64) });
    expect(got.bytes).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('bring the sentence of a failure', async () => {
    const { client } = connect();
    await expect(client.call('jobs.cancel', { job: 'job-00000001' })).rejects.toThrow(/no .*job-00000001/);
  });

  it('are refused when malformed, unknown, or named like a property that every object has', async () => {
    const { client } = connect();
    const call = client.call as (name: string, params: unknown) => Promise<unknown>;
    await expect(call('jobs.submit', { request: { ...request, seed: -1 } })).rejects.toThrow(/request.seed/);
    await expect(call('jobs.submit', { request, path: '/etc/passwd' })).rejects.toThrow(CallError);
    for (const name of ['constructor', '__proto__', 'toString', 'nope', 7])
      await expect(call(name as string, {})).rejects.toThrow('no such call');
  });

  it('of the shell are refused to anyone else', async () => {
    const params = { grant: 'grant-000001' };
    await expect(connect(false).client.call('models.addFolder', params)).rejects.toThrow(/only the desktop/);
    await expect(connect(true).client.call('models.addFolder', params)).rejects.not.toThrow(/only the desktop/);
  });

  it('end with a sentence when the connection goes away, and events end with them', async () => {
    const { client, listeners } = connect();
    const answer = client.call('queue.pause', {});
    client.close();
    await expect(answer).rejects.toThrow('connection');
    await expect(client.call('queue.pause', {})).rejects.toThrow('connection');
    expect(listeners.size).toBe(0);
  });

  it('push events to every listener', async () => {
    const { client, listeners } = connect();
    const seen: DeskEvent[] = [];
    client.onEvent((event) => seen.push(event));
    for (const tell of listeners) tell({ kind: 'removed', id: 'job-00000001' });
    await client.call('queue.pause', {});
    expect(seen).toEqual([{ kind: 'removed', id: 'job-00000001' }]);
  });
});

describe('frames', () => {
  it('carry any JSON and bytes at any depth', () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).map((data) => Uint8Array.from(data));
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        fc.jsonValue().filter((json) => !JSON.stringify(json).includes('$bytes')),
        bytes,
        fc.array(tie('node'), { maxLength: 4 }),
        fc.dictionary(
          fc.string().filter((key) => key !== '$bytes' && key !== '__proto__'),
          tie('node'),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    })).node;
    fc.assert(
      fc.property(value, (message) => {
        const expected = JSON.stringify(message, plain);
        expect(JSON.stringify(decodeFrame(encodeFrame(message)), plain)).toEqual(expected);
      }),
    );
  });

  it('that are cut or made up are refused by name, never by another error', () => {
    const frame = encodeFrame({ a: new Uint8Array([1, 2, 3]), b: 'text' });
    for (let length = 0; length < frame.length; length++)
      expect(() => decodeFrame(frame.subarray(0, length))).toThrow(FrameError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        try {
          decodeFrame(noise);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
    );
  });
});

const plain = (_key: string, value: unknown) => (value instanceof Uint8Array ? { bytes: [...value] } : value);
