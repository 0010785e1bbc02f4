import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { BatchTable, DeskEvent, EditRequest } from '../../contract/index.ts';
import { CallError, type Client } from '../../transport/index.ts';
import type { Life } from './life.ts';

/** An engine that was killed three times in five minutes stays off until somebody starts it. */
async function startStopped(client: Client, events: readonly DeskEvent[]): Promise<void> {
  const last = events.findLast(({ kind }) => kind === 'engine');
  if (last?.kind === 'engine' && last.state === 'stopped') await client.call('engine.start', {});
}

/** What somebody does at random, and what was answered: that must be there whatever is killed. */
export class Work {
  readonly #random: (below: number) => number;
  /** Jobs whose submission was answered, with what was asked for. */
  readonly #jobs = new Map<string, string>();
  readonly #batches = new Map<string, number>();
  #journal: number[] = [];
  /** An entry whose answer did not come. */
  #open: number | undefined;
  #next = 1;
  /** Submissions and batches without an answer: each may be there or not. */
  #unanswered = 0;
  readonly counts = { jobs: 0, entries: 0, exports: 0, batches: 0 };

  constructor(random: (below: number) => number) {
    this.#random = random;
  }

  /** Works until the service is gone. */
  async until(life: Life, isOver: () => boolean): Promise<void> {
    try {
      while (!isOver()) await this.#act(life);
    } catch (error) {
      if (!(error instanceof CallError) || !/connection/.test(error.message)) throw error;
    }
  }

  async #act({ client, events }: Life): Promise<void> {
    const what = this.#random(12);
    if (what < 4) return this.#append(client);
    await startStopped(client, events);
    const { queue, batches, sample } = await client.call('hello', {});
    const isBusy = queue.jobs.filter(({ state }) => state === 'waiting').length > 2;
    if (what < 6 && this.#batches.size < 6 && batches.every(({ state }) => state === 'finished'))
      return this.#startBatch(client);
    if (what < 8) return this.#export(client);
    if (isBusy) return void (await new Promise((go) => setTimeout(go, 100)));
    const base = { checkpoint: 'embedded/image', prompt: 'a red apple', seed: 1 + this.#random(2), steps: 2 };
    const requests: readonly EditRequest[] = [
      { ...base, method: 'generate' },
      { ...base, method: 'prompt-edit', source: sample.source.ref, sourcePrompt: 'a green apple', maps: true },
      { ...base, method: 'generate', checkpoint: 'embedded/video', frames: 5, steps: 1 },
    ];
    return this.#submit(client, requests[this.#random(requests.length)] ?? { ...base, method: 'generate' });
  }

  async #submit(client: Client, request: EditRequest): Promise<void> {
    this.#unanswered += 1;
    const { job } = await client.call('jobs.submit', { request });
    this.#unanswered -= 1;
    this.#jobs.set(job, JSON.stringify(request));
    this.counts.jobs += 1;
  }

  async #append(client: Client): Promise<void> {
    this.#open = this.#next;
    this.#next += 1;
    await client.call('journal.append', { entries: [Uint8Array.from(String(this.#open), (c) => c.charCodeAt(0))] });
    this.#journal.push(this.#open);
    this.#open = undefined;
    this.counts.entries += 1;
  }

  async #startBatch(client: Client): Promise<void> {
    const table: BatchTable = {
      name: 'fruit',
      base: { method: 'generate', checkpoint: 'embedded/image', seed: 5, steps: 1 },
      rows: [{ prompt: 'a red apple' }, { prompt: 'a cat on {grass|sand}' }],
      media: [],
      wildcards: {},
      repeats: 2,
      export: { format: 'png', withMetadata: true },
    };
    this.#unanswered += 1;
    const { batch } = await client.call('batch.start', { table });
    this.#unanswered -= 1;
    this.#batches.set(batch, 4);
    this.counts.batches += 1;
  }

  async #export(client: Client): Promise<void> {
    const { entries } = await client.call('history.list', { limit: 3 });
    const entry = entries[this.#random(Math.max(1, entries.length))];
    if (entry === undefined) return;
    const file = entry.result.frames
      ? await client.call('export.video', { id: entry.id, format: 'webp', withMetadata: true })
      : await client.call('export', { id: entry.id, options: { format: 'jpeg', withMetadata: true } });
    expect(file.bytes.length).toBeGreaterThan(100);
    this.counts.exports += 1;
  }

  /** Everything that was answered is there once. */
  async check({ client }: Life): Promise<void> {
    const { queue, batches } = await client.call('hello', {});
    const done = (await client.call('history.list', { limit: 500 })).entries;
    const queued = queue.jobs.filter(({ batch }) => batch === undefined);
    const ids = [...queued.map(({ job }) => job), ...done.map(({ id }) => id)];
    expect(new Set(ids).size, 'no job is both in the queue and done').toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining([...this.#jobs.keys()]));
    expect(batches.map(({ batch }) => batch)).toEqual(expect.arrayContaining([...this.#batches.keys()]));
    const read: number[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page: { entries: Uint8Array[]; next?: number } = await client.call('journal.read', { after });
      read.push(...page.entries.map((entry) => Number(String.fromCharCode(...entry))));
      after = page.next;
    }
    if (this.#open !== undefined && read.at(-1) === this.#open) this.#journal.push(this.#open);
    this.#open = undefined;
    expect(read).toEqual(this.#journal);
  }

  /** Waits until all is done, and sees that it was done once and to the same bytes. */
  async finish(life: Life, home: string): Promise<void> {
    const { client, events } = life;
    await expect
      .poll(
        async () => {
          await startStopped(client, events);
          const { queue, batches } = await client.call('hello', {});
          // Twice killed with the runner, a job waits for somebody who tries it again.
          for (const { job, state, batch } of queue.jobs)
            if (state === 'failed' && batch === undefined) await client.call('jobs.retry', { job });
          return queue.jobs.length + batches.filter(({ state }) => state !== 'finished').length;
        },
        { timeout: 240_000, interval: 300 },
      )
      .toBe(0);
    await this.check(life);
    const { entries } = await client.call('history.list', { limit: 500 });
    const made = new Map<string, string>();
    for (const { id, result } of entries) {
      const { sha256 } = result.ref;
      const { bytes } = await client.call('media.get', { sha256 });
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      const asked = this.#jobs.get(id);
      if (asked === undefined) continue;
      expect(made.get(asked) ?? sha256, `two results of ${asked}`).toBe(sha256);
      made.set(asked, sha256);
    }
    expect([...this.#jobs.keys()].filter((id) => !entries.some((entry) => entry.id === id))).toEqual([]);
    expect(entries.length - this.#jobs.size).toBeLessThanOrEqual(
      this.#unanswered + 4 * (this.#batches.size + this.#unanswered),
    );
    const outputs = join(home, 'outputs');
    const folders = await readdir(outputs).catch(() => []);
    expect(folders.length).toBeGreaterThanOrEqual(this.#batches.size);
    for (const folder of folders) {
      const files = await readdir(join(outputs, folder));
      const manifest = JSON.parse(await readFile(join(outputs, folder, 'manifest.json'), 'utf8')) as {
        readonly jobs: readonly { readonly file: string; readonly status: string; readonly sha256: string }[];
      };
      expect(files.filter((name) => name.endsWith('.png')).toSorted()).toEqual(
        manifest.jobs.map(({ file }) => file).toSorted(),
      );
      expect(files.filter((name) => name.endsWith('.tmp'))).toEqual([]);
      for (const { file, sha256 } of manifest.jobs)
        expect(
          createHash('sha256')
            .update(await readFile(join(outputs, folder, file)))
            .digest('hex'),
        ).toBe(sha256);
    }
  }
}
